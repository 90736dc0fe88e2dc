"""API tokens by API: list and revoke; a new one is made on the pages or by command."""

from flask import jsonify
from flask.typing import ResponseReturnValue

from dakiya.accounts import tokens
from dakiya.log import get_logger
from dakiya_web.api.blueprint import api, asking
from dakiya_web.api.present import instant
from dakiya_web.wiring import request_session, wiring

_log = get_logger(__name__)


@api.get("/tokens")
def list_tokens() -> ResponseReturnValue:
    """The user's live tokens, the newest first; ``current`` is the one that asks."""
    found = tokens.list_tokens(request_session(), user_id=asking().user_id)
    return jsonify(
        items=[
            {
                "id": token.id,
                "name": token.name,
                "created_at": instant(token.created_at),
                "last_used_at": instant(token.last_used_at),
                "current": token.id == asking().id,
            }
            for token in found
        ]
    )


@api.delete("/tokens/<id:token_id>")
def delete_token(token_id: int) -> ResponseReturnValue:
    """Revoke a token for good, the one that asks too."""
    session, user_id = request_session(), asking().user_id
    tokens.revoke_token(session, token_id, user_id=user_id, now=wiring().clock())
    session.commit()
    _log.info("token_revoked", user_id=user_id, token_id=token_id)
    return "", 204
