"""What lately went wrong and needs somebody, the worst first."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for

from dakiya.models import SmtpAccount
from dakiya_web.navigation import has_page
from dakiya_web.pages.campaigns.rows import Row
from dakiya_web.pages.smtp_accounts.wording import say_pause
from dakiya_web.texts import gettext
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
    found += [trouble for row in rows if (trouble := _campaign(row)) is not None]
    return found[:SHOWN]


def _account(account: SmtpAccount) -> Trouble:
    words = (account.pause_detail or say_pause(account.pause_reason)).rstrip(".")
    if account.paused_until is None:
        tone, title = "bad", gettext("%(account)s is stopped", account=account.name)
        text = gettext("%(reason)s. Nothing goes out until you mend it.", reason=words)
    else:
        tone, title = "wait", gettext("%(account)s waits", account=account.name)
        text = gettext("%(reason)s. It tries again.", reason=words)
    shown = has_page("smtp_accounts.show")
    url = url_for("smtp_accounts.show", account_id=account.id) if shown else ""
    return Trouble(tone, title, text, url, gettext("Look at the account"))


def _campaign(row: Row) -> Trouble | None:
    tried = row.sent + row.failed
    titles, todo = [], []
    if tried and row.failed / tried > TOO_MANY_FAILED:
        titles.append(gettext("%(share)s refused", share=percent(row.failed, tried)))
        todo.append(gettext("See the causes and clean your list: refusals harm your address."))
    if row.unknown:
        titles.append(gettext("%(mails)s unknown", mails=number(row.unknown)))
        todo.append(gettext("Decide what to do with the unknown: they may have arrived or not."))
    if not titles:
        return None
    return Trouble(
        "bad" if row.failed > row.unknown else "wait",
        gettext(
            "%(campaign)s: %(troubles)s", campaign=row.campaign.name, troubles=", ".join(titles)
        ),
        " ".join(todo),
        url_for("campaigns.show", campaign_id=row.campaign.id),
        gettext("Look at it"),
    )
