"""What was given of an account's pace, in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, literal, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dakiya.delivery.pacing import LONG, Limits, Pace, Slot
from dakiya.models import Batch, BatchState, PaceUsage, SmtpAccount

QUOTA_NAMES = ("per_second", "per_minute", "per_hour", "per_day")


@dataclass(frozen=True)
class Quota:
    """One limit of an account and what is left of it; ``frees_at`` when the next mail leaves it.

    ``name`` is per_second, per_minute, per_hour or per_day.
    """

    name: str
    limit: int
    used: int
    frees_at: datetime | None

    @property
    def left(self) -> int:
        """How many more mails may go now."""
        return max(self.limit - self.used, 0)


# A batch that took longer did not send its mails at its start.
SLOW = timedelta(seconds=2)


def limits_of(account: SmtpAccount) -> Limits:
    """Return an account's limits as the pace knows them."""
    return Limits(account.per_second, account.per_minute, account.per_hour, account.per_day)


def load_pace(
    session: Session, account: SmtpAccount, *, now: datetime, planned: bool = True
) -> Pace:
    """Read an account's pace; hold a lock on the account's row to act on it.

    ``planned`` False leaves out what may start later than now.
    """
    return Pace(limits_of(account), load_usage(session, account, now=now, planned=planned))


def load_usage(
    session: Session, account: SmtpAccount, *, now: datetime, planned: bool = True
) -> Sequence[Slot]:
    """Read what was given of an account's pace within its longest window."""
    limits = limits_of(account)
    if not limits.windows:
        return ()
    rows = session.execute(
        select(PaceUsage.start_at, PaceUsage.mails).where(
            PaceUsage.smtp_account_id == account.id,
            PaceUsage.start_at > now - limits.longest,
            true() if planned else PaceUsage.start_at <= now,
        )
    )
    return [Slot(start_at, mails) for start_at, mails in rows]


def has_room(
    session: Session, account: SmtpAccount, *, mails: int, now: datetime, batch_id: int
) -> bool:
    """Tell whether a batch's mails may start now, by what runs and what has ended before.

    What runs counts in every long window, whenever it began: its mails go out now. A slow
    batch that has ended counts from its end (``move_usage``). So a server that is slow at
    first and then fast sees no more than the limit in any long window. Where a window never
    holds as many, an empty window will do.
    """
    windows = limits_of(account).exact_windows
    if not windows:
        return True
    sums = [
        func.coalesce(func.sum(PaceUsage.mails).filter(PaceUsage.start_at > now - length), 0)
        for length, _ in windows
    ]
    used = session.execute(
        select(*sums).where(
            PaceUsage.smtp_account_id == account.id,
            PaceUsage.start_at > now - max(length for length, _ in windows),
            PaceUsage.start_at <= now,
        )
    ).one()
    running = [
        func.coalesce(
            func.sum(Batch.mails).filter(Batch.start_at <= now - length, literal(length >= LONG)), 0
        )
        for length, _ in windows
    ]
    still = session.execute(
        select(*running).where(
            Batch.smtp_account_id == account.id,
            Batch.state == BatchState.TAKEN,
            Batch.paced,
            Batch.id != batch_id,
        )
    ).one()
    return all(
        ended + runs + min(mails, limit) <= limit
        for ended, runs, (_, limit) in zip(used, still, windows, strict=True)
    )


def add_usage(session: Session, smtp_account_id: int, slot: Slot) -> None:
    """Note that so many mails may start at an instant."""
    added = insert(PaceUsage).values(
        smtp_account_id=smtp_account_id, start_at=slot.start_at, mails=slot.mails
    )
    session.execute(
        added.on_conflict_do_update(
            index_elements=[PaceUsage.smtp_account_id, PaceUsage.start_at],
            set_={"mails": PaceUsage.mails + added.excluded.mails},
        )
    )


def return_usage(session: Session, smtp_account_id: int, slot: Slot) -> None:
    """Give back what was not used of a slot."""
    if slot.mails:
        session.execute(
            update(PaceUsage)
            .where(
                PaceUsage.smtp_account_id == smtp_account_id, PaceUsage.start_at == slot.start_at
            )
            .values(mails=func.greatest(PaceUsage.mails - slot.mails, 0))
        )


def move_usage(session: Session, smtp_account_id: int, planned: Slot, used: Slot) -> None:
    """Give back what was not used of a slot; a slow batch counts from its end (``used``)."""
    if used.start_at - planned.start_at < SLOW:
        return_usage(session, smtp_account_id, Slot(planned.start_at, planned.mails - used.mails))
        return
    return_usage(session, smtp_account_id, planned)
    if used.mails:
        add_usage(session, smtp_account_id, used)


def forget_usage(session: Session, *, before: datetime) -> int:
    """Delete what no window can see any more; returns the rows deleted."""
    result = session.execute(delete(PaceUsage).where(PaceUsage.start_at < before))
    return int(result.rowcount)  # type: ignore[attr-defined]


def remaining_quota(session: Session, account: SmtpAccount, *, now: datetime) -> Sequence[Quota]:
    """Return what is left of each of the account's limits, the shortest window first."""
    limits = limits_of(account)
    names = [name for name in QUOTA_NAMES if getattr(limits, name) is not None]
    used = load_usage(session, account, now=now, planned=False)
    quotas = []
    for name, (length, limit) in zip(names, limits.exact_windows, strict=True):
        inside = [slot for slot in used if slot.start_at > now - length and slot.mails]
        frees_at = min((slot.start_at for slot in inside), default=None)
        quotas.append(
            Quota(
                name,
                limit,
                sum(slot.mails for slot in inside),
                frees_at + length if frees_at is not None else None,
            )
        )
    return quotas
