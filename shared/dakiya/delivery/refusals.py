"""Refusals that may be meant for everybody: they wait for a verdict before they are final.

A refusal for good whose words name neither the recipient nor the content ("5.7.1 Policy", "554
5.2.0") is the recipient's if the server goes on taking others, and the account's if it does not:

1. The mail is deferred, uncharged, and held (``hold``), with what the account's campaigns had
   accepted by then.
2. REFUSALS_IN_A_ROW recipients held with no acceptance in between pause the account for its
   owner, whatever senders met them; everybody who is held waits for the pause to end, uncharged.
3. Once more mails were accepted than the account has connections, one of them was accepted
   after the refusal for certain, and the refusal is final. So it is when nothing else is left to
   send within HELD_FOR_S: nobody is left to spare.

See docs/decisions/0020-refused-wholesale.md.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dakiya.delivery.content_trouble import REFUSALS_IN_A_ROW as CONTENT_REFUSALS
from dakiya.delivery.counters import Moves
from dakiya.delivery.ledger import Claim, record
from dakiya.delivery.outcomes import Outcome
from dakiya.delivery.trouble import AccountTrouble, pause_account
from dakiya.mail.verdict import Reason
from dakiya.models import (
    Attempt,
    Batch,
    BatchState,
    Campaign,
    CampaignCounter,
    CampaignStatus,
    Email,
    EmailState,
    HeldRefusal,
    Recipient,
    SmtpAccount,
)

# Enough to tell a server's mind from that of a few recipients, few enough to cost nobody much.
REFUSALS_IN_A_ROW = 5
# Refusals for good that say nothing of the recipient, the address or the content.
MAY_BE_MEANT_FOR_ALL: Final[tuple[str, ...]] = (
    Reason.POLICY.value,
    Reason.OTHER_PERMANENT.value,
)
# Without a verdict by then the mail is tried again; nobody who could tell is waited for longer.
HELD_FOR_S = 3600.0
_STILL_HELD = and_(
    Email.id == HeldRefusal.email_id,
    Email.batch_id == HeldRefusal.batch_id,
    Email.fence == HeldRefusal.fence,
    Email.state == EmailState.DEFERRED,
)


def may_be_meant_for_all(outcome: Outcome) -> bool:
    """Whether an outcome is a refusal that has to wait for what the server says to others."""
    return outcome.state is EmailState.FAILED and outcome.reason in MAY_BE_MEANT_FOR_ALL


def hold(session: Session, claim: Claim, email_id: int, refusal: Outcome, *, slot: int) -> bool:
    """Defer a refused mail, uncharged, until there is a verdict; False: not ours any more.

    What the same connection had accepted before has to be committed. Repeating it after a commit
    whose success is uncertain changes nothing.
    """
    waits = Outcome(
        EmailState.DEFERRED,
        refusal.phase,
        refusal.reply_code,
        refusal.reply_text,
        refusal.reason,
        retry_in_s=HELD_FOR_S,
        charged=False,
    )
    moves = Moves()
    if not record(session, claim, email_id, waits, moves):
        return False
    moves.store(session, campaign_id=claim.campaign_id, slot=slot)
    held = {
        "smtp_account_id": claim.smtp_account_id,
        "batch_id": claim.batch_id,
        "fence": claim.fence,
        "accepted": _accepted(session, claim.smtp_account_id),
        "refused_at": func.clock_timestamp(),
    }
    session.execute(
        insert(HeldRefusal)
        .values(email_id=email_id, **held)
        .on_conflict_do_update(index_elements=[HeldRefusal.email_id], set_=held)
    )
    return True


def judge(
    session: Session, smtp_account_id: int, *, slot: int, skip_locked: bool = False
) -> SmtpAccount | None:
    """Come to what verdicts are possible; returns the account if it waits for its owner now.

    In a transaction of its own: it locks the account, and whoever holds a mail's row may not wait
    for that. ``skip_locked``: leave it alone if somebody else is at it.
    """
    account = session.scalar(
        select(SmtpAccount)
        .where(SmtpAccount.id == smtp_account_id)
        .with_for_update(key_share=True, skip_locked=skip_locked)
        .execution_options(populate_existing=True)
    )
    if account is None:
        return None
    _forget_moved_on(session, smtp_account_id)
    if account.paused_at is not None and account.paused_until is None:
        _let_go(session, smtp_account_id)
        return account
    rows = session.execute(
        select(HeldRefusal, Recipient.email_normalised)
        .join(Email, Email.id == HeldRefusal.email_id)
        .join(Recipient, Recipient.id == Email.recipient_id)
        .where(HeldRefusal.smtp_account_id == smtp_account_id)
        .order_by(HeldRefusal.refused_at)
    ).all()
    if not rows:
        return None
    accepted = _accepted(session, smtp_account_id)
    since = {held.email_id: _since(held.accepted, accepted) for held, _ in rows}
    in_a_row = {address for held, address in rows if not since[held.email_id]}
    if len(in_a_row) >= REFUSALS_IN_A_ROW and _pause(session, rows[-1][0], len(in_a_row)):
        _let_go(session, smtp_account_id)
        session.refresh(account)
        return account
    certain = [key for key, mails in since.items() if mails > account.connections]
    nobody_left = _nothing_else_to_send(session, smtp_account_id)
    _make_final(session, smtp_account_id, certain, all_that_send=nobody_left, slot=slot)
    return None


def accounts_to_judge(session: Session) -> Sequence[int]:
    """Return the accounts that have a refusal held."""
    return session.scalars(
        select(HeldRefusal.smtp_account_id).distinct().order_by(HeldRefusal.smtp_account_id)
    ).all()


def _accepted(session: Session, smtp_account_id: int) -> dict[str, int]:
    """Return how many mails each campaign of an account has had accepted, if any.

    Of ended ones too: a campaign may end with an acceptance, and be set going again.
    """
    mails = func.sum(CampaignCounter.sent + CampaignCounter.bounced)
    rows = session.execute(
        select(Campaign.id, mails)
        .join(CampaignCounter, CampaignCounter.campaign_id == Campaign.id)
        .where(Campaign.smtp_account_id == smtp_account_id)
        .group_by(Campaign.id)
        .having(mails > 0)
    )
    return {str(campaign_id): int(accepted) for campaign_id, accepted in rows}


def _since(before: Mapping[str, int], now: Mapping[str, int]) -> int:
    """Count what was accepted since."""
    return sum(max(mails - before.get(key, 0), 0) for key, mails in now.items())


def _pause(session: Session, last: HeldRefusal, recipients: int) -> bool:
    code, words = session.execute(
        select(Email.reply_code, Email.reply_text).where(Email.id == last.email_id)
    ).one()
    answer = " ".join(str(part) for part in (code, words) if part)
    detail = (
        f"The server refused {recipients} recipients one after the other, and took no mail in"
        f" between. It answered: {answer}"
    )
    trouble = AccountTrouble(Reason.POLICY.value, detail, needs_owner=True)
    return pause_account(session, last.smtp_account_id, trouble)


def _forget_moved_on(session: Session, smtp_account_id: int) -> None:
    """Drop what has moved on without a verdict: tried again, cancelled, suppressed."""
    session.execute(
        delete(HeldRefusal).where(
            HeldRefusal.smtp_account_id == smtp_account_id, ~exists().where(_STILL_HELD)
        )
    )


def _let_go(session: Session, smtp_account_id: int) -> None:
    """Let an account's held mails have their turn as soon as it may send again.

    In one statement: somebody may be holding another one right now, and that one is not ours.
    """
    let_go = (
        delete(HeldRefusal)
        .where(HeldRefusal.smtp_account_id == smtp_account_id)
        .returning(HeldRefusal.email_id, HeldRefusal.batch_id, HeldRefusal.fence)
        .cte("let_go")
    )
    session.execute(
        update(Email)
        .where(
            Email.id == let_go.c.email_id,
            Email.batch_id == let_go.c.batch_id,
            Email.fence == let_go.c.fence,
            Email.state == EmailState.DEFERRED,
        )
        .values(due_at=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )


def _nothing_else_to_send(session: Session, smtp_account_id: int) -> bool:
    open_batch = exists().where(
        Batch.smtp_account_id == smtp_account_id,
        Batch.state.in_((BatchState.READY, BatchState.TAKEN)),
    )
    is_held = exists().where(HeldRefusal.email_id == Email.id).correlate(Email)
    # Stable, so that the index is walked no further.
    soon = func.statement_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, HELD_FOR_S)
    could_tell = (
        exists()
        .where(
            Email.campaign_id == Campaign.id,
            # As the index has it.
            text("email.state IN ('pending', 'deferred')"),
            Email.due_at <= soon,
            ~is_held,
        )
        .correlate(Campaign)
    )
    campaign = exists().where(
        Campaign.smtp_account_id == smtp_account_id,
        Campaign.status == CampaignStatus.SENDING,
        Campaign.refused_in_a_row < CONTENT_REFUSALS,
        could_tell,
    )
    return not session.scalar(select(or_(open_batch, campaign)))


def _make_final(
    session: Session,
    smtp_account_id: int,
    certain: Collection[int],
    *,
    all_that_send: bool,
    slot: int,
) -> None:
    """Let held refusals be what they say: the mail failed, at its attempt's instant.

    ``all_that_send``: also those of which nothing is certain, of campaigns that are sending.
    """
    which: ColumnElement[bool] = HeldRefusal.email_id.in_(certain)
    if all_that_send:
        which = or_(which, Campaign.status == CampaignStatus.SENDING)
    failed = session.execute(
        update(Email)
        .where(
            _STILL_HELD,
            HeldRefusal.smtp_account_id == smtp_account_id,
            Campaign.id == Email.campaign_id,
            which,
        )
        .values(
            state=EmailState.FAILED,
            attempts=Email.attempts + 1,
            first_tried_at=func.coalesce(Email.first_tried_at, HeldRefusal.refused_at),
        )
        .returning(Email.id, Email.campaign_id, Email.attempts)
        .execution_options(synchronize_session=False)
    ).all()
    for campaign_id in sorted({row.campaign_id for row in failed}):
        moves = Moves()
        mails = sum(row.campaign_id == campaign_id for row in failed)
        moves.add(EmailState.DEFERRED, EmailState.FAILED, mails)
        moves.store(session, campaign_id=campaign_id, slot=slot)
    for email_id, _, attempts in failed:
        latest = select(func.max(Attempt.id)).where(Attempt.email_id == email_id)
        session.execute(
            update(Attempt)
            .where(Attempt.id == latest.scalar_subquery())
            .values(outcome=EmailState.FAILED, number=attempts)
        )
    ids = [row.id for row in failed]
    session.execute(delete(HeldRefusal).where(HeldRefusal.email_id.in_(ids)))
