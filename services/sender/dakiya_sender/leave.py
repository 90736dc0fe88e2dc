"""What a test's mail needs before it begins: leave from the limits, like every other mail."""

import time
from datetime import datetime

from sqlalchemy import select

from dakiya.campaigns.times import describe_instant
from dakiya.db import SessionFactory, database_now
from dakiya.delivery.limits import pace_of
from dakiya.delivery.reached import reached_limit
from dakiya.delivery.usage import take_leave
from dakiya.models import SmtpAccount
from dakiya.smtp_accounts.proving import prove_login

# Somebody sits and waits; a limit a second is over by then.
WAIT_AT_MOST_S = 5.0
ASK_AGAIN_AFTER_S = 0.05


class LimitReached(Exception):
    """The account's limits let no mail begin now; says which one, and when it continues."""

    def __init__(self, words: str, next_at: datetime, timezone: str) -> None:
        super().__init__(
            f"The account has reached {words}. It continues {describe_instant(next_at, timezone)}."
        )


def ask_leave(session_factory: SessionFactory, account_id: int, *, timezone: str) -> None:
    """Count one mail that begins now; waits for seconds at most. Raises LimitReached."""
    deadline = time.monotonic() + WAIT_AT_MOST_S
    while True:
        with session_factory() as session:
            account = session.get_one(SmtpAccount, account_id)
            now = database_now(session)
            wait = take_leave(session, account, limits=pace_of(session, account, now=now))
            reached = reached_limit(session, account, now=now) if wait is not None else None
            session.commit()
        if wait is None:
            return
        wait_s = max(wait.total_seconds(), ASK_AGAIN_AFTER_S)
        if reached is not None and time.monotonic() + wait_s > deadline:
            raise LimitReached(reached.words, reached.next_at, timezone)
        time.sleep(wait_s)


def note_login(session_factory: SessionFactory, account: SmtpAccount) -> SmtpAccount | None:
    """Note that an account has logged in; returns it anew if its mailbox is another one now."""
    with session_factory() as session:
        moved = prove_login(session, account)
        session.commit()
        if not moved:
            return None
        return session.scalars(select(SmtpAccount).where(SmtpAccount.id == account.id)).one()
