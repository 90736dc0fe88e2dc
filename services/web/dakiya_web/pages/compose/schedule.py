"""The third step: when, a last look at everything, and the one button that sends."""

from dataclasses import asdict

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from dakiya.campaigns import drafts, lifecycle
from dakiya.contacts import audience
from dakiya.errors import IllegalState
from dakiya.models import Campaign, CampaignStatus
from dakiya_web.pages.compose.blueprint import (
    asking_user,
    compose,
    find_draft,
    find_own,
    stamp,
    steps_of,
)
from dakiya_web.pages.compose.choice import MAX_CHARS, NOW, Choice, read_choice
from dakiya_web.pages.compose.forms import ConfirmForm
from dakiya_web.pages.compose.outlook import Outlook, outlook_of, start_visits
from dakiya_web.ring import ring
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session, wiring
from dakiya_web.wording import instant_and_utc
from dakiya_web.zones import zone_choices, zone_label


@compose.get("/campaigns/<id:campaign_id>/edit/schedule")
@login_required
def schedule(campaign_id: int) -> ResponseReturnValue:
    """Choose when; the answer leads to the review."""
    campaign = find_draft(campaign_id)
    at = request.args.get("at", "")
    choice = _asked_choice(at) if at else Choice("", _asked_zone())
    return _schedule_page(campaign, choice)


@compose.get("/campaigns/<id:campaign_id>/edit/review")
@login_required
def review(campaign_id: int) -> ResponseReturnValue:
    """Show everything once more before it is scheduled."""
    campaign = find_draft(campaign_id)
    is_now = request.args.get("when") == NOW
    choice = _asked_choice(NOW if is_now else request.args.get("at", ""))
    if choice.error:
        return _schedule_page(campaign, choice), 422
    now = wiring().clock()
    outlook = outlook_of(request_session(), campaign, at=choice.instant or now, now=now)
    start_visits(request_session(), campaign, outlook.urls)
    return _review_page(campaign, choice)


@compose.get("/campaigns/<id:campaign_id>/edit/review/checks")
@login_required
def review_checks(campaign_id: int) -> ResponseReturnValue:
    """What the checks have found by now, for the review that somebody looks at.

    204 while links are being visited and nothing has changed since.
    """
    campaign, now = find_draft(campaign_id), wiring().clock()
    outlook = outlook_of(request_session(), campaign, at=now, now=now)
    if outlook.waiting and request.args.get("doubted") == outlook.doubted:
        return "", 204
    return render_template(
        "compose/review_checks.html",
        campaign=campaign,
        outlook=outlook,
        form=ConfirmForm(formdata=None, doubted=outlook.doubted),
        fresh=True,
    )


@compose.post("/campaigns/<id:campaign_id>/edit/review")
@login_required
def confirm(campaign_id: int) -> ResponseReturnValue:
    """Schedule what was reviewed, once."""
    session, now = request_session(), wiring().clock()
    campaign = find_own(campaign_id, lock=True)
    if campaign.status is not CampaignStatus.DRAFT:
        flash(gettext("It was scheduled already. Nothing goes out twice."), "info")
        return redirect(url_for("compose.scheduled", campaign_id=campaign.id), 303)
    form = ConfirmForm()
    choice = _read(form.at.data or "", form.timezone.data or "")
    if choice.error:
        return _schedule_page(campaign, choice), 422
    if not form.validate():
        return _review_page(
            campaign, choice, trouble=gettext("The page had expired. Look again.")
        ), 422
    outlook = outlook_of(session, campaign, at=choice.instant or now, now=now)
    if form.seen.data != _seen(campaign, outlook):
        words = gettext("The campaign has changed since you looked at it. This is how it is now.")
        return _review_page(campaign, choice, trouble=words), 422
    if outlook.blockers:
        return _review_page(campaign, choice), 422
    if outlook.doubts and form.doubted.data != outlook.doubted:
        words = gettext("The checks found something else since you looked.")
        return _review_page(campaign, choice, trouble=words), 422
    if outlook.doubts and not form.accept.data:
        words = gettext("Look at what the checks found, and say whether it shall go out.")
        return _review_page(campaign, choice, trouble=words), 422
    try:
        lifecycle.schedule(
            session,
            campaign,
            at=choice.instant or now,
            timezone=choice.timezone,
            now=now,
            hold=lifecycle.UNDO_FOR,
        )
    except IllegalState as error:
        return _review_page(campaign, choice, trouble=str(error)), 409
    campaign.resend_unknown = bool(form.resend_unknown.data)
    session.commit()
    ring(lambda doorbell: doorbell.ring_prepare(campaign.id))
    return redirect(url_for("compose.scheduled", campaign_id=campaign.id), 303)


