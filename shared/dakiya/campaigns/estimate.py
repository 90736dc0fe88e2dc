"""When a campaign will be done, by its account's limits and what else that account has to send."""

import math
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.campaigns.reading import count_recipients
from dakiya.delivery.counters import WAITING, read_counts
from dakiya.delivery.forecast import SPEED, Forecast, forecast
from dakiya.delivery.taking import is_open
from dakiya.delivery.usage import limits_of, load_usage
from dakiya.models import Campaign, CampaignStatus

_BEFORE_LEDGER = (CampaignStatus.DRAFT, CampaignStatus.PREPARING)


def estimate(
    session: Session,
    campaign: Campaign,
    *,
    at: datetime,
    now: datetime,
    mails_per_s: float | None = None,
) -> Forecast | None:
    """Forecast the finish of a campaign that begins, or goes on, at an instant.

    Campaigns that the account is sending already share it and count too. None without an
    account or without mails to send. Mails that servers put off may take longer.
    """
    account = campaign.smtp_account
    if account is None:
        return None
    mails = mails_left(session, campaign)
    if not mails:
        return None
    others = session.scalars(
        select(Campaign.id).where(
            Campaign.smtp_account_id == account.id,
            Campaign.status == CampaignStatus.SENDING,
            Campaign.id != campaign.id,
        )
    ).all()
    shared = read_counts(session, list(others))
    return forecast(
        limits_of(account),
        used=load_usage(session, account, now=now),
        mails=mails + sum(counts[state] for counts in shared.values() for state in WAITING),
        now=now,
        connections=account.connections,
        start_at=at,
        mails_per_s=mails_per_s,
    )


def limits_let_finish(
    session: Session, campaign: Campaign, *, now: datetime, mails_per_s: float | None
) -> datetime | None:
    """Forecast the finish of a campaign that is being sent, when its account's limits decide it.

    None when they do not, and while the account is paused. While nothing moves the speed is
    guessed; otherwise only the limits are looked at.
    """
    account = campaign.smtp_account
    if account is None or not limits_of(account).windows or not is_open(account, now=now):
        return None
    speed = math.inf if mails_per_s else None
    found = estimate(session, campaign, at=now, now=now, mails_per_s=speed)
    return None if found is None or found.bound_by == SPEED else found.finish_at


def mails_left(session: Session, campaign: Campaign) -> int:
    """Count a campaign's mails that have not ended; its recipients, before it has any."""
    if campaign.status in _BEFORE_LEDGER:
        return count_recipients(session, [campaign.id])[campaign.id]
    counts = read_counts(session, [campaign.id])[campaign.id]
    return sum(counts[state] for state in WAITING)
