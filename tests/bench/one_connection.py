"""One connection to a server that is 20 ms away: how many round trips a mail costs."""

from collections.abc import Iterator

from tests.bench.end_to_end import built
from tests.bench.figures import Figure
from tests.bench.material import SOON, add_account, add_campaign, is_finished, rate
from tests.bench.servers import bare_loop, delayed, round_trips, smtp_sink
from tests.bench.stack import Stack, until

ROUND_TRIP_S = 0.02


def measure(stack: Stack, *, mails: int = 2_000) -> Iterator[Figure]:
    """Send through a proxy that holds back each byte for half a round trip."""
    with smtp_sink() as sink, delayed(sink, ROUND_TRIP_S / 2) as port:
        account_id = add_account(
            stack.sessions,
            port,
            "far@example.com",
            connections=1,
            mails_per_connection=mails,
        )
        stack.start_engine(1)
        campaign_id = add_campaign(stack.sessions, account_id, mails, ahead=SOON)
        message = built(stack.sessions, campaign_id)
        until(lambda: is_finished(stack.sessions, campaign_id), timeout_s=60 + mails)
        stack.stop_services()
        speed = rate(stack.sessions, campaign_id)
        one_each = round_trips(port)
        bare = bare_loop(port, message, mails=mails // 5, processes=1)
    yield Figure(
        "one connection, 20 ms per round trip",
        speed,
        "mails/s",
        one_each,
        "one per round trip",
        at_least=0.9,
    )
    yield Figure("the same", speed, "mails/s", bare, "smtplib")
