"""The ledger by API: what became of each recipient's mail, and the causes of trouble."""

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from dakiya.campaigns import mails, reading
from dakiya.models import EmailState
from dakiya_web.api.blueprint import api, asking
from dakiya_web.api.present import instant
from dakiya_web.input.query import read_page, read_wanted
from dakiya_web.wiring import request_session

_WAITING = (EmailState.PENDING, EmailState.DEFERRED)


@api.get("/campaigns/<id:campaign_id>/emails")
def list_emails(campaign_id: int) -> ResponseReturnValue:
    """A page of the ledger, of all mails or those with a status, a reason or an address."""
    session = request_session()
    campaign = reading.find_campaign(session, campaign_id, user_id=asking().user_id)
    page = read_page(request.args, states=EmailState)
    lines = mails.list_emails(
        session,
        campaign,
        wanted=read_wanted(request.args, state=page.state),
        after_recipient_id=page.cursor or 0,
        limit=page.limit,
    )
    following = str(lines[-1].recipient_id) if len(lines) == page.limit else None
    return jsonify(items=[_present_line(line) for line in lines], next=following)


@api.get("/campaigns/<id:campaign_id>/errors")
def list_errors(campaign_id: int) -> ResponseReturnValue:
    """The mails in trouble, grouped by cause, each with what one server said."""
    session = request_session()
    campaign = reading.find_campaign(session, campaign_id, user_id=asking().user_id)
    found = mails.list_causes(session, campaign)
    return jsonify(
        items=[
            {
                "status": cause.state,
                "reason": cause.reason,
                "emails": cause.mails,
                "reply_code": cause.reply_code,
                "reply_text": cause.reply_text,
                "retry_can_help": cause.retry_can_help,
            }
            for cause in found.causes
        ],
        complete=found.complete,
    )


def _present_line(line: mails.LedgerLine) -> dict[str, object]:
    return {
        "recipient_id": line.recipient_id,
        "email": line.email,
        "status": line.state,
        "attempts": line.attempts,
        "reply_code": line.reply_code,
        "reply_text": line.reply_text,
        "reason": line.reason,
        "due_at": instant(line.due_at) if line.state in _WAITING else None,
        "sent_at": instant(line.sent_at),
        "message_id": line.message_id,
    }
