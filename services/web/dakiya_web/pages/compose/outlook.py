"""What the review shows of a draft: audience, account, limits, and what stands in the way."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask import url_for
from sqlalchemy.orm import Session

from dakiya.campaigns import drafts
from dakiya.campaigns.estimate import estimate
from dakiya.contacts import audience
from dakiya.delivery.forecast import describe_forecast
from dakiya.delivery.usage import limits_of
from dakiya.errors import IllegalState
from dakiya.models import Campaign, SmtpAccount, TestStatus
from dakiya.smtp_accounts.accounts import latest_test
from dakiya_web.pages.smtp_accounts.wording import PACES, say_pace
from dakiya_web.texts import gettext, ngettext
from dakiya_web.wording import number

_PART_STEPS = dict.fromkeys(("subject", "preheader", "source", "html", "text"), "compose.content")


@dataclass(frozen=True)
class Blocker:
    """Something that must be mended before the campaign can be scheduled."""

    text: str
    url: str


@dataclass(frozen=True)
class Outlook:
    """Everything about a draft that decides whether and how it goes out."""

    total: int
    # How many of them are suppressed, and get no mail.
    suppressed: int
    account: SmtpAccount | None
    limits: str
    # When the last mail goes, and how long all of them take: "about 3 days on this account".
    finish_at: datetime | None = None
    pace: str = ""
    blockers: Sequence[Blocker] = ()
    warnings: Sequence[str] = field(default_factory=list)


def outlook_of(session: Session, campaign: Campaign, *, at: datetime, now: datetime) -> Outlook:
    """Look at a draft as it would be scheduled for ``at``."""
    total = audience.count_audience(session, campaign)
    account = campaign.smtp_account
    if account is not None and account.deleted_at is not None:
        account = None
    blockers, warnings = _checks(session, campaign)
    suppressed = audience.count_suppressed(session, campaign)
    if suppressed:
        warnings.append(
            ngettext(
                "%(num)s of %(all)s is suppressed and gets no mail.",
                "%(num)s of %(all)s are suppressed and get no mail.",
                suppressed,
                num=number(suppressed),
                all=number(total),
            )
        )
    if account is not None and _test_failed(session, account):
        warnings.append(
            gettext(
                "The last test of the account “%(name)s” failed. Test it before you send.",
                name=account.name,
            )
        )
    if account is not None and account.paused_at is not None:
        warnings.append(
            gettext(
                "The account “%(name)s” is paused at present; mails wait until it sends again.",
                name=account.name,
            )
        )
    found = estimate(session, campaign, at=at, now=now) if account is not None else None
    return Outlook(
        total=total,
        suppressed=suppressed,
        account=account,
        limits=limits_in_words(account) if account else "",
        finish_at=found.finish_at if found else None,
        pace=describe_forecast(found, limits=limits_of(account), now=at)
        if found and account
        else "",
        blockers=blockers,
        warnings=warnings,
    )


def _test_failed(session: Session, account: SmtpAccount) -> bool:
    test = latest_test(session, account)
    return test is not None and test.status is TestStatus.FAILED


def limits_in_words(account: SmtpAccount) -> str:
    """Say an account's limits: "500 mails a day, 20 a minute"."""
    found = [say_pace(name, getattr(account, name)) for name in PACES if getattr(account, name)]
    if not found:
        return gettext("no limit of its own")
    return gettext("at most %(limits)s", limits=", ".join(found))


def missing_in_words(missing: drafts.MissingField) -> str:
    """Say that some recipients lack a field: "43 of 1,000 have no city: …"."""
    return ngettext(
        "%(num)s of %(all)s has no %(field)s: their mail shows the default, or nothing.",
        "%(num)s of %(all)s have no %(field)s: their mail shows the default, or nothing.",
        missing.missing,
        num=number(missing.missing),
        all=number(missing.of),
        field=missing.field,
    )


def _checks(session: Session, campaign: Campaign) -> tuple[list[Blocker], list[str]]:
    edit = url_for("compose.edit", campaign_id=campaign.id)
    try:
        ready = drafts.check_ready(session, campaign)
    except IllegalState as error:
        return [Blocker(str(error), edit)], []
    blockers = [
        Blocker(text, url_for(_PART_STEPS[part], campaign_id=campaign.id))
        if part in _PART_STEPS
        else Blocker(text, edit)
        for part, messages in ready.errors.items()
        for text in messages
    ]
    return blockers, [missing_in_words(missing) for missing in ready.warnings]
