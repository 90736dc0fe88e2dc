"""The library's pages: the grid, one picture, and the picker that the composer shows."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from dakiya.accounts.users import workspace_of
from dakiya.errors import InvalidInput
from dakiya.media import library as stored
from dakiya.models import MediaFile
from dakiya_web import confirming
from dakiya_web.input.query import read_page
from dakiya_web.pages.media.blueprint import media
from dakiya_web.pages.media.uploads import MAX_FILES, public_url
from dakiya_web.pages.media.words import warnings_of
from dakiya_web.pages.people.sessions import logged_in_user
from dakiya_web.pictures.prepare import MAX_BYTES
from dakiya_web.texts import gettext, lazy_gettext, ngettext
from dakiya_web.wiring import request_session, wiring
from dakiya_web.wording import number

PER_PAGE = 48
MAX_SEARCH_CHARS = 100
USES_SHOWN = 20


class PictureForm(FlaskForm):
    """What a picture is called, and what it shows."""

    label = StringField(
        lazy_gettext("Name"),
        [
            DataRequired(lazy_gettext("Give the picture a name.")),
            Length(max=stored.MAX_LABEL_CHARS),
        ],
        render_kw={"autocomplete": "off", "maxlength": stored.MAX_LABEL_CHARS},
    )
    alt = TextAreaField(
        lazy_gettext("Alternative text"),
        [Length(max=stored.MAX_ALT_CHARS)],
        description=lazy_gettext(
            "What the picture says, for readers who do not see it: many mail programs show "
            "pictures only when asked."
        ),
        render_kw={"rows": 3, "maxlength": stored.MAX_ALT_CHARS},
    )


@media.get("/media")
def index() -> ResponseReturnValue:
    """The pictures of the library, the newest first."""
    session, user_id = request_session(), logged_in_user().id
    used = stored.used_bytes(session, workspace_of(session, user_id))
    return render_template(
        "media/index.html",
        used=used,
        quota=wiring().settings.media_quota_bytes,
        max_mb=MAX_BYTES // 1024 // 1024,
        max_files=MAX_FILES,
        **_listed(),
    )


@media.get("/media/picker")
def picker() -> ResponseReturnValue:
    """A fragment to choose a picture from: each is a button with all that a mail needs of it."""
    return render_template("media/picker.html", public_url=public_url, **_listed())


@media.get("/media/<id:media_id>")
def show(media_id: int) -> ResponseReturnValue:
    """One picture: its facts, its address, what it is called, and who uses it."""
    file = _find(media_id)
    form = PictureForm(formdata=None, label=file.label, alt=file.alt)
    return _page(file, form)


@media.post("/media/<id:media_id>")
def save(media_id: int) -> ResponseReturnValue:
    """Save its name and its alternative text."""
    session, file, form = request_session(), _find(media_id), PictureForm()
    if not form.validate():
        return _page(file, form), 422
    try:
        stored.describe(file, label=form.label.data or "", alt=form.alt.data or "")
    except InvalidInput as error:
        session.rollback()
        form[error.field].errors = [str(error)]
        return _page(_find(media_id), form), 422
    session.commit()
    flash(gettext("Saved."), "success")
    return redirect(url_for("media.show", media_id=media_id), 303)


@media.get("/media/<id:media_id>/delete")
def ask_delete(media_id: int) -> ResponseReturnValue:
    """Ask, and say which mails would lose it."""
    file = _find(media_id)
    uses = stored.uses_of(request_session(), file)
    words = gettext("Mails that were sent with it will show an empty place.")
    if uses:
        words = ngettext(
            "%(num)s mail of yours uses it and will show an empty place, also where it was sent "
            "already.",
            "%(num)s mails of yours use it and will show an empty place, also where they were sent "
            "already.",
            len(uses),
            num=number(len(uses)),
        )
    return confirming.ask(
        gettext("Delete the picture “%(name)s”?", name=file.label),
        words,
        button=gettext("Delete the picture"),
        action=url_for("media.delete", media_id=file.id),
        back=url_for("media.show", media_id=file.id),
        details=[use.name for use in uses[:USES_SHOWN]],
    )


@media.post("/media/<id:media_id>/delete")
def delete(media_id: int) -> ResponseReturnValue:
    """Delete it, bytes and all."""
    session, file = request_session(), _find(media_id)
    name = file.label
    key = stored.remove_picture(session, file)
    session.commit()
    wiring().media.delete(key)
    flash(gettext("The picture “%(name)s” was deleted.", name=name), "success")
    return redirect(url_for("media.index"), 303)


def _find(media_id: int) -> MediaFile:
    return stored.find_picture(request_session(), media_id, user_id=logged_in_user().id)


def _page(file: MediaFile, form: PictureForm) -> str:
    return render_template(
        "media/show.html",
        file=file,
        form=form,
        address=public_url(file),
        path=stored.path_of(file),
        warnings=warnings_of(file),
        uses=stored.uses_of(request_session(), file)[:USES_SHOWN],
    )


def _listed() -> dict[str, object]:
    wanted = request.args.get("q", "").replace("\0", "").strip()[:MAX_SEARCH_CHARS]
    before = read_page({"cursor": request.args.get("before", "")}).cursor
    found = stored.list_pictures(
        request_session(),
        user_id=logged_in_user().id,
        search=wanted,
        before_id=before,
        limit=PER_PAGE + 1,
    )
    files = found[:PER_PAGE]
    return {
        "files": files,
        "wanted": wanted,
        "begins": before is None,
        "older": files[-1].id if len(found) > PER_PAGE else None,
        "path_of": stored.path_of,
        "warnings_of": warnings_of,
    }
