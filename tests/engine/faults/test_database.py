"""PostgreSQL is the truth: without it no dot is sent, and what was learned waits for it."""

import time

from sqlalchemy import select

from dakiya.models import Email, EmailState
from dakiya_dev.embedded import EmbeddedPostgres
from tests.engine.faults.trial import Trial
from tests.recorder import Behaviour
from tests.recorder.plugin import StartRecorder

CONNECTIONS = 4
AWAY_S = 4


def test_database_killed_with_mails_on_the_wire(
    trial: Trial, recorder: StartRecorder, postgres: EmbeddedPostgres
) -> None:
    """The replies come while it is away: they are recorded when it is back, none is unknown."""
    server = recorder(behaviour=Behaviour(delays={"dot": 0.5}))
    campaign = trial.running(server, 60, connections=CONNECTIONS)
    for _ in range(2):
        assert trial.wait_for_mails(server, 8)
        postgres.stop(force=True)
        killed_at = time.time()
        time.sleep(AWAY_S)
        on_the_wire = [mail for mail in server.received() if mail.at > killed_at]
        assert len(on_the_wire) <= CONNECTIONS
        postgres.start()
    found = trial.judge(
        f"kill -9 of PostgreSQL, away for {AWAY_S} s", campaign, server, timeout_s=300
    )
    assert found.received == 60


def test_database_restarted_in_mid_run(
    trial: Trial, recorder: StartRecorder, postgres: EmbeddedPostgres
) -> None:
    server = recorder(behaviour=Behaviour(delays={"dot": 0.05}))
    campaign = trial.running(server, 600, connections=CONNECTIONS)
    for _ in range(2):
        assert trial.wait_for_mails(server, 80)
        postgres.stop()
        postgres.start()
    found = trial.judge("PostgreSQL restarted", campaign, server, timeout_s=300)
    assert found.received == 600
    with trial.sessions() as session:
        states = set(session.scalars(select(Email.state)))
    assert states == {EmailState.SENT}
