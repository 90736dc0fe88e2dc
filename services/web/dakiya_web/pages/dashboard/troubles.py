"""What lately went wrong and needs somebody, the worst first."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for

from dakiya.models import SmtpAccount
from dakiya_web.navigation import has_page
from dakiya_web.pages.campaigns.rows import Row
from dakiya_web.wording import number, percent

# Fewer refusals are everyday life; more spoil the name of the sender's address.
TOO_MANY_FAILED = 0.05
SHOWN = 5


@dataclass(frozen=True)
class Trouble:
    """One thing to look at, and the page where it is mended."""

    tone: str
    title: str
    text: str
    url: str
    button: str


def find_troubles(rows: Sequence[Row], accounts: Sequence[SmtpAccount]) -> Sequence[Trouble]:
    """Find what needs somebody among the latest campaigns and all accounts."""
    found = [_account(account) for account in accounts if account.paused_at is not None]
    found += [_unknown(row) for row in rows if row.unknown]
    found += [
        _failed(row) for row in rows if row.sent + row.failed and _share(row) > TOO_MANY_FAILED
    ]
    return found[:SHOWN]


def _share(row: Row) -> float:
    return row.failed / (row.sent + row.failed)


def _account(account: SmtpAccount) -> Trouble:
    words = (account.pause_detail or (account.pause_reason or "").replace("_", " ")).rstrip(".")
    waits = account.paused_until is None
    return Trouble(
        "bad" if waits else "wait",
        f"{account.name} {'is stopped' if waits else 'waits'}",
        f"{words}. " + ("Nothing goes out until you mend it." if waits else "It tries again."),
        url_for("smtp_accounts.show", account_id=account.id)
        if has_page("smtp_accounts.show")
        else "",
        "Look at the account",
    )


def _unknown(row: Row) -> Trouble:
    mails = "1 mail is" if row.unknown == 1 else f"{number(row.unknown)} mails are"
    return Trouble(
        "wait",
        f"{mails} unknown",
        f"“{row.campaign.name}”: they may have arrived or not. Decide what to do with them.",
        url_for("campaigns.show", campaign_id=row.campaign.id),
        "Decide",
    )


def _failed(row: Row) -> Trouble:
    return Trouble(
        "bad",
        f"{percent(row.failed, row.sent + row.failed)} refused",
        f"“{row.campaign.name}”: {number(row.failed)} mails failed. See the causes and clean "
        "your list; many refusals harm your address.",
        url_for("campaigns.show", campaign_id=row.campaign.id),
        "See the causes",
    )
