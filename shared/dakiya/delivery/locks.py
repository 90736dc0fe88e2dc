"""PostgreSQL's advisory locks: their keys, so that no two uses collide, and the campaign's.

Whoever needs several locks takes them in this order: the campaign's advisory lock, its row,
batches by id, mails by id, counters by campaign. A sender's round (dakiya.delivery.rounds) holds
several campaigns' locks and waits for none of them.
"""

from hashlib import sha256

from sqlalchemy import text
from sqlalchemy.orm import Session

from dakiya.models import Campaign

_CAMPAIGN = 1 << 56
_CONNECTION = 2 << 56
_PACE = 3 << 56
_PROOF = 4 << 56


def campaign_lock(campaign_id: int) -> int:
    """Shared by each intent to send, exclusive for pause and cancel."""
    return _CAMPAIGN | campaign_id


def connection_lock(mailbox_id: int, slot: int) -> int:
    """Held by the session of the process whose SMTP connection it stands for; slot 0-255."""
    return _CONNECTION | mailbox_id << 8 | slot


def lock_pace(session: Session, mailbox_id: int) -> None:
    """Let no mail of a mailbox begin until commit; whoever needs rows locks them before.

    Held while a mail asks for leave: nobody who holds it waits for anything but another one.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PACE | mailbox_id})


def proof_lock(mailbox_key: str) -> int:
    """Held while it is noted that somebody has logged in to a mailbox."""
    return _PROOF | int.from_bytes(sha256(mailbox_key.encode()).digest()[:7])


def lock_exclusively(session: Session, campaign: Campaign) -> None:
    """Wait for intents under way, keep new ones out until commit, and read the row anew."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": campaign_lock(campaign.id)})
    session.refresh(campaign, with_for_update={"key_share": True})
