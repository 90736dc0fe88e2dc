"""Campaigns by API: list, make, change, delete, schedule, steer and watch."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import jsonify, request, url_for
from flask.typing import ResponseReturnValue

from dakiya.campaigns import changing, drafts, lifecycle, reading, removal
from dakiya.campaigns.checks.check import check_campaign
from dakiya.campaigns.checks.finding import Finding
from dakiya.campaigns.times import describe_instant, find_zone, resolve_instant
from dakiya.campaigns.waiting import why_waiting
from dakiya.contacts.recipients import Rejection, add_recipients
from dakiya.delivery.counters import read_counts
from dakiya.delivery.second_chances import find_chance
from dakiya.errors import NotFound
from dakiya.link_checks.register import ask_for
from dakiya.models import (
    Campaign,
    CampaignStatus,
    ContentKind,
    EmailState,
    SecondChance,
    SmtpAccount,
)
from dakiya.smtp_accounts.accounts import find_account
from dakiya_web.api.blueprint import api, asking, json_body, optional_json_body
from dakiya_web.api.forecasts import present_forecast
from dakiya_web.api.present import instant
from dakiya_web.input.campaign import CONTENT_PARTS, CampaignInput, read_campaign, read_schedule
from dakiya_web.input.query import read_page
from dakiya_web.input.reader import InvalidFields
from dakiya_web.ring import ring
from dakiya_web.wiring import request_session, wiring

_CONTENT = frozenset(CONTENT_PARTS)
_OF_A_DRAFT = frozenset({"name", "smtp_account_id"})


@api.get("/campaigns")
def list_campaigns() -> ResponseReturnValue:
    """A page of the user's campaigns, newest first."""
    session = request_session()
    page = read_page(request.args)
    found = reading.list_campaigns(
        session, user_id=asking().user_id, before_id=page.cursor, limit=page.limit
    )
    following = str(found[-1].id) if len(found) == page.limit else None
    return jsonify(items=_present_all(found), next=following)


@api.post("/campaigns")
def create_campaign() -> ResponseReturnValue:
    """Add a draft and the recipients that came with it."""
    session, token = request_session(), asking()
    sent = read_campaign(json_body())
    campaign = drafts.create_campaign(
        session,
        workspace_id=token.workspace_id,
        name=sent.name,
        content=sent.content,
        account=_find_body_account(sent.smtp_account_id, user_id=token.user_id),
        timezone=token.user.timezone,
    )
    campaign.resend_unknown = sent.resend_unknown
    intake = add_recipients(session, campaign, sent.recipients.raw)
    session.commit()
    rejected = present_rejections([*sent.recipients.rejected, *intake.rejected])
    place = url_for("api.show_campaign", campaign_id=campaign.id)
    return (
        jsonify(
            id=campaign.id, status=campaign.status, accepted=intake.accepted, rejected=rejected
        ),
        201,
        {"Location": place},
    )


@api.get("/campaigns/<id:campaign_id>")
def show_campaign(campaign_id: int) -> ResponseReturnValue:
    """One campaign: its content, counts, and why it waits."""
    session = request_session()
    campaign = reading.find_campaign(session, campaign_id, user_id=asking().user_id)
    return jsonify(present_campaign(campaign))


@api.patch("/campaigns/<id:campaign_id>")
def change_campaign(campaign_id: int) -> ResponseReturnValue:
    """Change fields of a draft, or the content while it rests; what is not sent stays."""
    session, token = request_session(), asking()
    body = json_body()
    campaign = reading.find_campaign(session, campaign_id, user_id=token.user_id, lock=True)
    sent = read_campaign(
        _overlay(campaign, body),
        with_recipients=False,
        # What is kept was checked by the rules of its day.
        with_content=bool(_CONTENT & body.keys()),
    )
    if campaign.status is not CampaignStatus.DRAFT:
        return _change_scheduled(campaign, body, sent)
    if sent.smtp_account_id != campaign.smtp_account_id:
        account = _find_body_account(sent.smtp_account_id, user_id=token.user_id)
        campaign.smtp_account_id = account.id
    campaign.name = sent.name
    campaign.resend_unknown = sent.resend_unknown
    if sent.content is not None:
        drafts.set_content(session, campaign, sent.content)
    session.commit()
    session.refresh(campaign)
    return jsonify(present_campaign(campaign))


