"""The domain that an account's mail comes from: SPF, DKIM and DMARC, looked up by a sender."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dakiya.domains.records import Findings, Judged, judge
from dakiya.domains.register import domain_of, find_check, request_check
from dakiya.models import SmtpAccount
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
    name, now = domain_of(account.from_email), wiring().clock()
    provider = provider_of_host(account.host)
    check = find_check(request_session(), name)
    if check is None:
        return SeenDomain(name, [], None, runs=False)
    judged = (
        judge(Findings.read(check.findings), domain=name, provider=provider)
        if check.findings
        else []
    )
    open_ = check.checked_at is None or check.checked_at < check.requested_at
    return SeenDomain(
        name,
        [
            SeenRecord(
                one,
                str(KINDS[one.kind]),
                str(TITLES[one.verdict]),
                advice(one, domain=name, provider=provider),
            )
            for one in judged
        ],
        check.checked_at,
        runs=open_ and now - check.requested_at < PATIENCE,
    )


def ask_for_domain(account: SmtpAccount, *, again: bool = False) -> None:
    """Have a sender look the domain up, unless that is done; commits and rings."""
    session = request_session()
    wanted = request_check(
        session, domain_of(account.from_email), now=wiring().clock(), again=again
    )
    session.commit()
    if wanted is not None:
        ring(lambda doorbell: doorbell.ring_domain_check(wanted))


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
