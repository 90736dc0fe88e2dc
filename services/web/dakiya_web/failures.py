"""The one place where errors become HTTP answers: JSON below /api, pages elsewhere."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, g, jsonify, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from dakiya.errors import IllegalState, InvalidInput, NotFound
from dakiya.log import get_logger
from dakiya_web.bodies import MAX_FORM_BYTES, MAX_FORM_PARTS, BodyTooLarge
from dakiya_web.input.reader import InvalidFields, sentence
from dakiya_web.origin import wants_json
from dakiya_web.pages.people.sessions import present_user, send_to_login
from dakiya_web.pages.people.throttle import retry_after_s
from dakiya_web.pages.people.views import after_login
from dakiya_web.texts import Text, gettext, lazy_gettext
from dakiya_web.wiring import close_session, wiring

API_PREFIX = "/api/"
_WITHOUT_LOGIN = ("people", "passwords", "preferences", "unsubscribe")
RETRY_AFTER_S = 10
# The database is away, has no connection left, or gave up waiting.
_AWAY = (OperationalError, InterfaceError, PoolTimeout)
_KEPT_HEADERS = ("Allow", "Retry-After")
_log = get_logger(__name__)

_WORDS: Mapping[int, Text] = {
    400: lazy_gettext("The request could not be understood."),
    401: lazy_gettext("Send an API token: Authorization: Bearer TOKEN."),
    403: lazy_gettext("You may not do this."),
    404: lazy_gettext("There is nothing here."),
    405: lazy_gettext("This address does not take that method."),
    408: lazy_gettext("The request came too slowly. Please send it again."),
    409: lazy_gettext("This is not possible at present."),
    413: lazy_gettext(
        "A form may have %(parts)s parts, and %(size)s MB of text besides its files. "
        "Send less at a time.",
        parts=MAX_FORM_PARTS,
        size=MAX_FORM_BYTES // 1_000_000,
    ),
    415: lazy_gettext("Send JSON with Content-Type: application/json."),
    429: lazy_gettext("Too many attempts. Wait a few minutes and try again."),
    500: lazy_gettext("Something went wrong on our side. Nothing was lost; please try again."),
    503: lazy_gettext("The service is not available at present. Please try again."),
}


class Unauthorised(Exception):
    """A request to the API without a valid token."""


class BadJson(Exception):
    """A body that is not the JSON that was asked for; the text says where and why."""


def install_failures(app: Flask) -> None:
    """Register every error that may leave a view."""
    handlers: Mapping[type[Exception], Callable[[Any], ResponseReturnValue]] = {
        InvalidFields: _invalid_fields,
        InvalidInput: _invalid_input,
        NotFound: lambda error: answer(404, str(error)),
        IllegalState: lambda error: answer(409, str(error)),
        Unauthorised: _unauthorised,
        BadJson: lambda error: answer(400, str(error)),
        CSRFError: _csrf,
        HTTPException: _http,
        **dict.fromkeys(_AWAY, _no_database),
        Exception: _unexpected,
    }
    for kind, handler in handlers.items():
        app.register_error_handler(kind, handler)


def answer(status: int, message: str = "") -> ResponseReturnValue:
    """Answer with an error as JSON or as a page, whichever the address or a module asks for."""
    text = sentence(message) if message else str(_WORDS.get(status, _WORDS[500]))
    if request.path.startswith(API_PREFIX) or wants_json():
        return jsonify(error=text), status
    try:
        page = render_template("error.html", status=status, message=text)
    except Exception:  # noqa: BLE001 - the database may be what failed, and the header asks it
        g.plain_page = True
        page = render_template("error.html", status=status, message=text)
    return page, status


def _invalid_fields(error: InvalidFields) -> ResponseReturnValue:
    if request.path.startswith(API_PREFIX):
        return jsonify(errors=error.errors), 422
    return answer(422, " ".join(m for messages in error.errors.values() for m in messages))


def _invalid_input(error: InvalidInput) -> ResponseReturnValue:
    return _invalid_fields(InvalidFields({error.field or "request": [sentence(str(error))]}))


def _unauthorised(_error: Unauthorised) -> ResponseReturnValue:
    response = jsonify(error=str(_WORDS[401]))
    response.headers["WWW-Authenticate"] = 'Bearer realm="dakiya"'
    return response, 401


def _csrf(_error: CSRFError) -> ResponseReturnValue:
    try:
        return _old_form()
    except _AWAY as error:
        # What is raised in a handler reaches no other one.
        return _no_database(error)


def _old_form() -> ResponseReturnValue:
    if request.blueprint not in _WITHOUT_LOGIN and present_user() is None:
        # The token went with the session: what is missing is a log-in.
        return send_to_login()
    if request.endpoint == "people.login" and present_user() is not None:
        # The log-in in another tab made this form old; it wanted nothing else.
        return redirect(after_login(), 303)
    return answer(
        400, gettext("This form has expired. Go back, load the page anew and send it again.")
    )


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error.get_response()
    if isinstance(error, BodyTooLarge):
        return answer(
            413,
            gettext("At most %(size)s MB are accepted.", size=wiring().settings.max_upload_mb),
        )
    response = make_response(answer(error.code))
    for name, value in error.get_headers():
        if name in _KEPT_HEADERS:
            response.headers[name] = value
    if error.code == 429:
        response.headers.setdefault("Retry-After", str(retry_after_s()))
    return response


def _no_database(error: Exception) -> ResponseReturnValue:
    _note("database_unavailable", error)
    close_session()
    # Who asks stands in the database.
    g.plain_page = True
    response = make_response(answer(503))
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _unexpected(error: Exception) -> ResponseReturnValue:
    _note("request_failed", error)
    close_session()
    return answer(500)


def _note(event: str, error: Exception) -> None:
    _log.error(
        event,
        rule=request.url_rule.rule if request.url_rule else None,
        kind=type(error).__name__,
        # The message of a database error may quote values; the trace names only our lines.
        where=_where(error),
    )


def _where(error: BaseException) -> list[str]:
    found, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if "dakiya" in code.co_filename:
            place = code.co_filename.rpartition("/dakiya")[2]
            found.append(f"dakiya{place}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found