def _change_scheduled(
    campaign: Campaign, body: Mapping[str, object], sent: CampaignInput
) -> ResponseReturnValue:
    session = request_session()
    if fixed := body.keys() & _OF_A_DRAFT:
        drafts.require_draft(campaign, f"given another {' or '.join(sorted(fixed))}")
    if "resend_unknown" in body:
        changing.choose_resending(campaign, sent.resend_unknown)
    if sent.content is not None:
        errors = changing.change_content(session, campaign, sent.content)
        if errors:
            session.rollback()
            raise InvalidFields(dict(errors))
    session.commit()
    session.refresh(campaign)
    return jsonify(present_campaign(campaign))


@api.delete("/campaigns/<id:campaign_id>")
def delete_campaign(campaign_id: int) -> ResponseReturnValue:
    """Delete a campaign that does not run, with all its recipients."""
    session = request_session()
    campaign = reading.find_campaign(session, campaign_id, user_id=asking().user_id, lock=True)
    removal.delete_campaign(session, campaign, now=wiring().clock())
    session.commit()
    return "", 204


@api.post("/campaigns/<id:campaign_id>/schedule")
def schedule_campaign(campaign_id: int) -> ResponseReturnValue:
    """Check a draft and give it its instant."""
    session, token, now = request_session(), asking(), wiring().clock()
    sent = read_schedule(json_body())
    campaign = reading.find_campaign(session, campaign_id, user_id=token.user_id, lock=True)
    drafts.require_draft(campaign, "scheduled")
    timezone = str(find_zone(sent.timezone or token.user.timezone))
    at = resolve_instant(sent.at, timezone, now=now)
    checked = check_campaign(session, campaign, public_url=wiring().settings.public_url)
    if checked.errors:
        raise InvalidFields(checked.errors_by_field)
    lifecycle.schedule(session, campaign, at=at, timezone=timezone, now=now)
    session.commit()
    ring(lambda doorbell: doorbell.ring_prepare(campaign.id))
    missing = [
        {"field": found.missing.field, "missing": found.missing.missing, "of": found.missing.of}
        for found in checked.findings
        if found.missing
    ]
    told = {"warnings": missing, "checks": [present_finding(found) for found in checked.warnings]}
    return jsonify(present_campaign(campaign) | told)


@api.get("/campaigns/<id:campaign_id>/checks")
def show_checks(campaign_id: int) -> ResponseReturnValue:
    """What the checks find in a draft; its links are visited in the background."""
    session, now = request_session(), wiring().clock()
    campaign = reading.find_campaign(session, campaign_id, user_id=asking().user_id)
    drafts.require_draft(campaign, "checked")
    checked = check_campaign(session, campaign, public_url=wiring().settings.public_url)
    if ask_for(session, checked.urls, workspace_id=campaign.workspace_id, now=now):
        session.commit()
        ring(lambda doorbell: doorbell.ring_link_checks(campaign.workspace_id))
        checked = check_campaign(session, campaign, public_url=wiring().settings.public_url)
    return jsonify(
        errors=[present_finding(found) for found in checked.errors],
        warnings=[present_finding(found) for found in checked.warnings],
        notes=[present_finding(found) for found in checked.notes],
        links_being_visited=checked.waiting,
    )


def present_finding(found: Finding) -> dict[str, object]:
    """Write what a check has found."""
    return {"check": found.check, "text": found.text, "about": list(found.about)}


@api.post("/campaigns/<id:campaign_id>/pause")
def pause_campaign(campaign_id: int) -> ResponseReturnValue:
    """Stop a campaign; the answer says how many mails are on the wire already."""
    return _steer(campaign_id, "pause")


@api.post("/campaigns/<id:campaign_id>/resume")
def resume_campaign(campaign_id: int) -> ResponseReturnValue:
    """Let a paused campaign go on."""
    return _steer(campaign_id, "resume")


@api.post("/campaigns/<id:campaign_id>/cancel")
def cancel_campaign(campaign_id: int) -> ResponseReturnValue:
    """Stop a campaign for good; the answer says how many mails are on the wire already."""
    return _steer(campaign_id, "cancel")


