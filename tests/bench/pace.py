"""The rate that is set, against the rate that a server sees, with three senders."""

from collections.abc import Iterator

from tests.bench.figures import Figure
from tests.bench.material import SOON, add_account, add_campaign, is_finished, rate
from tests.bench.servers import smtp_sink
from tests.bench.stack import Stack, until

SENDERS = 3
WITHIN = 0.05


def measure(
    stack: Stack, *, rates: tuple[int, ...] = (5, 20, 100), seconds: int = 60
) -> Iterator[Figure]:
    """Send for so long at each rate per second."""
    with smtp_sink() as port:
        stack.start_engine(SENDERS)
        for wanted in rates:
            account_id = add_account(
                stack.sessions, port, f"rate{wanted}@example.com", connections=8, per_second=wanted
            )
            mails = wanted * seconds
            campaign_id = add_campaign(stack.sessions, account_id, mails, ahead=SOON)
            _wait(stack, campaign_id, seconds)
            yield Figure(
                f"limit of {wanted} per second, {SENDERS} senders",
                rate(stack.sessions, campaign_id),
                "mails/s",
                wanted,
                "set",
                at_least=1 - WITHIN,
                at_most=1 + WITHIN,
            )
        stack.stop_services()


def _wait(stack: Stack, campaign_id: int, seconds: int) -> None:
    until(lambda: is_finished(stack.sessions, campaign_id), timeout_s=60 + seconds * 5)
