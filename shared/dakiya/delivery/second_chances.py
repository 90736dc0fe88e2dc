"""What the user may decide about mails that have ended: failed ones again, unknown ones either way.

A few mails are moved at once. Of many, the first chunk is; the word about the others is kept
(`SecondChance`), and the scheduler works it off chunk by chunk, each in a transaction of its own
that also moves the cursor: killed at any point, it goes on where it stood.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.delivery.chance_moves import CHUNK, count_mails, move_mails
from dakiya.delivery.counters import SCHEDULER_SLOT, WEB_SLOT
from dakiya.delivery.locks import lock_exclusively
from dakiya.errors import IllegalState
from dakiya.models import Campaign, CampaignStatus, ChanceKind, SecondChance, SmtpAccount

_SENDS_AGAIN: Final = (
    CampaignStatus.SENDING,
    CampaignStatus.PAUSING,
    CampaignStatus.PAUSED,
    CampaignStatus.FINISHED,
)


@dataclass(frozen=True)
class Given:
    """How many mails were moved at once, and how many the scheduler still has to move."""

    moved: int
    remaining: int = 0


def retry_failed(session: Session, campaign: Campaign) -> Given:
    """Let the failed mails that may pass wait for their turn again.

    A finished campaign sends again. Raises IllegalState. The caller commits, and rings a tick
    and, for what remains, the second chances.
    """
    return _give(session, campaign, ChanceKind.RETRY_FAILED)


def resolve_unknown(
    session: Session, campaign: Campaign, *, recipient_ids: Sequence[int] | None, as_sent: bool
) -> Given:
    """Count unknown mails as sent, or send them again, by their owner's word.

    ``recipient_ids`` None means all of them; a list is done at once, and ids of other mails
    are passed over. What is sent again may arrive twice. Raises IllegalState. The caller does
    as after `retry_failed`.
    """
    kind = ChanceKind.COUNT_SENT if as_sent else ChanceKind.SEND_AGAIN
    if recipient_ids is None:
        return _give(session, campaign, kind)
    _lock(session, campaign, kind)
    chunk = move_mails(session, campaign, kind, slot=WEB_SLOT, recipient_ids=recipient_ids)
    return Given(chunk.moved)


def find_chance(session: Session, campaign_id: int) -> SecondChance | None:
    """Return the word about a campaign's mails that is being worked off, if there is one."""
    return session.scalar(select(SecondChance).where(SecondChance.campaign_id == campaign_id))


def chances_to_work_off(session: Session) -> Sequence[int]:
    """Return the campaigns that have a second chance to be worked off."""
    return session.scalars(
        select(SecondChance.campaign_id).order_by(SecondChance.campaign_id)
    ).all()


def work_off_chunk(session: Session, campaign_id: int) -> int | None:
    """Move the next mails of a campaign's second chance; returns how many.

    None when it is done, or may not go on: the campaign was cancelled, or its account deleted.
    """
    if find_chance(session, campaign_id) is None:
        return None
    campaign = session.get_one(Campaign, campaign_id)
    lock_exclusively(session, campaign)
    found = session.scalar(
        select(SecondChance)
        .where(SecondChance.campaign_id == campaign_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        return None
    kind = ChanceKind(found.kind)
    if _why_not(session, campaign, kind):
        session.delete(found)
        return None
    chunk = move_mails(session, campaign, kind, slot=SCHEDULER_SLOT, after=found.up_to)
    found.moved += chunk.moved
    found.up_to = chunk.up_to
    if chunk.moved < CHUNK:
        session.delete(found)
    return chunk.moved


def _give(session: Session, campaign: Campaign, kind: ChanceKind) -> Given:
    _lock(session, campaign, kind)
    under_way = find_chance(session, campaign.id)
    if under_way is not None:
        if under_way.kind != kind:
            raise IllegalState(
                "What you decided about other mails of this campaign is still being done. "
                "Wait until it is."
            )
        return Given(0, max(0, under_way.mails - under_way.moved))
    chunk = move_mails(session, campaign, kind, slot=WEB_SLOT)
    remaining = count_mails(session, campaign, kind) if chunk.moved == CHUNK else 0
    if remaining:
        session.add(
            SecondChance(
                campaign_id=campaign.id,
                kind=kind.value,
                mails=chunk.moved + remaining,
                moved=chunk.moved,
                up_to=chunk.up_to,
            )
        )
        session.flush()
    return Given(chunk.moved, remaining)


def _lock(session: Session, campaign: Campaign, kind: ChanceKind) -> None:
    lock_exclusively(session, campaign)
    if reason := _why_not(session, campaign, kind):
        raise IllegalState(reason)


def _why_not(session: Session, campaign: Campaign, kind: ChanceKind) -> str | None:
    if kind is ChanceKind.COUNT_SENT:
        return None
    if campaign.status not in _SENDS_AGAIN:
        return f"The campaign is {campaign.status}; it cannot send a mail again."
    account = session.get(SmtpAccount, campaign.smtp_account_id)
    if account is None or account.deleted_at is not None:
        return "The campaign's SMTP account was deleted; it cannot send a mail again."
    return None
