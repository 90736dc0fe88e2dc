"""A sender takes a batch: compare-and-set, and a last look at the account's pace.

A batch has a planned instant, but it starts when it is taken: a bell that rings late, a
sender that was busy or a connection that was not free move it. Each taking therefore asks
the pace anew, by what has really started, and notes its own instant.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from dakiya.delivery.counters import Moves
from dakiya.delivery.ledger import Claim, close_batch, give_back, hand_back
from dakiya.delivery.pacing import Slot
from dakiya.delivery.usage import add_usage, has_room, load_pace, return_usage
from dakiya.models import Batch, BatchState, Campaign, CampaignStatus, SmtpAccount

# The bell may ring a little before the instant by the database's clock.
EARLY_S = 0.05
ASK_AGAIN_AFTER = timedelta(milliseconds=50)

_TAKE = text("""
    UPDATE batch SET state = 'taken', fence = fence + 1, taken_by = :taken_by,
           lease_expires_at = clock_timestamp() + make_interval(secs => :lease_s)
     WHERE id = :batch_id AND state = 'ready'
       AND start_at <= clock_timestamp() + make_interval(secs => :early_s)
    RETURNING fence, campaign_id, workspace_id, smtp_account_id, start_at, mails, paced,
              clock_timestamp() AS now
""")


@dataclass(frozen=True)
class Taken:
    """A batch in our hands, and the account to send it through."""

    claim: Claim
    account: SmtpAccount
    mails: int
    paced: bool


def take_batch(
    session: Session, batch_id: int, *, taken_by: str, lease_s: float, slot: int
) -> Taken | None:
    """Take a ready batch; None when there is nothing to send now.

    Nothing to send: another sender has it, its time has not come, its pace has to wait
    (it gets a new instant), or its account or campaign has stopped (its mails go back).
    """
    row = session.execute(
        _TAKE,
        {"batch_id": batch_id, "taken_by": taken_by, "lease_s": lease_s, "early_s": EARLY_S},
    ).one_or_none()
    if row is None:
        return None
    claim = Claim(
        batch_id, row.fence, row.campaign_id, row.workspace_id, row.smtp_account_id, row.start_at
    )
    account = session.get_one(SmtpAccount, row.smtp_account_id)
    status = session.scalar(select(Campaign.status).where(Campaign.id == claim.campaign_id))
    if status is not CampaignStatus.SENDING or not is_open(account, now=row.now):
        return_batch(session, claim, unused=row.mails if row.paced else 0, slot=slot)
        return None
    taken = Taken(claim, account, row.mails, row.paced)
    return _pace_again(session, taken) if row.paced else taken


def is_open(account: SmtpAccount, *, now: datetime) -> bool:
    """Tell whether an account may send: not deleted, and no pause that still holds."""
    if account.deleted_at is not None:
        return False
    if account.paused_at is None:
        return True
    return account.paused_until is not None and account.paused_until <= now


def return_batch(session: Session, claim: Claim, *, unused: int, slot: int) -> int:
    """Give the unsent mails back, close the batch, and return what it did not use of the pace.

    ``unused`` is 0 for a batch without pace. Returns how many mails went back to pending.
    """
    moves = Moves()
    returned = give_back(session, claim, moves)
    moves.store(session, campaign_id=claim.campaign_id, slot=slot)
    close_batch(session, claim)
    return_usage(session, claim.smtp_account_id, Slot(claim.start_at, unused))
    return returned


def hand_back_batch(session: Session, taken: Taken, *, wait_s: float) -> None:
    """Make a taken batch ready again after a short wait, and its share of the pace with it."""
    start_at = hand_back(session, taken.claim, wait_s=wait_s)
    if taken.paced and start_at is not None:
        account_id = taken.claim.smtp_account_id
        return_usage(session, account_id, Slot(taken.claim.start_at, taken.mails))
        add_usage(session, account_id, Slot(start_at, taken.mails))


def _pace_again(session: Session, taken: Taken) -> Taken | None:
    """Let a batch start now, or give it a new instant and make it ready again (None)."""
    claim = taken.claim
    account = session.scalars(
        select(SmtpAccount)
        .where(SmtpAccount.id == claim.smtp_account_id)
        .with_for_update(key_share=True)
    ).one()
    now = database_now(session)
    return_usage(session, account.id, Slot(claim.start_at, taken.mails))
    start_at = now
    if not has_room(session, account, mails=taken.mails, now=now, batch_id=taken.claim.batch_id):
        # What is planned for later makes way: it asks again when it is taken.
        pace = load_pace(session, account, now=now, planned=False)
        found = pace.next_slot(now, at_most=taken.mails, at_least=taken.mails)
        # Where only what runs is in the way, nobody knows yet when it will have ended.
        start_at = max(found.start_at if found else now, now + ASK_AGAIN_AFTER)
    add_usage(session, account.id, Slot(start_at, taken.mails))
    waits = {"state": BatchState.READY, "lease_expires_at": None, "taken_by": None, "rung_at": None}
    session.execute(
        update(Batch)
        .where(Batch.id == claim.batch_id, Batch.fence == claim.fence)
        .values(start_at=start_at, **(waits if start_at > now else {}))
    )
    return None if start_at > now else replace(taken, claim=replace(claim, start_at=start_at))


def database_now(session: Session) -> datetime:
    """Return the database's clock, which every lease and instant is measured by."""
    now: datetime = session.scalars(select(func.clock_timestamp())).one()
    return now
