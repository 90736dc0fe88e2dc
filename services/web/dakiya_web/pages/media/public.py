"""A picture at the address that stands in mails: open to whoever has it, for a year."""

from flask import Response, request
from flask.typing import ResponseReturnValue

from dakiya.errors import NotFound
from dakiya.log import get_logger
from dakiya.media.library import find_public, key_of
from dakiya.media.storage import MissingMedia
from dakiya_web.assets import FOR_EVER
from dakiya_web.pages.media.blueprint import media
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session, wiring

# Opened by itself it is a picture and nothing else.
POLICY = "default-src 'none'; sandbox"
_log = get_logger(__name__)


@media.get("/m/<media_token>/<media_name>")
def send(media_token: str, media_name: str) -> ResponseReturnValue:
    """Send a picture of the library; its address is what allows it."""
    file = find_public(request_session(), media_token[:100], media_name)
    if file is None:
        raise NotFound(gettext("There is nothing here."))
    try:
        data = wiring().media.read(key_of(file))
    except MissingMedia:
        _log.error("media_missing", media=file.id)
        raise NotFound(gettext("There is nothing here.")) from None
    response = Response(data, content_type=file.content_type)
    response.set_etag(file.sha256[:32])
    response.last_modified = file.created_at
    response.headers["Cache-Control"] = FOR_EVER
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Content-Disposition"] = f'inline; filename="{file.file_name}"'
    # Webmail shows it on pages of its own.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response.make_conditional(request)
