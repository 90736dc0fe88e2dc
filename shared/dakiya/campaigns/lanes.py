"""What waits for an SMTP account: its campaigns, and when each of them will have gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.campaigns.estimate import (
    GOES,
    Estimate,
    estimate_account,
    going_through,
    mails_left,
)
from dakiya.models import Campaign, CampaignStatus, SmtpAccount

_OPEN = (*GOES, CampaignStatus.PAUSING, CampaignStatus.PAUSED)
SHOWN = 20


@dataclass(frozen=True)
class Waiting:
    """A campaign of a lane, the mails that are left of it, and when they will have gone."""

    campaign: Campaign
    left: int
    finish: Estimate | None


@dataclass(frozen=True)
class Lane:
    """An account's campaigns that have not ended.

    ``left`` counts the mails that go out by themselves; ``finish`` is when they will have, if
    nothing is put off. None without such mails.
    """

    campaigns: Sequence[Waiting]
    left: int
    finish: Estimate | None


def lane_of(session: Session, account: SmtpAccount, *, now: datetime) -> Lane:
    """Look at what waits for an account."""
    campaigns = session.scalars(
        select(Campaign)
        .where(
            Campaign.smtp_account_id == account.id,
            Campaign.status.in_(_OPEN),
            Campaign.deleted_at.is_(None),
        )
        .order_by(Campaign.scheduled_at.nulls_last(), Campaign.id)
    ).all()
    left = mails_left(session, [*campaigns, *going_through(session, account)])
    estimates = estimate_account(session, account, left, now=now)
    found = {one.id: estimates[one.id] for one in campaigns if one.id in estimates}
    return Lane(
        [Waiting(one, left[one.id], found.get(one.id)) for one in campaigns[:SHOWN]],
        sum(left[one.id] for one in campaigns if one.status in GOES),
        max(found.values(), key=lambda one: one.finish_at, default=None),
    )
