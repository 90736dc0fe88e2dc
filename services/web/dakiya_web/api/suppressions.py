"""Suppressions by API: the addresses that get no mail."""

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from dakiya.contacts import suppressions as listed
from dakiya.errors import NotFound
from dakiya.mail.addresses import AddressError
from dakiya.models import Suppression
from dakiya_web.api.blueprint import api, asking, json_body
from dakiya_web.api.campaigns import present_rejections
from dakiya_web.api.present import instant
from dakiya_web.input.query import read_limit, read_search
from dakiya_web.input.reader import InvalidFields
from dakiya_web.input.suppression_cursor import read_cursor, write_cursor
from dakiya_web.input.suppressions import read_suppressions
from dakiya_web.wiring import request_session


@api.get("/suppressions")
def list_suppressions() -> ResponseReturnValue:
    """A page of the suppressed addresses, the newest first."""
    limit, written = read_limit(request.args), request.args.get("cursor", "")
    before = read_cursor(written)
    if written and before is None:
        raise InvalidFields(
            {"cursor": ["Use the value of next from the page before, or leave it out."]}
        )
    found = listed.list_suppressions(
        request_session(),
        user_id=asking().user_id,
        search=read_search(request.args),
        before=before,
        limit=limit,
    )
    following = write_cursor(found[-1]) if len(found) == limit else None
    return jsonify(items=[_present(line) for line in found], next=following)


@api.post("/suppressions")
def add_suppressions() -> ResponseReturnValue:
    """Suppress addresses; one that is none costs the others nothing."""
    session = request_session()
    sent = read_suppressions(json_body())
    intake = listed.suppress_rows(session, asking().workspace_id, sent.rows)
    session.commit()
    return jsonify(
        added=intake.added,
        known=intake.known,
        rejected=present_rejections([*sent.rejected, *intake.rejected]),
    )


@api.delete("/suppressions/<path:email>")
def delete_suppression(email: str) -> ResponseReturnValue:
    """Allow mail to an address again."""
    session = request_session()
    try:
        removed = listed.unsuppress(session, asking().workspace_id, email)
    except AddressError:
        removed = False
    if not removed:
        raise NotFound("This address is not suppressed.")
    session.commit()
    return "", 204


def _present(line: Suppression) -> dict[str, object]:
    return {
        "email": line.email_normalised,
        "reason": line.reason,
        "campaign_id": line.campaign_id,
        "created_at": instant(line.created_at),
    }
