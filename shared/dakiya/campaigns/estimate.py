"""When campaigns will be done, by what is known of their account and its other campaigns.

One look for all pages: the review of a draft, the page of a campaign and that of an account tell
the same. It is made of what is known now; what it takes for granted is said beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf

from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.campaigns.reading import count_recipients
from dakiya.contacts.audience import count_suppressed
from dakiya.delivery.counters import WAITING, read_counts
from dakiya.delivery.forecast import SPEED, Forecaster
from dakiya.delivery.limits import standing_of, told_limits
from dakiya.delivery.sharing import Load, forecast_loads
from dakiya.delivery.slowing import Slowed
from dakiya.delivery.taking import is_open
from dakiya.delivery.usage import load_usage
from dakiya.models import Campaign, CampaignStatus, SmtpAccount

_BEFORE_LEDGER = (CampaignStatus.DRAFT, CampaignStatus.PREPARING)
# What goes out as soon as its instant has come.
GOES = (CampaignStatus.PREPARING, CampaignStatus.SCHEDULED, CampaignStatus.SENDING)


@dataclass(frozen=True)
class Estimate:
    """When the last mail goes, and what that takes for granted.

    ``begin_at`` is when the first one may go, ``bound_by`` what holds it up most: the name of a
    limit (``limit`` mails then, if its workspace has set it), "speed" or "slowed". ``others``
    campaigns share the account meanwhile. ``tries_at``: the account is paused until then.
    ``needs_owner``: it is paused until its owner does something, and the time counts from then.
    ``slowed`` is the pace it has learned,
    while that lasts. ``is_guess``: nobody has measured how fast the server is.
    """

    begin_at: datetime
    finish_at: datetime
    bound_by: str
    limit: int | None
    others: int
    tries_at: datetime | None
    needs_owner: bool
    slowed: Slowed | None
    is_guess: bool


def estimate(
    session: Session,
    campaign: Campaign,
    *,
    at: datetime,
    now: datetime,
    mails_per_s: float | None = None,
) -> Estimate | None:
    """Forecast the finish of a campaign that begins, or goes on, at an instant.

    None without an account or without mails to send.
    """
    account = campaign.smtp_account
    if account is None:
        return None
    others = [one for one in going_through(session, account) if one.id != campaign.id]
    left = mails_left(session, [campaign, *others])
    loads = [
        _load(one, left[one.id], at=at if one is campaign else None, now=now)
        for one in (campaign, *others)
    ]
    found = estimate_loads(
        session, account, loads, now=now, mails_per_s=mails_per_s, until=campaign.id
    )
    return found.get(campaign.id)


def estimate_account(
    session: Session, account: SmtpAccount, left: Mapping[int, int], *, now: datetime
) -> Mapping[int, Estimate]:
    """Forecast all campaigns that go out through an account by themselves, by their ids.

    ``left`` are the mails of each, as ``mails_left`` counts them.
    """
    going = going_through(session, account)
    loads = [_load(one, left.get(one.id, 0), at=None, now=now) for one in going]
    return estimate_loads(session, account, loads, now=now)


def estimate_loads(
    session: Session,
    account: SmtpAccount,
    loads: Sequence[Load],
    *,
    now: datetime,
    mails_per_s: float | None = None,
    until: int | None = None,
) -> Mapping[int, Estimate]:
    """Forecast loads of one account that begin at their instants, or when its pause ends.

    With ``until`` only those that have gone before that one has, and itself.
    """
    waits = account.paused_at is not None and not is_open(account, now=now)
    tries_at = account.paused_until if waits else None
    opens_at = max(tries_at or now, now)
    standing, told = standing_of(session, account), told_limits(session, account)
    learned = standing.slowed
    if learned is not None and learned.over_at <= opens_at:
        learned = None
    begins = {load.key: max(load.start_at, opens_at) for load in loads}
    known = Forecaster(
        standing.limits,
        used=load_usage(session, account, limits=standing.limits, now=now),
        now=now,
        connections=standing.connections,
        mails_per_s=mails_per_s,
        slowed=learned,
    )
    waiting = [Load(load.key, load.mails, begins[load.key]) for load in loads if load.mails]
    found = forecast_loads(waiting, known.last_goes, until=until)
    return {
        key: Estimate(
            begin_at=begins[key],
            finish_at=done.finish_at,
            bound_by=done.bound_by,
            limit=getattr(told, done.bound_by, None),
            others=sum(
                one.key != key
                and one.start_at < done.finish_at
                and (one.key not in found or begins[key] < found[one.key].finish_at)
                for one in waiting
            ),
            tries_at=tries_at,
            needs_owner=waits and tries_at is None,
            slowed=learned if learned and begins[key] < learned.over_at else None,
            is_guess=done.bound_by == SPEED and mails_per_s is None,
        )
        for key, done in found.items()
    }


def what_holds_up(
    session: Session, campaign: Campaign, *, now: datetime, mails_per_s: float | None
) -> Estimate | None:
    """Forecast the finish of a campaign that is being sent, when more than its speed decides it.

    None when only the speed does, and while the account waits for its owner. While nothing moves,
    or less than usually, the speed is guessed; otherwise only the limits are looked at.
    """
    account = campaign.smtp_account
    if account is None:
        return None
    standing = standing_of(session, account)
    is_slowed = standing.slowed is not None and standing.slowed.over_at > now
    is_usual = is_open(account, now=now) and not is_slowed
    if is_usual and not standing.limits.windows:
        return None
    speed = inf if mails_per_s and is_usual else None
    found = estimate(session, campaign, at=now, now=now, mails_per_s=speed)
    if found is None or found.needs_owner:
        return None
    return None if found.bound_by == SPEED and found.tries_at is None else found


def going_through(session: Session, account: SmtpAccount) -> Sequence[Campaign]:
    """Return the campaigns that go out through an account without anybody doing anything.

    And through the workspace's other accounts of the same mailbox.
    """
    return session.scalars(
        select(Campaign)
        .join(SmtpAccount, SmtpAccount.id == Campaign.smtp_account_id)
        .where(
            SmtpAccount.mailbox_id == account.mailbox_id,
            Campaign.workspace_id == account.workspace_id,
            Campaign.status.in_(GOES),
            Campaign.deleted_at.is_(None),
        )
        .order_by(Campaign.id)
    ).all()


def mails_left(session: Session, campaigns: Sequence[Campaign]) -> Mapping[int, int]:
    """Count the mails of campaigns that have not ended.

    Before they have any: their recipients, but for those whose address is suppressed.
    """
    before = [one for one in campaigns if one.status in _BEFORE_LEDGER]
    others = [one.id for one in campaigns if one.status not in _BEFORE_LEDGER]
    people = count_recipients(session, [one.id for one in before]) if before else {}
    counts = read_counts(session, others) if others else {}
    return {
        **{one.id: people[one.id] - count_suppressed(session, one) for one in before},
        **{id_: sum(counts[id_][state] for state in WAITING) for id_ in others},
    }


def _load(campaign: Campaign, mails: int, *, at: datetime | None, now: datetime) -> Load:
    if at is None and campaign.status is not CampaignStatus.SENDING:
        at = campaign.scheduled_at
    return Load(campaign.id, mails, max(at or now, now))
