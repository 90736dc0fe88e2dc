"""The rate that is set, against the rate that a server sees, with three senders."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select

from dakiya.models import Email
from tests.bench.figures import Figure
from tests.bench.material import add_account, add_campaign, is_finished
from tests.bench.servers import smtp_sink
from tests.bench.stack import Stack, until

SENDERS = 3
WITHIN = 0.05


def measure(
    stack: Stack, *, rates: tuple[int, ...] = (5, 20, 100), seconds: int = 60
) -> Iterator[Figure]:
    """Send for so long at each rate per second."""
    with smtp_sink() as port:
        stack.start("scheduler")
        for _ in range(SENDERS):
            stack.start("sender")
        for rate in rates:
            account_id = add_account(
                stack.sessions, port, f"rate{rate}@example.com", connections=8, per_second=rate
            )
            mails = rate * seconds
            campaign_id = add_campaign(
                stack.sessions, account_id, mails, ahead=timedelta(seconds=5)
            )
            _wait(stack, campaign_id, seconds)
            yield Figure(
                f"limit of {rate} per second, {SENDERS} senders",
                _rate(stack, campaign_id),
                "mails/s",
                rate,
                "set",
                at_least=1 - WITHIN,
                at_most=1 + WITHIN,
            )
        stack.stop_services()


def _wait(stack: Stack, campaign_id: int, seconds: int) -> None:
    until(lambda: is_finished(stack.sessions, campaign_id), timeout_s=60 + seconds * 5)


def _rate(stack: Stack, campaign_id: int) -> float:
    """Return the mails per second between the first and the last outcome."""
    with stack.sessions() as session:
        sent = sorted(
            at.timestamp()
            for at in session.scalars(select(Email.sent_at).where(Email.campaign_id == campaign_id))
            if at is not None
        )
    return (len(sent) - 1) / (sent[-1] - sent[0])
