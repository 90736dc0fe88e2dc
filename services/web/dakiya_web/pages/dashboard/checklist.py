"""What somebody new has done, and the one thing to do next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from dakiya.accounts.users import visible_to
from dakiya.models import Campaign, Recipient, SmtpAccount, SmtpTest, TestStatus
from dakiya_web.navigation import has_page
from dakiya_web.texts import gettext


@dataclass(frozen=True)
class Step:
    """One step of setting up; ``url`` leads to where it is done, or is empty."""

    title: str
    text: str
    button: str
    url: str
    done: bool


def read_checklist(session: Session, *, user_id: int) -> Sequence[Step]:
    """Return the four steps from nothing to the first campaign."""
    own_accounts = select(SmtpAccount.id).where(
        visible_to(user_id, SmtpAccount.workspace_id), SmtpAccount.deleted_at.is_(None)
    )
    own_campaigns = select(Campaign.id).where(
        visible_to(user_id, Campaign.workspace_id), Campaign.deleted_at.is_(None)
    )
    passed = select(SmtpTest.id).where(
        SmtpTest.smtp_account_id.in_(own_accounts), SmtpTest.status == TestStatus.PASSED
    )
    recipients = select(Recipient.id).where(Recipient.campaign_id.in_(own_campaigns))
    # Who has sent has a server that works, whether it was tested or not.
    begun = own_campaigns.where(Campaign.started_at.is_not(None))
    has = {
        name: _any(session, query)
        for name, query in (
            ("account", own_accounts),
            ("test", passed),
            ("recipients", recipients),
            ("begun", begun),
        )
    }
    return (
        Step(
            gettext("Connect your mail server"),
            gettext("Its name, port and log-in, as your mail provider gives them."),
            gettext("Connect a server"),
            _url("smtp_accounts.create"),
            has["account"],
        ),
        Step(
            gettext("Send yourself a test"),
            gettext("So that you know it works before anybody else gets a mail."),
            gettext("Test it"),
            _url("smtp_accounts.index"),
            has["test"] or has["begun"],
        ),
        Step(
            gettext("Add recipients"),
            gettext(
                "Paste addresses or upload a spreadsheet: its columns become fields of your mail."
            ),
            gettext("Begin a campaign"),
            _url("compose.new"),
            has["recipients"],
        ),
        Step(
            gettext("Send the first campaign"),
            gettext("Look at it as a real recipient, send it, and watch every mail arrive."),
            gettext("Go to the campaigns"),
            _url("campaigns.index"),
            has["begun"],
        ),
    )


def _any(session: Session, query: Select[Any]) -> bool:
    return bool(session.scalar(select(exists(query))))


def _url(endpoint: str) -> str:
    return url_for(endpoint) if has_page(endpoint) else ""
