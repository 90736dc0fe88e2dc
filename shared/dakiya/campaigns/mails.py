"""What became of a campaign's mails: pages of the ledger, causes of trouble, one mail's story."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Select, any_, false, func, literal, select
from sqlalchemy.orm import Session

from dakiya.campaigns.message_ids import message_id_of
from dakiya.db import SessionFactory
from dakiya.delivery.chance_moves import may_pass
from dakiya.errors import NotFound
from dakiya.mail.addresses import AddressError, parse_address
from dakiya.models import Attempt, Campaign, Email, EmailState, Recipient

TROUBLE = (
    EmailState.DEFERRED,
    EmailState.FAILED,
    EmailState.UNKNOWN,
    EmailState.BOUNCED,
    EmailState.SUPPRESSED,
)
# Causes are counted up to so many mails: a page must not count millions.
COUNTED = 200_000
LINES_PER_EXPORT_PAGE = 5_000
# What a line is made of: columns, and no objects that would be tracked.
_COLUMNS = (
    Email.recipient_id,
    Email.state,
    Email.attempts,
    Email.reply_code,
    Email.reply_text,
    Email.reason,
    Email.due_at,
    Email.sent_at,
)
_LIKE_MEANS_SOMETHING = str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})


@dataclass(frozen=True)
class LedgerLine:
    """What became of one recipient's mail."""

    recipient_id: int
    email: str
    name: str
    state: EmailState
    attempts: int
    reply_code: int | None
    reply_text: str | None
    reason: str | None
    due_at: datetime
    sent_at: datetime | None
    message_id: str


@dataclass(frozen=True)
class Wanted:
    """Which lines of the ledger; ``search`` is an address or a part of one."""

    state: EmailState | None = None
    reason: str | None = None
    search: str = ""


@dataclass(frozen=True)
class Cause:
    """Mails in trouble for one reason, with what a server said to one of them.

    ``retry_can_help``: "retry failed" takes them, or those of them that were refused for a
    content that was changed since.
    """

    state: EmailState
    reason: str | None
    mails: int
    reply_code: int | None
    reply_text: str | None
    retry_can_help: bool


@dataclass(frozen=True)
class Causes:
    """The causes, most mails first; not ``complete`` when only the first COUNTED were counted."""

    causes: Sequence[Cause]
    complete: bool


@dataclass(frozen=True)
class Story:
    """One mail: its ledger line, its recipient's fields, and the attempts that were not sent."""

    line: LedgerLine
    fields: dict[str, str]
    attempts: Sequence[Attempt]


EVERYTHING = Wanted()


def list_emails(
    session: Session,
    campaign: Campaign,
    *,
    wanted: Wanted = EVERYTHING,
    after_recipient_id: int = 0,
    limit: int = 100,
) -> Sequence[LedgerLine]:
    """Return a page of a campaign's ledger in the recipients' order.

    The next page begins after the last line's ``recipient_id``.
    """
    page: Select[*tuple[Any, ...]] = select(*_COLUMNS).where(
        Email.campaign_id == campaign.id, Email.recipient_id > after_recipient_id
    )
    if wanted.state is not None:
        page = page.where(Email.state == wanted.state)
    if wanted.reason is not None:
        page = page.where(Email.reason == wanted.reason)
    if wanted.search.strip():
        page = _search(session, page, campaign, wanted.search)
    mails = session.execute(page.order_by(Email.recipient_id).limit(limit)).all()
    # Not joined: by its statistics the planner walked all recipients of all campaigns per page.
    people = select(Recipient.id, Recipient.email, Recipient.name).where(
        Recipient.id == any_(literal([mail.recipient_id for mail in mails], ARRAY(BigInteger)))
    )
    found = {number: (address, name) for number, address, name in session.execute(people)}
    return [
        _line(campaign, mail, address=found[mail.recipient_id][0], name=found[mail.recipient_id][1])
        for mail in mails
        if mail.recipient_id in found
    ]


