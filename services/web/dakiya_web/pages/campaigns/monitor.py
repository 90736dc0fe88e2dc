"""One campaign: how far it is, why it waits, what went wrong, and what can be done."""

from flask import jsonify, render_template, request
from flask.typing import ResponseReturnValue

from dakiya.campaigns.changing import content_changed_at, why_fixed
from dakiya.campaigns.lifecycle import NOT_BEGUN, PAUSABLE, RUNNING
from dakiya.campaigns.live import watch
from dakiya.campaigns.mails import list_causes
from dakiya.campaigns.waiting import why_waiting
from dakiya.delivery.chance_moves import count_mails
from dakiya.delivery.content_trouble import CONTENT_REASONS
from dakiya.delivery.second_chances import find_chance
from dakiya.models import Campaign, CampaignStatus, ChanceKind, EmailState, SecondChance
from dakiya_web.pages.campaigns.blueprint import asking_user_id, campaigns, find_own
from dakiya_web.pages.campaigns.rows import Row, live_row, read_rows
from dakiya_web.pages.campaigns.words import (
    STOPPED_FOR_GOOD,
    advise,
    goes_again_by_itself,
    say_rate,
    say_share,
)
from dakiya_web.pages.smtp_accounts.forecast_words import say_assumptions, say_finish
from dakiya_web.texts import gettext, lazy_gettext
from dakiya_web.wiring import request_session, wiring
from dakiya_web.wording import distance, instant, number

ENDED = (CampaignStatus.CANCELLED, CampaignStatus.FINISHED)
TROUBLE = (
    EmailState.DEFERRED,
    EmailState.FAILED,
    EmailState.UNKNOWN,
    EmailState.BOUNCED,
    EmailState.SUPPRESSED,
)
# In the order in which people want to read them.
SHARES = (
    (lazy_gettext("Sent"), "good", (EmailState.SENT,)),
    (lazy_gettext("On the way"), "busy", (EmailState.CLAIMED, EmailState.SENDING)),
    (lazy_gettext("Waiting"), "idle", (EmailState.PENDING,)),
    (lazy_gettext("Put off"), "wait", (EmailState.DEFERRED,)),
    (lazy_gettext("Failed"), "bad", (EmailState.FAILED, EmailState.BOUNCED)),
    (lazy_gettext("Unknown"), "wait", (EmailState.UNKNOWN,)),
    (lazy_gettext("Not sent on purpose"), "idle", (EmailState.SUPPRESSED, EmailState.CANCELLED)),
)


@campaigns.get("/campaigns/<id:campaign_id>")
def show(campaign_id: int) -> ResponseReturnValue:
    """The monitor of a campaign, which is its report once it has ended."""
    session = request_session()
    campaign = find_own(campaign_id)
    row, chance = read_rows(session, [campaign])[0], find_chance(session, campaign.id)
    return render_template(
        "campaigns/show.html",
        campaign=campaign,
        row=row,
        live=_live(row),
        seen=_seen(row, chance),
        chance=chance,
        causes=list_causes(session, campaign),
        advise=advise,
        retryable=count_mails(session, campaign, ChanceKind.RETRY_FAILED) if row.failed else 0,
        is_held=is_held(campaign),
        held_s=held_s(campaign),
        can_undo=campaign.started_at is None and campaign.status in NOT_BEGUN,
        can_pause=campaign.status in RUNNING,
        can_resume=campaign.status in (CampaignStatus.PAUSING, CampaignStatus.PAUSED),
        can_change=campaign.status is not CampaignStatus.DRAFT
        and why_fixed(session, campaign) is None,
        resends=goes_again_by_itself(campaign),
        can_send=campaign.status not in STOPPED_FOR_GOOD,
        changed_at=content_changed_at(campaign),
        content_reasons=CONTENT_REASONS,
        can_cancel=campaign.status in PAUSABLE,
        has_ended=campaign.status in ENDED,
        shares=SHARES,
        states=EmailState,
    )


@campaigns.get("/campaigns/<id:campaign_id>/progress")
def progress(campaign_id: int) -> ResponseReturnValue:
    """How far a campaign is; asks for the page anew when it has become another one."""
    campaign = find_own(campaign_id)
    row = read_rows(request_session(), [campaign])[0]
    chance = find_chance(request_session(), campaign.id)
    seen = _seen(row, chance)
    return jsonify(
        busy=row.is_moving or is_held(campaign) or chance is not None,
        reload=request.args.get("seen", seen) != seen,
        campaign=_live(row),
        chance=_moved(chance) if chance else None,
    )


def is_held(campaign: Campaign) -> bool:
    """Whether "send now" can still be taken back without anybody having noticed."""
    return (
        campaign.undo_until is not None
        and campaign.started_at is None
        and campaign.status in (CampaignStatus.PREPARING, CampaignStatus.SCHEDULED)
        and campaign.undo_until > wiring().clock()
    )


def held_s(campaign: Campaign) -> int:
    """How many seconds "send now" still waits."""
    if campaign.undo_until is None:
        return 0
    return max(0, round((campaign.undo_until - wiring().clock()).total_seconds()))


def _live(row: Row) -> dict[str, object]:
    because = why_waiting(request_session(), row.campaign, now=wiring().clock())
    shares = [row.count(*states) for _, _, states in SHARES]
    return {
        **live_row(row),
        **_pace(row.campaign),
        "shares": [number(mails) for mails in shares],
        "has": [mails > 0 for mails in shares],
        "why": because or "",
        "waits": because is not None,
    }


def _pace(campaign: Campaign) -> dict[str, object]:
    """Write how fast it goes and when it will be ready; a guess is called one."""
    now = wiring().clock()
    live = watch(request_session(), [campaign.id], user_id=asking_user_id(), now=now)[0]
    rate = gettext("measuring…") if live.per_minute is None else gettext("at rest")
    if live.per_minute:
        rate = say_rate(live.per_minute / 60)
    ready = gettext("not known yet")
    if live.finish_at is not None:
        at = instant(live.finish_at, campaign.timezone, now=now)
        ready = gettext(
            "%(distance)s (%(time)s)", distance=distance(live.finish_at, now=now), time=at
        )
    held_up = ""
    if live.held_up is not None:
        assumed = say_assumptions(live.held_up, timezone=campaign.timezone, now=now)
        held_up = " ".join([f"{say_finish(live.held_up, since=now)}.", *assumed])
    return {"rate": rate, "eta": ready, "held_up": held_up[:1].upper() + held_up[1:]}


def _moved(chance: SecondChance) -> dict[str, object]:
    return {
        "done": chance.moved,
        "total": chance.mails,
        "progress": say_share(chance.moved, chance.mails),
    }


def _seen(row: Row, chance: SecondChance | None) -> str:
    """What the page was drawn for: another status, or the first trouble, is another page."""
    drawn = f"{row.campaign.status}.{int(row.count(*TROUBLE) > 0)}"
    return f"{drawn}.{chance.kind}" if chance else drawn
