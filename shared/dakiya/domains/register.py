"""Look-ups of sender domains: asked for by the web, made by a sender, kept for everybody.

What a domain's name servers say is public, so one row serves all workspaces.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dakiya.domains.records import Findings
from dakiya.models import DomainCheck, SmtpAccount
from dakiya.smtp_accounts.providers import provider_of_host

# Asked again sooner, the answer would mostly be the same one.
ASK_AGAIN_AFTER: Final = timedelta(seconds=10)
OLD_AFTER: Final = timedelta(hours=24)
KEPT_FOR: Final = timedelta(days=30)
REFRESHED_AT_ONCE: Final = 100


def domain_of(address: str) -> str:
    """Return the domain of an address as the DNS knows it."""
    domain = address.rpartition("@")[2].lower().rstrip(".")
    try:
        return domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        return ""


def find_check(session: Session, domain: str) -> DomainCheck | None:
    """Return what is known of a domain."""
    return session.scalar(select(DomainCheck).where(DomainCheck.domain == domain))


def find_mx(session: Session, domain: str) -> Sequence[str] | None:
    """Return the hosts that take a domain's mail; None while nobody has asked."""
    check = find_check(session, domain)
    if check is None or not check.findings:
        return None
    return Findings.read(check.findings).mx


def addresses_of_server(session: Session, account: SmtpAccount) -> Sequence[str]:
    """Return the addresses of an account's own server, as far as they are known.

    None of a known provider's, whose mail leaves from elsewhere.
    """
    if provider_of_host(account.host) is not None:
        return ()
    try:
        return [str(ip_address(account.host))]
    except ValueError:
        check = find_check(session, account.host)
        return Findings.read(check.findings).addresses if check and check.findings else ()


def names_to_check(from_email: str, host: str) -> Sequence[str]:
    """Return what an account wants looked up: its domain, and its server where that is its own."""
    names = [domain_of(from_email)]
    host = host.lower().rstrip(".")
    if provider_of_host(host) is None and "." in host and not host.rpartition(".")[2].isdigit():
        names.append(host)
    return [name for name in dict.fromkeys(names) if name]


def refresh_checks(session: Session, *, now: datetime) -> int:
    """Ask again for what live accounts need and nobody has looked up lately; returns how many.

    A sender is rung for them as for all that waits. A few at a time.
    """
    wanted = {
        name
        for from_email, host in session.execute(
            select(SmtpAccount.from_email, SmtpAccount.host)
            .where(SmtpAccount.deleted_at.is_(None))
            .distinct()
        )
        for name in names_to_check(from_email, host)
    }
    recent = set(
        session.scalars(
            select(DomainCheck.domain).where(
                DomainCheck.domain.in_(wanted), DomainCheck.requested_at >= now - OLD_AFTER
            )
        )
    )
    asked = sorted(wanted - recent)[:REFRESHED_AT_ONCE]
    for name in asked:
        request_check(session, name, now=now, again=False)
    return len(asked)


def request_check(session: Session, domain: str, *, now: datetime, again: bool) -> int | None:
    """Ask for a look-up; returns what to ring for. None when there is nothing to do.

    Nothing to do: it is being looked up, or was a moment ago, or (but for ``again``) today.
    """
    if not domain:
        return None
    old = now - (ASK_AGAIN_AFTER if again else OLD_AFTER)
    asked = insert(DomainCheck).values(domain=domain, requested_at=now)
    return session.scalar(
        asked.on_conflict_do_update(
            index_elements=[DomainCheck.domain],
            set_={"requested_at": now},
            where=or_(DomainCheck.requested_at < old, DomainCheck.requested_at > now),
        ).returning(DomainCheck.id)
    )


def domain_to_check(session: Session, check_id: int) -> str | None:
    """Return the domain of a look-up that nobody has made since it was asked for."""
    return session.scalar(
        select(DomainCheck.domain).where(
            DomainCheck.id == check_id,
            or_(
                DomainCheck.checked_at.is_(None),
                DomainCheck.checked_at < DomainCheck.requested_at,
            ),
        )
    )


def record_check(session: Session, check_id: int, found: Findings) -> None:
    """Keep what the name servers said."""
    session.execute(
        update(DomainCheck)
        .where(DomainCheck.id == check_id)
        .values(findings=found.as_json(), checked_at=func.clock_timestamp())
    )


def waiting_checks(session: Session, *, now: datetime, older_than: timedelta) -> Sequence[int]:
    """Return the look-ups that no sender has made for so long, and that are still wanted."""
    return session.scalars(
        select(DomainCheck.id).where(
            or_(
                DomainCheck.checked_at.is_(None),
                DomainCheck.checked_at < DomainCheck.requested_at,
            ),
            DomainCheck.requested_at.between(now - timedelta(hours=1), now - older_than),
        )
    ).all()


def forget_checks(session: Session, *, now: datetime) -> None:
    """Delete what nobody has asked for in a long time."""
    session.execute(delete(DomainCheck).where(DomainCheck.requested_at < now - KEPT_FOR))
