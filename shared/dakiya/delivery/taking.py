"""A sender takes a batch by compare-and-set, and gives back what it cannot send now.

A batch has a planned instant; each of its mails asks the account's pace for leave when its
turn has come (``take_leave``), and where that has to wait, the rest of the batch is parked.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from dakiya.db import database_now
from dakiya.delivery.content_trouble import REFUSALS_IN_A_ROW
from dakiya.delivery.counters import Moves
from dakiya.delivery.ledger import Claim, close_batch, give_back, hand_back
from dakiya.delivery.limits import pace_of, standing_of
from dakiya.delivery.pacing import Limits
from dakiya.delivery.usage import load_pace
from dakiya.models import Campaign, CampaignStatus, SmtpAccount

# The bell may ring a little before the instant by the database's clock.
EARLY_S = 0.05
# So far ahead an account's mails are claimed: a pause is quick, and nobody starves.
HORIZON = timedelta(seconds=20)

_TAKE = text("""
    UPDATE batch SET state = 'taken', fence = fence + 1, taken_by = :taken_by,
           lease_expires_at = clock_timestamp() + make_interval(secs => :lease_s)
     WHERE id = :batch_id AND state = 'ready'
       AND start_at <= clock_timestamp() + make_interval(secs => :early_s)
    RETURNING fence, campaign_id, workspace_id, smtp_account_id, mails, clock_timestamp() AS now
""")


@dataclass(frozen=True)
class Taken:
    """A batch in our hands, the account to send it through, and the limits that hold now.

    ``connections`` is how many of them the account may have at a time. ``is_proved``: somebody
    has logged in to its mailbox before.
    """

    claim: Claim
    account: SmtpAccount
    mails: int
    limits: Limits
    connections: int
    is_proved: bool


def take_batch(
    session: Session,
    batch_id: int,
    *,
    taken_by: str,
    lease_s: float,
    slot: int,
    early_s: float = EARLY_S,
) -> Taken | None:
    """Take a ready batch; None when there is nothing to send now.

    Nothing to send: another sender has it, its time has not come (but for ``early_s``), or its
    account or campaign has stopped (its mails go back).
    """
    row = session.execute(
        _TAKE,
        {"batch_id": batch_id, "taken_by": taken_by, "lease_s": lease_s, "early_s": early_s},
    ).one_or_none()
    if row is None:
        return None
    account = session.get_one(SmtpAccount, row.smtp_account_id)
    claim = Claim(
        batch_id,
        row.fence,
        row.campaign_id,
        row.workspace_id,
        row.smtp_account_id,
        account.mailbox_id,
    )
    if not _may_send(session, claim.campaign_id) or not is_open(account, now=row.now):
        return_batch(session, claim, slot=slot)
        return None
    standing = standing_of(session, account)
    return Taken(
        claim,
        account,
        row.mails,
        limits=standing.pace(row.now),
        connections=standing.connections_at(row.now),
        is_proved=standing.is_proved,
    )


def _may_send(session: Session, campaign_id: int) -> bool:
    sends = (
        Campaign.status == CampaignStatus.SENDING,
        Campaign.refused_in_a_row < REFUSALS_IN_A_ROW,
    )
    return session.scalar(select(Campaign.id).where(Campaign.id == campaign_id, *sends)) is not None


def is_open(account: SmtpAccount, *, now: datetime) -> bool:
    """Tell whether an account may send: not deleted, and no pause that still holds."""
    if account.deleted_at is not None:
        return False
    if account.paused_at is None:
        return True
    return account.paused_until is not None and account.paused_until <= now


def return_batch(session: Session, claim: Claim, *, slot: int) -> int:
    """Give the unsent mails back and close the batch; returns how many went back to pending."""
    moves = Moves()
    returned = give_back(session, claim, moves)
    moves.store(session, campaign_id=claim.campaign_id, slot=slot)
    close_batch(session, claim)
    return returned


def hand_back_batch(session: Session, taken: Taken, *, wait_s: float) -> None:
    """Make a taken batch ready again after a short wait: this process cannot send it now."""
    hand_back(session, taken.claim, start_at=database_now(session) + timedelta(seconds=wait_s))


def park_batch(session: Session, claim: Claim, account: SmtpAccount) -> bool:
    """Let the rest of a batch wait for its pace; False when that lies beyond the horizon.

    It waits behind what the account's other batches have to send.
    """
    now = database_now(session)
    limits = pace_of(session, account, now=now)
    pace = load_pace(session, account, limits=limits, now=now, but=claim.batch_id)
    slot = pace.next_slot(now, at_most=1, until=now + HORIZON)
    if slot is None:
        return False
    hand_back(session, claim, start_at=slot.start_at)
    return True