@compose.get("/campaigns/<id:campaign_id>/scheduled")
@login_required
def scheduled(campaign_id: int) -> ResponseReturnValue:
    """Say what happens now, and offer to take it back while that is possible."""
    session, now = request_session(), wiring().clock()
    campaign = find_own(campaign_id)
    if campaign.status is CampaignStatus.DRAFT:
        return redirect(url_for("compose.edit", campaign_id=campaign.id))
    undo_until = campaign.undo_until
    held_s = (undo_until - now).total_seconds() if undo_until else 0
    return render_template(
        "compose/scheduled.html",
        campaign=campaign,
        total=audience.count_audience(session, campaign),
        held_s=max(0, round(held_s)),
        can_undo=campaign.started_at is None and campaign.status in lifecycle.NOT_BEGUN,
        words=instant_and_utc(campaign.scheduled_at, campaign.timezone)
        if campaign.scheduled_at
        else "",
        is_ahead=campaign.scheduled_at is not None and campaign.scheduled_at > now,
    )


@compose.get("/time-in-words")
@login_required
def time_in_words() -> ResponseReturnValue:
    """Say a typed time in words and in UTC, for the page to echo."""
    choice = _asked_choice(request.args.get("at", ""))
    return jsonify(
        words=choice.words(now=wiring().clock()),
        error=choice.error,
        meanings=[asdict(meaning) for meaning in choice.meanings],
    )


def _asked_zone() -> str:
    return request.args.get("timezone", "")[:MAX_CHARS] or asking_user().timezone


def _read(at: str, timezone: str, *, offset: str = "") -> Choice:
    zone = timezone or asking_user().timezone
    return read_choice(at, zone, offset=offset, now=wiring().clock())


def _asked_choice(at: str) -> Choice:
    return _read(at, _asked_zone(), offset=request.args.get("offset", ""))


def _schedule_page(campaign: Campaign, choice: Choice) -> str:
    session, user, now = request_session(), asking_user(), wiring().clock()
    total = audience.count_audience(session, campaign)
    return render_template(
        "compose/schedule.html",
        campaign=campaign,
        choice=choice,
        words=choice.words(now=now),
        zones=zone_choices(user.timezone, now=now),
        zone_label=zone_label(choice.timezone, now=now),
        hold_s=round(lifecycle.UNDO_FOR.total_seconds()),
        steps=steps_of(campaign, recipients=total),
        total=total,
    )


def _review_page(campaign: Campaign, choice: Choice, *, trouble: str = "") -> str:
    session, now = request_session(), wiring().clock()
    outlook = outlook_of(session, campaign, at=choice.instant or now, now=now)
    resend_unknown = campaign.resend_unknown
    if request.method == "POST":
        resend_unknown = bool(ConfirmForm().resend_unknown.data)
    form = ConfirmForm(
        formdata=None,
        at=choice.written,
        timezone=choice.timezone,
        resend_unknown=resend_unknown,
        doubted=outlook.doubted,
        seen=_seen(campaign, outlook),
    )
    return render_template(
        "compose/review.html",
        campaign=campaign,
        choice=choice,
        words=choice.words(now=wiring().clock()),
        form=form,
        trouble=trouble,
        outlook=outlook,
        content=drafts.content_of(campaign.content) if campaign.content else None,
        hold_s=round(lifecycle.UNDO_FOR.total_seconds()),
        steps=steps_of(campaign, recipients=outlook.total),
    )


def _seen(campaign: Campaign, outlook: Outlook) -> str:
    return stamp(campaign.content_version_id, campaign.smtp_account_id, outlook.total)
