"""How campaigns move at this moment, cheap enough to be asked every two seconds.

Nothing is counted: the kept counters say how far a campaign is, samples that the tick takes
of them how fast.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from dakiya.accounts.users import visible_to
from dakiya.campaigns.estimate import Estimate, what_holds_up
from dakiya.delivery.counters import WAITING, read_counts
from dakiya.models import Campaign, CampaignStatus, EmailState, ProgressSample, SmtpAccount

# The rate is that of the last minute; ticks are up to a minute apart.
RATE_OVER = timedelta(seconds=75)
SHORTEST = timedelta(seconds=5)
KEEP_SAMPLES = timedelta(minutes=5)
_DONE = [state.value for state in EmailState if state not in WAITING]

_SAMPLE = text(
    "INSERT INTO progress_sample (campaign_id, taken_at, done)"  # noqa: S608
    f" SELECT campaign.id, :now, sum({' + '.join(_DONE)})"
    "   FROM campaign JOIN campaign_counter ON campaign_counter.campaign_id = campaign.id"
    "  WHERE campaign.status = 'sending' GROUP BY campaign.id"
    " ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True)
class Live:
    """A campaign at an instant. ``done`` mails have ended, ``waiting`` ones have not.

    ``per_minute`` is None while nothing is known of its speed. ``finish_at`` goes on at this
    speed, within the limits that hold the account up (``held_up``); a pause or a learned pace
    decides alone. None when nothing is told, and while the account waits for its owner. Deferred
    mails may take longer.
    """

    campaign_id: int
    status: CampaignStatus
    counts: Mapping[EmailState, int]
    done: int
    waiting: int
    per_minute: float | None
    finish_at: datetime | None
    held_up: Estimate | None
    scheduled_at: datetime | None
    undo_until: datetime | None

    @property
    def total(self) -> int:
        """All mails of the ledger; 0 before it is written."""
        return self.done + self.waiting


def watch(
    session: Session, campaign_ids: Collection[int], *, user_id: int, now: datetime
) -> Sequence[Live]:
    """Look at some campaigns of the user, in the order of their ids; others are passed over."""
    campaigns = session.scalars(
        select(Campaign)
        .where(
            Campaign.id.in_(campaign_ids),
            visible_to(user_id, Campaign.workspace_id),
            Campaign.deleted_at.is_(None),
        )
        .order_by(Campaign.id)
        .execution_options(populate_existing=True)
    ).all()
    counts = read_counts(session, [campaign.id for campaign in campaigns])
    samples = _oldest_samples(
        session, [c.id for c in campaigns if c.status is CampaignStatus.SENDING], now=now
    )
    return [_look(session, c, counts[c.id], samples.get(c.id), now=now) for c in campaigns]


def take_samples(session: Session, *, now: datetime) -> None:
    """Note how far every sending campaign is; the tick does, each time."""
    session.execute(_SAMPLE, {"now": now})


def forget_samples(session: Session, *, now: datetime) -> None:
    """Delete the samples that no rate is made of any more."""
    session.execute(delete(ProgressSample).where(ProgressSample.taken_at < now - KEEP_SAMPLES))


def _oldest_samples(
    session: Session, campaign_ids: Sequence[int], *, now: datetime
) -> Mapping[int, tuple[datetime, int]]:
    """Return for each campaign the oldest sample of the last minute."""
    rows = session.execute(
        select(ProgressSample.campaign_id, ProgressSample.taken_at, ProgressSample.done)
        .ext(distinct_on(ProgressSample.campaign_id))
        .where(
            ProgressSample.campaign_id.in_(campaign_ids),
            ProgressSample.taken_at.between(now - RATE_OVER, now - SHORTEST),
        )
        .order_by(ProgressSample.campaign_id, ProgressSample.taken_at)
    )
    return {row.campaign_id: (row.taken_at, row.done) for row in rows}


def _look(
    session: Session,
    campaign: Campaign,
    counts: Mapping[EmailState, int],
    sample: tuple[datetime, int] | None,
    *,
    now: datetime,
) -> Live:
    waiting = sum(counts[state] for state in WAITING)
    done = sum(counts.values()) - waiting
    per_s = None
    if sample is not None:
        taken_at, done_then = sample
        # Retried mails leave the done ones.
        per_s = max(done - done_then, 0) / ((now - taken_at) / timedelta(seconds=1))
    sending = campaign.status is CampaignStatus.SENDING
    held_up = what_holds_up(session, campaign, now=now, mails_per_s=per_s) if sending else None
    goes_on = sending and not _waits_for_owner(campaign.smtp_account)
    return Live(
        campaign_id=campaign.id,
        status=campaign.status,
        counts=counts,
        done=done,
        waiting=waiting,
        per_minute=None if per_s is None else per_s * 60,
        finish_at=_finish_at(held_up, now=now, waiting=waiting, per_s=per_s) if goes_on else None,
        held_up=held_up,
        scheduled_at=campaign.scheduled_at,
        undo_until=campaign.undo_until,
    )


def _waits_for_owner(account: SmtpAccount | None) -> bool:
    return account is not None and account.paused_at is not None and account.paused_until is None


def _finish_at(
    held_up: Estimate | None, *, now: datetime, waiting: int, per_s: float | None
) -> datetime | None:
    """Take the later of two: at this speed, and by what holds the account up.

    The last minute before a pause, or at a learned pace that comes back, says nothing of the rest.
    """
    if held_up is not None and (held_up.tries_at or held_up.slowed):
        return held_up.finish_at
    found = [_at_this_speed(now, waiting, per_s), held_up.finish_at if held_up else None]
    return max((instant for instant in found if instant is not None), default=None)


def _at_this_speed(now: datetime, waiting: int, per_s: float | None) -> datetime | None:
    if not per_s:
        return None
    try:
        return now + timedelta(seconds=waiting / per_s)
    except OverflowError:
        return None
