"""A day in minutes: the time that an account only waits is taken out of it.

Real senders send to a real server. Whenever nothing is on its way and the account's pace lets
nothing go, what the pace remembers is moved into the past by as long as it wants to wait, which
is what waiting would have done. The server's clock, plus the time that was taken out until then,
is the simulated one.
"""

import time
from bisect import bisect_right
from datetime import timedelta

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from dakiya.db import SessionFactory
from dakiya.delivery.locks import lock_pace
from dakiya.delivery.usage import look_ahead
from dakiya.models import Batch, BatchState, Email, EmailState, PaceUsage, SmtpAccount
from dakiya.queue import Doorbell

# Shorter waits are waited for.
WORTH_SKIPPING = timedelta(seconds=0.5)


class ShortDay:
    """The clock of a simulated day for one account, without any other campaign in the database."""

    def __init__(self, sessions: SessionFactory, doorbell: Doorbell, account_id: int) -> None:
        self._sessions = sessions
        self._doorbell = doorbell
        self._account_id = account_id
        self._skips: list[tuple[float, float]] = [(0.0, 0.0)]

    @property
    def skips(self) -> int:
        """How often time was taken out."""
        return len(self._skips) - 1

    def simulated(self, at: float) -> float:
        """Translate an instant of the server's clock (Unix time)."""
        place = bisect_right(self._skips, at, key=lambda skip: skip[0]) - 1
        return at + self._skips[place][1]

    def skip(self) -> bool:
        """Take the present wait out of the day, if there is one and nothing is on its way."""
        with self._sessions.begin() as session:
            account = session.get_one(SmtpAccount, self._account_id)
            lock_pace(session, account.mailbox_id)
            wait = look_ahead(session, account)
            if wait < WORTH_SKIPPING or _on_their_way(session):
                return False
            _move(session, account, wait)
        self._skips.append((time.time(), self._skips[-1][1] + wait.total_seconds()))
        self._doorbell.ring_tick()
        return True


def _on_their_way(session: Session) -> int:
    """Count what senders have in their hands; batches that wait for their instant are moved."""
    taken = select(func.count()).where(Batch.state == BatchState.TAKEN)
    sending = select(func.count()).where(Email.state == EmailState.SENDING)
    return session.scalars(taken).one() + session.scalars(sending).one()


def _move(session: Session, account: SmtpAccount, wait: timedelta) -> None:
    """Move what the pace remembers, and what was planned by it, into the past."""
    usage = session.execute(
        select(PaceUsage.window_s, PaceUsage.start_at, PaceUsage.mails).where(
            PaceUsage.mailbox_id == account.mailbox_id
        )
    ).all()
    # Not by an UPDATE: rows would meet each other on the way.
    session.execute(delete(PaceUsage).where(PaceUsage.mailbox_id == account.mailbox_id))
    if usage:
        session.execute(
            insert(PaceUsage),
            [
                {
                    "mailbox_id": account.mailbox_id,
                    "window_s": window_s,
                    "start_at": start_at - wait,
                    "mails": mails,
                }
                for window_s, start_at, mails in usage
            ],
        )
    session.execute(
        update(Batch)
        .where(Batch.smtp_account_id == account.id, Batch.state == BatchState.READY)
        .values(start_at=Batch.start_at - wait)
    )
