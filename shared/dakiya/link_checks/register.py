"""Which addresses are to be visited, who visits them, and what was found.

1. the review of a campaign asks for the addresses of its mail; what was visited within a day is
   known, the rest is queued;
2. a sender takes some (SKIP LOCKED), visits them and records what it found;
3. the tick rings again for what nobody took, and takes back what a lost sender had.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dakiya.models import LinkCheck, LinkState, LinkVerdict

MAX_URL_CHARS = 2_000
# Of one mail; a longer one is looked at up to here.
MAX_LINKS = 150
# So many visits an hour: nobody uses us to walk through other people's sites.
VISITS_AN_HOUR = 600
KNOWN_FOR = timedelta(days=1)
# What failed may have been mended meanwhile.
DOUBTED_FOR = timedelta(minutes=2)
RING_AGAIN_AFTER = timedelta(seconds=20)
LOST_AFTER = timedelta(minutes=3)
KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Found:
    """What a visit found; the size is that of what the address holds, where it was told."""

    verdict: LinkVerdict
    detail: str
    http_status: int | None = None
    content_type: str | None = None
    size_bytes: int | None = None


@dataclass(frozen=True)
class Known:
    """What is known of some addresses, and how many of them are still being visited."""

    found: Mapping[str, LinkCheck]
    waiting: int


def ask_for(session: Session, urls: Collection[str], *, workspace_id: int, now: datetime) -> bool:
    """Queue what is not known of these addresses; tells whether anything was queued.

    The caller commits, then rings `Doorbell.ring_link_checks`.
    """
    wanted = {_digest(url): url for url in _in_bounds(urls)}
    if not wanted:
        return False
    fresh = or_(
        LinkCheck.state != LinkState.CHECKED,
        LinkCheck.checked_at > now - DOUBTED_FOR,
        (LinkCheck.checked_at > now - KNOWN_FOR)
        & LinkCheck.verdict.in_((LinkVerdict.FINE, LinkVerdict.GUARDED)),
    )
    known = session.scalars(
        select(LinkCheck.url_sha256).where(
            LinkCheck.workspace_id == workspace_id, LinkCheck.url_sha256.in_(wanted), fresh
        )
    )
    for digest in known:
        del wanted[digest]
    room = VISITS_AN_HOUR - _asked_lately(session, workspace_id, now)
    rows = [
        {"workspace_id": workspace_id, "url": url, "url_sha256": digest, "queued_at": now}
        for digest, url in list(wanted.items())[: max(0, room)]
    ]
    if not rows:
        return False
    adding = insert(LinkCheck).values(rows)
    session.execute(
        adding.on_conflict_do_update(
            index_elements=[LinkCheck.workspace_id, LinkCheck.url_sha256],
            set_={"state": LinkState.QUEUED, "queued_at": now, "started_at": None},
            where=LinkCheck.state == LinkState.CHECKED,
        )
    )
    return True


def known_of(session: Session, urls: Collection[str], *, workspace_id: int) -> Known:
    """Return what was found at these addresses; an earlier visit counts until the next is over."""
    wanted = {_digest(url): url for url in _in_bounds(urls)}
    rows = session.scalars(
        select(LinkCheck).where(
            LinkCheck.workspace_id == workspace_id, LinkCheck.url_sha256.in_(wanted)
        )
    ).all()
    return Known(
        found={row.url: row for row in rows if row.verdict is not None},
        waiting=sum(row.state is not LinkState.CHECKED for row in rows),
    )


def take(session: Session, workspace_id: int, *, limit: int) -> Sequence[LinkCheck]:
    """Take some queued addresses of a workspace; nobody else gets them. The caller commits."""
    chosen = (
        select(LinkCheck.id)
        .where(LinkCheck.workspace_id == workspace_id, LinkCheck.state == LinkState.QUEUED)
        .order_by(LinkCheck.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(
        update(LinkCheck)
        .where(LinkCheck.id.in_(chosen))
        .values(state=LinkState.CHECKING, started_at=func.clock_timestamp())
        .returning(LinkCheck)
    ).all()


def record(session: Session, check_id: int, found: Found) -> None:
    """Write what a visit found, unless somebody took the address back meanwhile."""
    session.execute(
        update(LinkCheck)
        .where(LinkCheck.id == check_id, LinkCheck.state == LinkState.CHECKING)
        .values(
            state=LinkState.CHECKED,
            verdict=found.verdict,
            detail=found.detail,
            http_status=found.http_status,
            content_type=found.content_type,
            size_bytes=found.size_bytes,
            checked_at=func.clock_timestamp(),
        )
    )


def workspaces_to_ring(session: Session, *, now: datetime) -> Sequence[int]:
    """Return the workspaces whose addresses nobody has taken for a while."""
    return session.scalars(
        select(LinkCheck.workspace_id)
        .where(LinkCheck.state == LinkState.QUEUED, LinkCheck.queued_at < now - RING_AGAIN_AFTER)
        .distinct()
    ).all()


def keep_register(session: Session, *, now: datetime) -> None:
    """Take back what a lost sender had, and forget what no mail has asked for since long."""
    session.execute(
        update(LinkCheck)
        .where(LinkCheck.state == LinkState.CHECKING, LinkCheck.started_at < now - LOST_AFTER)
        .values(state=LinkState.QUEUED, started_at=None)
    )
    session.execute(delete(LinkCheck).where(LinkCheck.queued_at < now - KEPT_FOR))


def _in_bounds(urls: Collection[str]) -> list[str]:
    return [url for url in dict.fromkeys(urls) if len(url) <= MAX_URL_CHARS][:MAX_LINKS]


def _asked_lately(session: Session, workspace_id: int, now: datetime) -> int:
    lately = select(func.count()).where(
        LinkCheck.workspace_id == workspace_id, LinkCheck.queued_at > now - timedelta(hours=1)
    )
    return session.scalars(lately).one()


def _digest(url: str) -> str:
    return sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
