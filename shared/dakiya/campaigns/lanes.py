"""What waits for an SMTP account: its campaigns, and when all of it will have gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.campaigns.estimate import mails_left
from dakiya.delivery.forecast import Forecast, forecast
from dakiya.delivery.usage import limits_of, load_usage
from dakiya.models import Campaign, CampaignStatus, SmtpAccount

_OPEN = (
    CampaignStatus.PREPARING,
    CampaignStatus.SCHEDULED,
    CampaignStatus.SENDING,
    CampaignStatus.PAUSING,
    CampaignStatus.PAUSED,
)
# What goes out as soon as its instant has come.
_GOES = (CampaignStatus.PREPARING, CampaignStatus.SCHEDULED, CampaignStatus.SENDING)
SHOWN = 20


@dataclass(frozen=True)
class Lane:
    """An account's campaigns that have not ended, each with the mails that are left.

    ``left`` counts those that go out by themselves; ``finish`` is when they will have, if
    nothing is put off. None without such mails.
    """

    campaigns: Sequence[tuple[Campaign, int]]
    left: int
    finish: Forecast | None


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
    left = [(campaign, mails_left(session, campaign)) for campaign in campaigns]
    going = sum(mails for campaign, mails in left if campaign.status in _GOES)
    finish = None
    if going:
        finish = forecast(
            limits_of(account),
            used=load_usage(session, account, now=now),
            mails=going,
            now=now,
            connections=account.connections,
            start_at=now,
        )
    return Lane(left[:SHOWN], going, finish)
