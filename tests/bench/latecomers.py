"""Small campaigns that are started while a large one is being sent."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import func, select

from dakiya.db import SessionFactory
from dakiya.delivery.counters import read_counts
from dakiya.models import Campaign, Email, EmailState
from tests.bench.figures import Figure
from tests.bench.material import SOON, add_account, add_campaign
from tests.bench.servers import smtp_sink
from tests.bench.stack import Stack, until

SENDERS = 2
SMALL = 20
NOW = timedelta(0)
# Nobody rings for them here: they wait for the next tick, which comes every 10 s.
MOST_S = 15.0


def measure(stack: Stack, *, mails: int = 1_000_000) -> Iterator[Figure]:
    """Start two in the middle: on the same account, and on one of another workspace."""
    with smtp_sink() as port:
        busy = add_account(stack.sessions, port, "busy@example.com", connections=16)
        other = add_account(stack.sessions, port, "other@example.com", connections=4)
        large = add_campaign(stack.sessions, busy, mails, ahead=SOON)
        stack.start_engine(SENDERS)
        _await_mails(stack.sessions, large, SMALL * 10)
        for account_id, whose in ((busy, "the same account"), (other, "another workspace")):
            small = add_campaign(stack.sessions, account_id, SMALL, ahead=NOW)
            _await_mails(stack.sessions, small, 1)
            yield Figure(
                f"first mail of a campaign beside {mails:,} mails, {whose}",
                _first_after_s(stack.sessions, small),
                "s",
                at_most=MOST_S,
            )
        stack.stop_services()


def _await_mails(sessions: SessionFactory, campaign_id: int, mails: int) -> None:
    def are_sent() -> bool:
        with sessions() as session:
            counts = read_counts(session, [campaign_id])[campaign_id]
        return counts[EmailState.SENT] >= mails

    until(are_sent, timeout_s=120)


def _first_after_s(sessions: SessionFactory, campaign_id: int) -> float:
    """Return the time from a campaign's instant to its first mail."""
    with sessions() as session:
        due_at = session.get_one(Campaign, campaign_id).scheduled_at
        first = session.scalar(
            select(func.min(Email.sent_at)).where(Email.campaign_id == campaign_id)
        )
    if due_at is None or first is None:
        raise LookupError("nothing was sent")
    return float((first - due_at).total_seconds())