def present_rejections(rejected: Sequence[Rejection]) -> list[dict[str, object]]:
    """Write the rows that were not taken, in the order in which they were sent."""
    return [
        {"row": rejection.row, "email": rejection.email, "error": rejection.error}
        for rejection in sorted(rejected, key=lambda rejection: rejection.row)
    ]


def _steer(campaign_id: int, action: str) -> ResponseReturnValue:
    optional_json_body()
    session = request_session()
    campaign = reading.find_campaign(session, campaign_id, user_id=asking().user_id)
    extra: dict[str, object] = {}
    if action == "pause":
        extra["on_the_wire"] = lifecycle.pause(session, campaign)
    elif action == "cancel":
        extra["on_the_wire"] = lifecycle.cancel(session, campaign)
    else:
        lifecycle.resume(session, campaign)
    session.commit()
    if campaign.status is CampaignStatus.PREPARING:
        ring(lambda doorbell: doorbell.ring_prepare(campaign.id))
    ring(lambda doorbell: doorbell.ring_tick())
    return jsonify(present_campaign(campaign) | extra)


def _find_body_account(account_id: int, *, user_id: int) -> SmtpAccount:
    """Find the account that a body names; one of somebody else is as missing as any."""
    try:
        return find_account(request_session(), account_id, user_id=user_id)
    except NotFound as error:
        raise InvalidFields({"smtp_account_id": [str(error)]}) from None


def _overlay(campaign: Campaign, body: Mapping[str, object]) -> dict[str, object]:
    return {
        "name": campaign.name,
        **_overlaid_content(campaign, body),
        "smtp_account_id": campaign.smtp_account_id,
        "resend_unknown": campaign.resend_unknown,
        **body,
    }


def _overlaid_content(campaign: Campaign, body: Mapping[str, object]) -> dict[str, object]:
    """Write the content that is kept, without what follows from another part or another kind."""
    stored = _present_content(campaign)
    kind = body.get("kind") or stored["kind"]
    if kind != ContentKind.RICH:
        stored["source"] = None
    if kind != ContentKind.HTML:
        stored["html"] = None
    if kind == ContentKind.TEXT:
        stored["preheader"] = None
    if kind != stored["kind"] and kind != ContentKind.TEXT:
        stored["text"] = None
    return stored


def _present_content(campaign: Campaign) -> dict[str, object]:
    content = campaign.content
    return {name: getattr(content, name) if content else None for name in CONTENT_PARTS}


def present_campaign(campaign: Campaign) -> dict[str, Any]:
    """Write one campaign with its content, its counts, and why it waits."""
    session = request_session()
    return _present_all([campaign])[0] | {
        **_present_content(campaign),
        "on_the_wire": lifecycle.on_the_wire(session, campaign.id),
        "paused_for": campaign.pause_reason,
        "content_changed_at": instant(changing.content_changed_at(campaign)),
        "waiting_because": why_waiting(session, campaign, now=wiring().clock()),
        "forecast": present_forecast(campaign),
        "second_chance": _present_chance(find_chance(session, campaign.id)),
    }


def _present_chance(chance: SecondChance | None) -> dict[str, Any] | None:
    return {"kind": chance.kind, "done": chance.moved, "of": chance.mails} if chance else None


def _present_all(campaigns: Sequence[Campaign]) -> list[dict[str, Any]]:
    session = request_session()
    counts = read_counts(session, [campaign.id for campaign in campaigns])
    unprepared = [campaign.id for campaign in campaigns if campaign.prepared_at is None]
    recipients = reading.count_recipients(session, unprepared) if unprepared else {}
    return [
        {
            "id": campaign.id,
            "name": campaign.name,
            "status": campaign.status,
            "smtp_account_id": campaign.smtp_account_id,
            "recipients": recipients.get(campaign.id, sum(counts[campaign.id].values())),
            "scheduled_at": instant(campaign.scheduled_at),
            "scheduled_for": describe_instant(campaign.scheduled_at, campaign.timezone)
            if campaign.scheduled_at
            else None,
            "timezone": campaign.timezone,
            "resend_unknown": campaign.resend_unknown,
            "counts": {state.value: counts[campaign.id][state] for state in EmailState},
            "created_at": instant(campaign.created_at),
            "started_at": instant(campaign.started_at),
            "finished_at": instant(campaign.finished_at),
        }
        for campaign in campaigns
    ]
