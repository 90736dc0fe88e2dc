"""A taken batch, a recording server and everything of a sender but its process."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from psycopg2 import extensions
from sqlalchemy import select

from dakiya.config import Settings
from dakiya.db import SessionFactory, database_now
from dakiya.delivery.claims import claim_lane, find_lanes
from dakiya.delivery.ledger import load_emails
from dakiya.delivery.taking import Taken, take_batch
from dakiya.models import Campaign, Email
from dakiya.smtp_accounts.egress import EgressRule
from dakiya.smtp_accounts.secrets import SecretBox
from dakiya_sender import ledger_writer
from dakiya_sender.delivery import BatchDelivery, Report
from dakiya_sender.leave import note_login
from dakiya_sender.messages import MessageCache
from dakiya_sender.pace import SharedPace
from dakiya_sender.pool import ConnectionPool
from dakiya_sender.recording import Recorder as OutcomeRecorder
from dakiya_sender.servers import Servers
from dakiya_sender.slots import ConnectionSlots
from dakiya_sender.verdicts import RetryRule
from tests.engine.world import make_account, make_sending, make_workspace
from tests.recorder import Recorder

SLOT = 20
WRITER_SLOT = 21
LEASE_S = 60.0


@dataclass
class SenderScene:
    """One batch in the hands of one thread."""

    sessions: SessionFactory
    settings: Settings
    server: Recorder
    campaign: Campaign
    taken: Taken
    recorder: OutcomeRecorder
    slots: ConnectionSlots
    pool: ConnectionPool
    stop: threading.Event

    def deliver(self, *, must_yield: Callable[[], bool] = lambda: False) -> Report:
        """Run the batch and end it as the actor does."""
        report = self.run(must_yield=must_yield)
        account = self.taken.account
        self.recorder.finish(trouble=report.trouble, had_trouble=False, mended=account.mended)
        return report

    def run(self, *, must_yield: Callable[[], bool] = lambda: False) -> Report:
        """Run the batch without ending it."""
        with self.sessions() as session:
            mails = load_emails(session, self.taken.claim)
            message = MessageCache().get(session, self.campaign.id, self.taken.account)
        servers = Servers(
            EgressRule.parse("127.0.0.1"), SecretBox(self.settings), helo_name="sender.test"
        )
        delivery = BatchDelivery(
            self.taken,
            message=message,
            server=servers.server_for(self.taken.account),
            pool=self.pool,
            recorder=self.recorder,
            pace=SharedPace(self.sessions, self.taken.account, self.taken.limits, self.stop),
            retry=RetryRule(60, 3600),
            public_url="https://mail.example.org",
            link_key=b"k" * 32,
            stop=self.stop,
            must_yield=must_yield,
            note_login=lambda: note_login(self.sessions, self.taken.account) is not None,
        )
        return delivery.run(mails)

    def rows(self) -> list[Email]:
        """Return the ledger's rows in the order of the list."""
        with self.sessions() as session:
            return list(session.scalars(select(Email).order_by(Email.recipient_id)))

    def addresses(self) -> list[str]:
        """Return whom the server has got mail for."""
        return [mail.recipient for mail in self.server.received()]


@contextmanager
def at_commit(act: Callable[[extensions.cursor], None]) -> Iterator[None]:
    """Do something right before each commit of a round of the ledger writer."""
    commit: Callable[[extensions.cursor], None] = vars(ledger_writer)["commit_round"]

    def act_and_commit(cursor: extensions.cursor) -> None:
        act(cursor)
        commit(cursor)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger_writer, "commit_round", act_and_commit)
        yield


def states(scene: SenderScene) -> list[str]:
    """Return the states of the mails in the order of the list."""
    return [row.state.value for row in scene.rows()]


def take_one(
    sessions: SessionFactory, server: Recorder, mails: int | Sequence[str]
) -> tuple[Campaign, Taken]:
    """Make a campaign whose only batch is taken; ``mails`` are addresses, or how many to make."""
    with sessions.begin() as session:
        account = make_account(session, make_workspace(session), server.port, connections=1)
        campaign = make_sending(session, account, mails)
        now = database_now(session)
        [lane] = find_lanes(session, now=now)
        [batch_id] = claim_lane(session, lane, now=now, batch_size=50).ring_now
        taken = take_batch(session, batch_id, taken_by="one", lease_s=LEASE_S, slot=SLOT)
        assert taken is not None
    return campaign, taken
