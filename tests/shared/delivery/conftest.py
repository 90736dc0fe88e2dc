"""A campaign in the ledger with one taken batch, without any process."""

from dataclasses import dataclass

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from dakiya.db import database_now
from dakiya.delivery.claims import claim_lane, find_lanes
from dakiya.delivery.counters import FIRST_SENDER_SLOT, Moves
from dakiya.delivery.ledger import Claim, ClaimedEmail, load_emails
from dakiya.delivery.taking import Taken, take_batch
from dakiya.models import Batch, Campaign, Email, SmtpAccount
from tests.engine.world import make_account, make_sending, make_workspace

LEASE_S = 60.0
SLOT = FIRST_SENDER_SLOT


def claim_all(session: Session, *, batch_size: int = 50) -> list[int]:
    """Claim for every lane; returns the batches that may start now."""
    now = database_now(session)
    ready: list[int] = []
    for lane in find_lanes(session, now=now):
        ready += claim_lane(session, lane, now=now, batch_size=batch_size).ring_now
    return ready


def take(session: Session, batch_id: int, *, by: str = "sender-1") -> Taken | None:
    """Take a batch as a sender does."""
    return take_batch(session, batch_id, taken_by=by, lease_s=LEASE_S, slot=SLOT)


def expire(session: Session, batch_id: int) -> None:
    """Let a batch's lease run out."""
    session.execute(
        update(Batch)
        .where(Batch.id == batch_id)
        .values(lease_expires_at=text("clock_timestamp() - interval '1 second'"))
    )


@dataclass
class Scene:
    """A campaign of some mails, all of them in one batch that a sender has taken."""

    session: Session
    account: SmtpAccount
    campaign: Campaign
    claim: Claim
    mails: list[ClaimedEmail]

    def row(self, number: int = 0) -> Email:
        """Read a mail's row anew."""
        return self.session.get_one(Email, self.mails[number].id, populate_existing=True)

    def batch(self) -> Batch:
        """Read the batch anew."""
        return self.session.get_one(Batch, self.claim.batch_id, populate_existing=True)

    def store(self, moves: Moves) -> None:
        """Write what was moved, as the end of a sender's transaction does."""
        moves.store(self.session, campaign_id=self.campaign.id, slot=SLOT)


def set_scene(session: Session, mails: int = 5) -> Scene:
    """Make a campaign and take its only batch."""
    account = make_account(session, make_workspace(session), 2525)
    campaign = make_sending(session, account, mails)
    [batch_id] = claim_all(session)
    taken = take(session, batch_id)
    assert taken is not None
    return Scene(session, account, campaign, taken.claim, list(load_emails(session, taken.claim)))


@pytest.fixture
def scene(session: Session) -> Scene:
    """A scene in a transaction that is rolled back."""
    return set_scene(session)
