"""1, 2 and 4 senders at a server that takes 100 ms for each mail."""

from collections.abc import Iterator

from tests.bench.figures import Figure
from tests.bench.material import SOON, add_account, add_campaign, is_finished, rate
from tests.bench.servers import slow_server
from tests.bench.stack import Stack, until

PER_MAIL_S = 0.1
THREADS = 8


def measure(stack: Stack, *, seconds: int = 30) -> Iterator[Figure]:
    """Send for so long with 1, 2 and 4 senders of 8 connections each."""
    with slow_server(PER_MAIL_S) as port:
        alone = 0.0
        for senders in (1, 2, 4):
            connections = senders * THREADS
            account_id = add_account(
                stack.sessions, port, f"scale{senders}@example.com", connections=connections
            )
            stack.start_engine(senders, DAKIYA_SENDER_THREADS=str(THREADS))
            mails = int(seconds * connections / PER_MAIL_S)
            campaign_id = add_campaign(stack.sessions, account_id, mails, ahead=SOON)
            _wait(stack, campaign_id, seconds)
            stack.stop_services()
            speed = rate(stack.sessions, campaign_id)
            alone = alone or speed
            yield Figure(
                f"senders: {senders}, 100 ms per mail",
                speed,
                "mails/s",
                senders * alone,
                f"{senders} times one",
                at_least=0.9,
            )


def _wait(stack: Stack, campaign_id: int, seconds: int) -> None:
    until(lambda: is_finished(stack.sessions, campaign_id), timeout_s=60 + seconds * 5)
