"""When a campaign will be done, as its pages tell it."""

from datetime import datetime

from dakiya.campaigns.estimate import Estimate, estimate
from dakiya.campaigns.live import watch
from dakiya.models import Campaign, CampaignStatus
from dakiya_web.api.blueprint import asking
from dakiya_web.api.present import instant
from dakiya_web.pages.smtp_accounts.forecast_words import say_assumptions, say_finish
from dakiya_web.wiring import request_session, wiring

_AHEAD = (CampaignStatus.DRAFT, CampaignStatus.PREPARING, CampaignStatus.SCHEDULED)


def present_forecast(campaign: Campaign) -> dict[str, object] | None:
    """Write a campaign's forecast; None while nothing can be told, and once it goes no further.

    Nothing can while its account waits for its owner. A draft's is that of sending it now. One
    that is being sent goes on at its measured speed.
    """
    session, now = request_session(), wiring().clock()
    account = campaign.smtp_account
    if account is None or account.deleted_at is not None:
        return None
    if campaign.status is CampaignStatus.SENDING:
        [live] = watch(session, [campaign.id], user_id=asking().user_id, now=now)
        return _present(campaign, live.held_up, finish_at=live.finish_at, since=now)
    if campaign.status not in _AHEAD:
        return None
    at = max(campaign.scheduled_at or now, now)
    found = estimate(session, campaign, at=at, now=now)
    if found is None or found.needs_owner:
        return None
    return _present(campaign, found, finish_at=found.finish_at, since=at)


def _present(
    campaign: Campaign, found: Estimate | None, *, finish_at: datetime | None, since: datetime
) -> dict[str, object] | None:
    if finish_at is None:
        return None
    now = wiring().clock()
    return {
        "finish_at": instant(finish_at),
        "bound_by": found.bound_by if found else "speed",
        "about": say_finish(found, since=since) if found else None,
        "assumes": list(say_assumptions(found, timezone=campaign.timezone, now=now))
        if found
        else [],
    }