def list_causes(session: Session, campaign: Campaign) -> Causes:
    """Group the mails in trouble by state and reason."""
    looked_at = (
        select(Email.state, Email.reason, Email.recipient_id, may_pass(campaign).label("may_pass"))
        .where(Email.campaign_id == campaign.id, Email.state.in_(TROUBLE))
        .limit(COUNTED)
        .subquery()
    )
    groups = (
        select(
            looked_at.c.state,
            looked_at.c.reason,
            func.count().label("mails"),
            func.max(looked_at.c.recipient_id).label("example"),
            func.bool_or(looked_at.c.may_pass).label("may_pass"),
        )
        .group_by(looked_at.c.state, looked_at.c.reason)
        .subquery()
    )
    rows = session.execute(
        select(
            groups.c.state,
            groups.c.reason,
            groups.c.mails,
            Email.reply_code,
            Email.reply_text,
            func.coalesce(groups.c.may_pass, false()),
        )
        .join(
            Email,
            (Email.campaign_id == campaign.id) & (Email.recipient_id == groups.c.example),
        )
        .order_by(groups.c.mails.desc(), groups.c.state, groups.c.reason)
    )
    causes = [Cause(*row) for row in rows]
    return Causes(causes, complete=sum(cause.mails for cause in causes) < COUNTED)


def tell_story(session: Session, campaign: Campaign, recipient_id: int) -> Story:
    """Return all that is known of one mail. Raises NotFound."""
    found = session.execute(
        select(Email, Recipient)
        .join(Recipient, Recipient.id == Email.recipient_id)
        .where(Email.campaign_id == campaign.id, Email.recipient_id == recipient_id)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such mail.")
    email, recipient = found
    attempts = session.scalars(
        select(Attempt).where(Attempt.email_id == email.id).order_by(Attempt.id)
    ).all()
    line = _line(campaign, email, address=recipient.email, name=recipient.name)
    return Story(line, dict(recipient.fields), attempts)


def export_lines(
    session_factory: SessionFactory, campaign: Campaign, *, wanted: Wanted = EVERYTHING
) -> Iterator[LedgerLine]:
    """Yield the whole ledger, or the wanted part of it, in the recipients' order.

    A short transaction per page: one for all would stay open as long as the slowest reader
    takes, and slow every claim down. Each line is true when its page was read.
    """
    after = 0
    while True:
        with session_factory() as session:
            page = list_emails(
                session,
                campaign,
                wanted=wanted,
                after_recipient_id=after,
                limit=LINES_PER_EXPORT_PAGE,
            )
        yield from page
        if len(page) < LINES_PER_EXPORT_PAGE:
            return
        after = page[-1].recipient_id


def _search(session: Session, page: Select[Any], campaign: Campaign, search: str) -> Select[Any]:
    """Narrow a page to addresses; a whole one that is there is found by its unique index."""
    part = search.strip().lower()
    found = _recipient_with(session, campaign, part)
    if found is not None:
        return page.where(Email.recipient_id == found)
    pattern = f"%{part.translate(_LIKE_MEANS_SOMETHING)}%"
    return page.join(Recipient, Recipient.id == Email.recipient_id).where(
        Recipient.campaign_id == campaign.id,
        Recipient.email_normalised.like(pattern, escape="\\"),
    )


def _recipient_with(session: Session, campaign: Campaign, address: str) -> int | None:
    try:
        normalised = parse_address(address, international=True).normalised
    except AddressError:
        return None
    return session.scalar(
        select(Recipient.id).where(
            Recipient.campaign_id == campaign.id, Recipient.email_normalised == normalised
        )
    )


def _line(campaign: Campaign, email: Any, *, address: str, name: str) -> LedgerLine:
    """Make a line of a mail, or of a row with `_COLUMNS`."""
    return LedgerLine(
        recipient_id=email.recipient_id,
        email=address,
        name=name,
        state=email.state,
        attempts=email.attempts,
        reply_code=email.reply_code,
        reply_text=email.reply_text,
        reason=email.reason,
        due_at=email.due_at,
        sent_at=email.sent_at,
        message_id=message_id_of(
            token=campaign.token,
            campaign_id=campaign.id,
            recipient_id=email.recipient_id,
            domain=_sender_domain(campaign),
        ),
    )


def _sender_domain(campaign: Campaign) -> str:
    """The domain that the campaign's Message-IDs had, or would have, when it was scheduled."""
    if campaign.message_domain is not None:
        return campaign.message_domain
    account = campaign.smtp_account
    return account.from_email.rpartition("@")[2] if account is not None else "localhost"
