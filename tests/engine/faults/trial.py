"""A trial: campaigns on a running installation, a fault, and the oracle's word at its end."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from dakiya.db import SessionFactory
from dakiya.models import Campaign, CampaignStatus
from tests.engine.faults.table import Row, note
from tests.engine.installation import Installation
from tests.engine.world import Audit, audit, make_account, make_campaign, make_workspace, status_is
from tests.recorder import Recorder

# A line of the journal about a mail, roughly: progress is seen without reading it all.
BYTES_PER_MAIL = 250


@dataclass
class Trial:
    """What a fault's test needs: processes, the ledger, the table, and the dice."""

    installation: Installation
    sessions: SessionFactory
    request: pytest.FixtureRequest
    chance: random.Random

    def campaign(
        self,
        server: Recorder,
        mails: int,
        *,
        in_s: float = 0,
        start: bool = True,
        **account: object,
    ) -> Campaign:
        """Add a user with an account on this server and a campaign that starts now."""
        with self.sessions.begin() as session:
            workspace_id = make_workspace(session, f"user{server.port}@example.com")
            sender = make_account(session, workspace_id, server.port, **account)
            return make_campaign(session, sender, mails, in_s=in_s, start=start)

    def running(self, server: Recorder, mails: int, **account: Any) -> Campaign:
        """Add a campaign, and start a scheduler and two senders."""
        campaign = self.campaign(server, mails, **account)
        self.start("scheduler", "sender", "sender")
        return campaign

    def start(self, *services: str, **settings: str) -> None:
        """Start services by name."""
        for service in services:
            self.installation.start(service, **settings)

    def wait_for_mails(self, server: Recorder, more: int, *, timeout_s: float = 60) -> bool:
        """Wait until the server has received about so many more mails; False if it does not."""
        wanted = server.journal_path.stat().st_size + more * BYTES_PER_MAIL
        deadline = time.monotonic() + timeout_s
        while server.journal_path.stat().st_size < wanted:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def judge(
        self,
        fault: str,
        campaign: Campaign,
        server: Recorder,
        *,
        cuts: int = 0,
        resent: bool = False,
        status: CampaignStatus = CampaignStatus.FINISHED,
        timeout_s: float = 240,
    ) -> Audit:
        """Wait for the campaign's end, compare journal and ledger, note it, insist on zeros.

        ``cuts``: how many connections were cut at most. ``resent``: unknown mails were sent
        again, so as many may have arrived twice.
        """
        status_is(self.sessions, campaign, status, timeout_s=timeout_s)
        with self.sessions() as session:
            found = audit(session, campaign, server.received())
        row = Row(
            fault=fault,
            mails=found.mails,
            received=found.received,
            false_sent=found.false_sent,
            lost=found.lost,
            duplicates=found.duplicates,
            unknown=found.unknown,
            cuts=cuts,
            stuck=found.stuck,
        )
        note(self.request, row)
        print(row)
        flaws = dict(found.flaws)
        if resent and found.duplicates <= cuts:
            flaws.pop("duplicates", None)
        assert not flaws, row
        assert found.unknown <= cuts, row
        return found


def until(condition: Callable[[], bool], *, timeout_s: float = 120) -> None:
    """Wait for anything. Raises TimeoutError."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("what was waited for did not happen")
        time.sleep(0.05)
