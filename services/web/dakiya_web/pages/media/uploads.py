"""Uploads: several files from the page's form, or one that a module sends and gets JSON for."""

from dataclasses import dataclass

from flask import flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from dakiya.accounts.users import workspace_of
from dakiya.errors import InvalidInput
from dakiya.media.library import add_picture, label_of, path_of
from dakiya.models import MediaFile
from dakiya_web.pages.media.blueprint import media
from dakiya_web.pages.media.words import warnings_of
from dakiya_web.pages.people.sessions import logged_in_user
from dakiya_web.pictures.prepare import MAX_BYTES, Prepared, prepare
from dakiya_web.texts import gettext, ngettext
from dakiya_web.wiring import request_session, wiring
from dakiya_web.wording import number

MAX_FILES = 20
# They travel in a cookie, which holds 4 kB.
MAX_SAID = 6


@dataclass(frozen=True)
class Kept:
    """A picture of the library, and how it came."""

    file: MediaFile
    came: Prepared


@media.post("/media")
def upload() -> ResponseReturnValue:
    """Keep the pictures of the field ``file``.

    A form is led back to the library. Anybody else gets JSON about the first file: ``id``,
    ``url``, ``path``, ``name``, ``alt``, ``width``, ``height``, ``bytes``, ``warnings``; or 422
    and ``error``.
    """
    files = [file for file in request.files.getlist("file") if file.filename]
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
        return _from_form(files)
    if not files:
        return jsonify(error=gettext("Choose a picture first.")), 422
    try:
        kept = _keep(files[0])
    except InvalidInput as error:
        return jsonify(error=str(error)), 422
    return jsonify(as_json(kept.file, kept.came)), 201


def as_json(file: MediaFile, came: Prepared | None = None) -> dict[str, object]:
    """Return what the composer wants to know of a picture."""
    return {
        "id": file.id,
        "url": public_url(file),
        "path": path_of(file),
        "name": file.label,
        "alt": file.alt,
        "width": file.width,
        "height": file.height,
        "bytes": file.size_bytes,
        "warnings": warnings_of(file, came),
    }


def public_url(file: MediaFile) -> str:
    """Return the address that stands in mails."""
    return wiring().settings.public_url + path_of(file)


def _from_form(files: list[FileStorage]) -> ResponseReturnValue:
    if not files:
        flash(gettext("Choose a picture first."), "danger")
    if len(files) > MAX_FILES:
        flash(gettext("At most %(files)s pictures at a time.", files=MAX_FILES), "danger")
        files = []
    count = 0
    said: list[tuple[str, str]] = []
    for file in files:
        name = label_of(file.filename or "")
        try:
            kept = _keep(file)
        except InvalidInput as error:
            said.insert(0, (f"{name}: {error}", "danger"))
            continue
        count += 1
        said += [(f"{name}: {words}", "info") for words in warnings_of(kept.file, kept.came)]
    if count:
        words = ngettext(
            "%(num)s picture added.", "%(num)s pictures added.", count, num=number(count)
        )
        flash(words, "success")
    for words, tone in said[:MAX_SAID]:
        flash(words, tone)
    return redirect(url_for("media.index"), 303)


def _keep(file: FileStorage) -> Kept:
    """Check, make fit and store one; committed, so that the next one's mistake costs it nothing."""
    session, settings = request_session(), wiring().settings
    came = prepare(file.stream.read(MAX_BYTES + 1))
    stored = add_picture(
        session,
        came.picture,
        workspace_id=workspace_of(session, logged_in_user().id),
        name=file.filename or "",
        store=wiring().media,
        quota_bytes=settings.media_quota_bytes,
    )
    session.commit()
    return Kept(stored, came)
