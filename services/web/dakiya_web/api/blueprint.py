"""The API's blueprint: who asks, and what they sent."""

import json
from typing import Any

from flask import Blueprint, g, request
from werkzeug.exceptions import UnsupportedMediaType

from dakiya.accounts.tokens import find_token
from dakiya.models import ApiToken
from dakiya_web.failures import BadJson, Unauthorised
from dakiya_web.wiring import request_session, wiring

api = Blueprint("api", __name__, url_prefix="/api/v1")

PUBLIC_ENDPOINTS = frozenset({"api.health"})
# Longer than any token of ours: nothing is hashed that cannot be one.
MAX_TOKEN_CHARS = 200


@api.before_request
def authenticate() -> None:
    """Find who asks by the bearer token (RFC 6750). Raises Unauthorised."""
    if request.endpoint in PUBLIC_ENDPOINTS:
        return
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    text = text.strip()
    if scheme.lower() != "bearer" or not 0 < len(text) <= MAX_TOKEN_CHARS or not text.isascii():
        raise Unauthorised
    session = request_session()
    token = find_token(session, text, now=wiring().clock())
    if token is None:
        raise Unauthorised
    # The time of its use is written now, so that no later rollback takes it back.
    session.commit()
    g.token = token


def asking() -> ApiToken:
    """Return the token of this request; `user_id` and `workspace_id` say for whom it acts."""
    token: ApiToken = g.token
    return token


def json_body() -> dict[str, object]:
    """Read the request's JSON object. Raises BadJson, or UnsupportedMediaType."""
    body = any_json()
    if not isinstance(body, dict):
        raise BadJson("Send a JSON object: {...}")
    return body


def optional_json_body() -> dict[str, object]:
    """Read the request's JSON object, if there is a body; its type may be named all the same."""
    return json_body() if request.get_data() else {}


def any_json() -> Any:
    """Read the request's JSON, whatever it is. Raises BadJson, or UnsupportedMediaType."""
    if not request.is_json:
        raise UnsupportedMediaType
    try:
        return json.loads(request.get_data(cache=False), parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise BadJson("The JSON is not in UTF-8") from None
    except json.JSONDecodeError as error:
        raise BadJson(
            f"This is not JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from None
    except RecursionError:
        raise BadJson("The JSON is nested too deeply") from None
    except ValueError as error:
        raise BadJson(f"The JSON has a number that cannot be used: {error}") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")
