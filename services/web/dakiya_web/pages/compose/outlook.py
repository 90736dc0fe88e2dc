"""What the review shows of a draft: audience, account, limits, and what stands in the way."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask import url_for
from sqlalchemy.orm import Session

from dakiya.campaigns import drafts
from dakiya.campaigns.checks.check import check_campaign
from dakiya.campaigns.checks.finding import Finding, Place
from dakiya.campaigns.estimate import estimate
from dakiya.contacts import audience
from dakiya.errors import IllegalState
from dakiya.link_checks.register import ask_for
from dakiya.models import Campaign, SmtpAccount
from dakiya.smtp_accounts.accounts import latest_test
from dakiya_web.pages.compose.blueprint import stamp
from dakiya_web.pages.smtp_accounts.forecast_words import say_assumptions, say_finish
from dakiya_web.pages.smtp_accounts.wording import PACES, Health, health, say_health, say_pace
from dakiya_web.ring import ring
from dakiya_web.texts import gettext, ngettext
from dakiya_web.wiring import wiring
from dakiya_web.wording import number

# Where the parts of a mail stand on the content page; all others are the mail itself.
_ANCHORS = {"subject": "subject", "preheader": "preheader", "text": "text"}


@dataclass(frozen=True)
class Concern:
    """Something that was found, what it is about, and where it is mended.

    ``anchor`` is its place on the content page, if it is there, and ``find`` what to look for in
    it (writing/mending.js).
    """

    text: str
    url: str
    about: Sequence[str] = ()
    anchor: str = ""
    find: str = ""


@dataclass(frozen=True)
class Concerns:
    """What the checks say: what stands in the way, what wants a yes, what is good to know."""

    blockers: Sequence[Concern] = ()
    doubts: Sequence[Concern] = ()
    notes: Sequence[Concern] = ()
    urls: Sequence[str] = ()
    waiting: int = 0


@dataclass(frozen=True)
class Outlook:
    """Everything about a draft that decides whether and how it goes out."""

    total: int
    # How many of them are suppressed, and get no mail.
    suppressed: int
    account: SmtpAccount | None
    # As the account's own page tells it.
    health: Health | None
    limits: str
    # When the last mail goes (unless the account waits for its owner), how long all of them take
    # ("about 3 days on this account"), and what that takes for granted.
    finish_at: datetime | None = None
    pace: str = ""
    assumptions: Sequence[str] = ()
    # What must be mended before it can be scheduled, and what its owner has to say yes to.
    blockers: Sequence[Concern] = ()
    doubts: Sequence[Concern] = ()
    # Good to know.
    warnings: Sequence[str] = field(default_factory=list)
    # The addresses in the mail, and how many of them are being visited at present.
    urls: Sequence[str] = ()
    waiting: int = 0

    @property
    def doubted(self) -> str:
        """A mark of the doubts, to notice that others came since somebody looked."""
        return stamp(*((doubt.text, tuple(doubt.about)) for doubt in self.doubts))


def outlook_of(session: Session, campaign: Campaign, *, at: datetime, now: datetime) -> Outlook:
    """Look at a draft as it would be scheduled for ``at``."""
    total = audience.count_audience(session, campaign)
    account = campaign.smtp_account
    if account is not None and account.deleted_at is not None:
        account = None
    concerns = concerns_of(session, campaign)
    warnings = [note.text for note in concerns.notes]
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
    seen = None
    if account is not None:
        seen = health(account, latest_test(session, account), now=now)
        if words := say_health(account.name, seen):
            warnings.append(words)
    found = estimate(session, campaign, at=at, now=now) if account is not None else None
    return Outlook(
        total=total,
        suppressed=suppressed,
        account=account,
        health=seen,
        limits=limits_in_words(account) if account else "",
        finish_at=found.finish_at if found and not found.needs_owner else None,
        pace=say_finish(found, since=max(at, now)) if found else "",
        assumptions=say_assumptions(found, timezone=campaign.timezone, now=now) if found else (),
        blockers=concerns.blockers,
        doubts=concerns.doubts,
        warnings=warnings,
        urls=concerns.urls,
        waiting=concerns.waiting,
    )


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


def start_visits(session: Session, campaign: Campaign, urls: Sequence[str]) -> None:
    """Have the addresses of the mail visited that nobody has visited lately; commits."""
    now = wiring().clock()
    if ask_for(session, urls, workspace_id=campaign.workspace_id, now=now):
        session.commit()
        ring(lambda doorbell: doorbell.ring_link_checks(campaign.workspace_id))


def concerns_of(session: Session, campaign: Campaign) -> Concerns:
    """Return what the checks say, for the review and for whoever writes the mail."""
    try:
        checked = check_campaign(session, campaign, public_url=wiring().settings.public_url)
    except IllegalState as error:
        place = url_for("compose.edit", campaign_id=campaign.id)
        return Concerns(blockers=[Concern(str(error), place)])
    blockers, doubts, notes = (
        [_concern(finding, campaign) for finding in findings]
        for findings in (checked.errors, checked.warnings, checked.notes)
    )
    return Concerns(blockers, doubts, notes, checked.urls, checked.waiting)


def _concern(finding: Finding, campaign: Campaign) -> Concern:
    text = missing_in_words(finding.missing) if finding.missing else finding.text
    if finding.place is not Place.CONTENT:
        return Concern(text, _place(finding.place, campaign), finding.about)
    anchor = _ANCHORS.get(finding.field, "writer")
    url = url_for(
        "compose.content", campaign_id=campaign.id, find=finding.find or None, _anchor=anchor
    )
    return Concern(text, url, finding.about, anchor, finding.find)


def _place(place: Place, campaign: Campaign) -> str:
    if place is Place.PROFILE:
        return url_for("profile.show", _anchor="address")
    if place is Place.ACCOUNT and campaign.smtp_account_id is not None:
        return url_for("smtp_accounts.edit", account_id=campaign.smtp_account_id)
    if place is Place.DOMAIN and campaign.smtp_account_id is not None:
        return url_for("smtp_accounts.show", account_id=campaign.smtp_account_id, _anchor="domain")
    return url_for("compose.edit", campaign_id=campaign.id)
