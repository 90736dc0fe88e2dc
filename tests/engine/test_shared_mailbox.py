"""Two workspaces with one mailbox: its provider sees one day and one cap of connections."""

from sqlalchemy import select

from dakiya.config import Settings
from dakiya.db import SessionFactory
from dakiya.models import EmailState, SmtpAccount
from dakiya.smtp_accounts.secrets import SecretBox
from tests.engine.installation import Installation
from tests.engine.world import (
    make_account,
    make_campaign,
    make_workspace,
    miscounted,
    states_of,
    wait_until,
)
from tests.recorder import Rule
from tests.recorder.behaviour import Behaviour
from tests.recorder.plugin import StartRecorder

PASSWORD = "the same for both"
LIMIT = 40
CONNECTIONS = 2


def test_two_workspaces_send_no_more_together_than_one_may(
    installation: Installation,
    session_factory: SessionFactory,
    recorder: StartRecorder,
    settings: Settings,
) -> None:
    slow = Rule("dot", delay_s=0.1)
    server = recorder(behaviour=Behaviour(users={"alice": PASSWORD}, rules=(slow,)))
    with session_factory.begin() as session:
        campaigns = [
            make_campaign(
                session,
                make_account(
                    session,
                    make_workspace(session, email),
                    server.port,
                    username="alice",
                    password_encrypted=SecretBox(settings).seal(PASSWORD),
                    per_day=LIMIT,
                    connections=CONNECTIONS,
                ),
                50,
            )
            for email in ("alice@example.com", "bob@example.com")
        ]
    installation.start("scheduler")
    for _ in range(2):
        installation.start("sender")
    wait_until(
        session_factory,
        lambda s: sum(states_of(s, one)[EmailState.SENT] for one in campaigns) == LIMIT,
    )
    wait_until(
        session_factory,
        lambda s: sum(states_of(s, one)[EmailState.PENDING] for one in campaigns) == 100 - LIMIT,
    )
    assert len(server.received()) == LIMIT
    # Only the login that showed that it is the same mailbox was one more.
    assert server.most_connections() <= CONNECTIONS + 1
    with session_factory() as session:
        assert len(set(session.scalars(select(SmtpAccount.mailbox_id)))) == 1
        for one in campaigns:
            assert not miscounted(session, one)
            assert states_of(session, one)[EmailState.UNKNOWN] == 0
