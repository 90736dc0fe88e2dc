"""The domain that an account's mail comes from: SPF, DKIM and DMARC, looked up by a sender."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from dakiya.domains.records import Findings, Judged, judge
from dakiya.domains.register import (
    addresses_of_server,
    domain_of,
    find_check,
    names_to_check,
    request_check,
)
from dakiya.models import SmtpAccount
from dakiya.queue import Doorbell
from dakiya.smtp_accounts.providers import provider_of_host
from dakiya_web.pages.smtp_accounts.blueprint import find_own, smtp_accounts
from dakiya_web.pages.smtp_accounts.domain_words import KINDS, TITLES, advice
from dakiya_web.rendering import is_fragment
from dakiya_web.ring import ring
from dakiya_web.wiring import request_session, wiring

# After so long without an answer the page says so and asks no more.
PATIENCE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class SeenRecord:
    """One kind of record, in words."""

    judged: Judged
    kind: str
    title: str
    advice: str


@dataclass(frozen=True)
class SeenDomain:
    """The domain of an account's “from” address as the pages show it.

    ``runs``: a sender is looking it up. ``records`` is empty before the first look-up.
    """

    name: str
    records: Sequence[SeenRecord]
    checked_at: datetime | None
    runs: bool


def look_at_domain(account: SmtpAccount) -> SeenDomain:
    """Return what is known of an account's domain."""
    session, name = request_session(), domain_of(account.from_email)
    provider = provider_of_host(account.host)
    addresses = addresses_of_server(session, account)
    check = find_check(session, name)
    if check is None:
        return SeenDomain(name, [], None, runs=False)
    judged = (
        judge(Findings.read(check.findings), domain=name, provider=provider, addresses=addresses)
        if check.findings
        else []
    )
    return SeenDomain(
        name,
        [
            SeenRecord(
                one,
                str(KINDS[one.kind]),
                str(TITLES[one.verdict]),
                advice(one, domain=name, provider=provider, addresses=addresses),
            )
            for one in judged
        ],
        check.checked_at,
        runs=any(is_being_looked_up(session, one) for one in _names(account)),
    )


def is_being_looked_up(session: Session, name: str) -> bool:
    """Say whether a name is being looked up, and the answer still worth waiting for."""
    check, now = find_check(session, name), wiring().clock()
    if check is None or now - check.requested_at >= PATIENCE:
        return False
    return check.checked_at is None or check.checked_at < check.requested_at


def _names(account: SmtpAccount) -> Sequence[str]:
    return names_to_check(account.from_email, account.host)


def ask_for_domain(account: SmtpAccount, *, again: bool = False) -> None:
    """Have a sender look the domain up, unless that is done; commits and rings.

    And its server's name, where that is its own: the domain's SPF record is judged by it.
    """
    ask_for_names(_names(account), again=again)


def ask_for_names(names: Iterable[str], *, again: bool = False) -> None:
    """Have a sender look names up, unless that is done; commits and rings."""
    session, now = request_session(), wiring().clock()
    asked = [request_check(session, name, now=now, again=again) for name in names]
    session.commit()
    for wanted in asked:
        if wanted is not None:
            ring(partial(Doorbell.ring_domain_check, check_id=wanted))


@smtp_accounts.post("/smtp-accounts/<id:account_id>/domain")
def look_again(account_id: int) -> ResponseReturnValue:
    """Have a sender look the domain up now."""
    account = find_own(account_id)
    ask_for_domain(account, again=True)
    return redirect(url_for("smtp_accounts.show", account_id=account.id, _anchor="domain"), 303)


@smtp_accounts.get("/smtp-accounts/<id:account_id>/domain")
def show_domain(account_id: int) -> ResponseReturnValue:
    """The domain by itself, for the page that shows it while it is looked up."""
    account = find_own(account_id)
    if not is_fragment():
        return redirect(url_for("smtp_accounts.show", account_id=account.id, _anchor="domain"))
    return render_template(
        "smtp_accounts/domain.html", account=account, domain=look_at_domain(account)
    )
