"""What a user decides later about a campaign: take it back, try again, settle, begin anew."""

from flask import jsonify, url_for
from flask.typing import ResponseReturnValue

from dakiya.campaigns import lifecycle, reading
from dakiya.campaigns.content import ContentError
from dakiya.campaigns.convert import convert_copy
from dakiya.campaigns.duplicate import duplicate_campaign as duplicate
from dakiya.delivery import second_chances
from dakiya.delivery.second_chances import Given
from dakiya.models import Campaign
from dakiya_web.api.blueprint import api, asking, json_body, optional_json_body
from dakiya_web.api.campaigns import present_campaign
from dakiya_web.input.decisions import UnknownAs, read_duplicate, read_unknown
from dakiya_web.input.reader import InvalidFields
from dakiya_web.ring import ring
from dakiya_web.wiring import request_session


@api.post("/campaigns/<id:campaign_id>/unschedule")
def unschedule_campaign(campaign_id: int) -> ResponseReturnValue:
    """Take a campaign back that has not begun to send: it is a draft again."""
    optional_json_body()
    campaign = _find(campaign_id)
    lifecycle.unschedule(request_session(), campaign)
    request_session().commit()
    return jsonify(present_campaign(campaign))


@api.post("/campaigns/<id:campaign_id>/retry-failed")
def retry_failed(campaign_id: int) -> ResponseReturnValue:
    """Try the failed mails again that may pass; the answer says how many."""
    optional_json_body()
    campaign = _find(campaign_id)
    given = second_chances.retry_failed(request_session(), campaign)
    return _answer(campaign, given, "retried")


@api.post("/campaigns/<id:campaign_id>/unknown")
def resolve_unknown(campaign_id: int) -> ResponseReturnValue:
    """Count unknown mails as sent, or send them again; the answer says how many."""
    sent = read_unknown(json_body())
    campaign = _find(campaign_id)
    given = second_chances.resolve_unknown(
        request_session(),
        campaign,
        recipient_ids=sent.recipient_ids,
        as_sent=sent.which is UnknownAs.SENT,
    )
    return _answer(campaign, given, "resolved")


@api.post("/campaigns/<id:campaign_id>/duplicate")
def duplicate_campaign(campaign_id: int) -> ResponseReturnValue:
    """Add a draft with a campaign's content and account, and its recipients if asked for.

    With a kind the content is converted; `lost` then says what has no place in it.
    """
    wanted = read_duplicate(optional_json_body())
    session = request_session()
    campaign = reading.find_campaign(session, campaign_id, user_id=asking().user_id)
    extra: dict[str, object] = {}
    if wanted.kind is None:
        copy = duplicate(session, campaign, with_recipients=wanted.with_recipients)
    else:
        try:
            copy, extra["lost"] = convert_copy(
                session, campaign, wanted.kind, with_recipients=wanted.with_recipients
            )
        except ContentError as error:
            raise InvalidFields({"kind": list(error.messages)}) from None
    session.commit()
    place = url_for("api.show_campaign", campaign_id=copy.id)
    return jsonify(present_campaign(copy) | extra), 201, {"Location": place}


def _answer(campaign: Campaign, given: Given, name: str) -> ResponseReturnValue:
    """Commit, ring, and say how many mails were moved; 202 when the scheduler moves more."""
    request_session().commit()
    if given.remaining:
        ring(lambda doorbell: doorbell.ring_second_chances())
    ring(lambda doorbell: doorbell.ring_tick())
    said = present_campaign(campaign) | {name: given.moved, "remaining": given.remaining}
    return jsonify(said), 202 if given.remaining else 200


def _find(campaign_id: int) -> Campaign:
    """Find the campaign without locking it: its advisory lock has to come first."""
    return reading.find_campaign(request_session(), campaign_id, user_id=asking().user_id)
