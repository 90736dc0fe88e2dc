"""The starters: each with its page, its picture of itself, and what can be begun with it."""

from functools import partial

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dakiya.accounts.users import workspace_of
from dakiya.errors import NotFound
from dakiya.templates.own import keep_template
from dakiya.templates.starters import Starter, find_starter, picture_bytes
from dakiya_web.assets import FOR_EVER
from dakiya_web.pages.people.sessions import logged_in_user
from dakiya_web.pages.templates.blueprint import templates
from dakiya_web.pages.templates.showing import answer_with
from dakiya_web.pages.templates.using import begin_campaign, wanted_for
from dakiya_web.pages.templates.words import STARTERS
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session, wiring

# A picture that is drawn anew gets another number here: mails and browsers keep the old one.
EDITION = "1"
_NOTHING_ELSE = "default-src 'none'; sandbox"


@templates.get("/m/starter-<edition>/<picture_name>")
def picture(edition: str, picture_name: str) -> ResponseReturnValue:
    """Send a picture of the starters, as the library sends its own."""
    data = picture_bytes(picture_name)
    if data is None or edition != EDITION:
        raise NotFound(gettext("There is nothing here."))
    response = Response(data, content_type="image/png")
    response.headers["Cache-Control"] = FOR_EVER
    response.headers["Content-Security-Policy"] = _NOTHING_ELSE
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.add_etag()
    return response.make_conditional(request)


@templates.get("/templates/starters/<key>")
def starter(key: str) -> ResponseReturnValue:
    """A starter at full size."""
    found = find(key)
    name, about = STARTERS[found.key]
    place = partial(url_for, key=found.key)
    return render_template(
        "templates/starter.html",
        key=found.key,
        name=str(name),
        about=str(about),
        content=found.content,
        preview_url=place("templates.starter_preview"),
        use_url=place("templates.use_starter"),
        campaign=wanted_for(),
        copy_url=place("templates.copy_starter"),
    )


@templates.get("/templates/starters/<key>/preview")
def starter_preview(key: str) -> ResponseReturnValue:
    """The mail itself, for a frame."""
    return answer_with(find(key).content)


@templates.post("/templates/starters/<key>/use")
def use_starter(key: str) -> ResponseReturnValue:
    """Begin a campaign with it."""
    found = find(key)
    return begin_campaign(str(STARTERS[found.key][0]), found.content)


@templates.post("/templates/starters/<key>/copy")
def copy_starter(key: str) -> ResponseReturnValue:
    """Make it a template of the user's own."""
    session, found = request_session(), find(key)
    copy = keep_template(
        session,
        workspace_id=workspace_of(session, logged_in_user().id),
        name=str(STARTERS[found.key][0]),
        content=found.content,
    )
    session.commit()
    flash(gettext("This copy is yours: change it as you like."), "success")
    return redirect(url_for("templates.show", template_id=copy.id), 303)


def find(key: str) -> Starter:
    """Return a starter whose pictures have their addresses. Raises NotFound."""
    found = find_starter(key, picture_url)
    if found is None:
        raise NotFound(gettext("There is no such template."))
    return found


def picture_url(file_name: str) -> str:
    """Return the address that a starter's picture has in mails."""
    return f"{wiring().settings.public_url}/m/starter-{EDITION}/{file_name}"
