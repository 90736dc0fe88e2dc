"""Pages that look different from state to state are read in each of them."""

from datetime import timedelta
from io import BytesIO

from sqlalchemy import select, update

from dakiya.clock import utc_now
from dakiya.contacts.pasted import NO_ADDRESS
from dakiya.db import SessionFactory
from dakiya.delivery.outcomes import Reason as OurReason
from dakiya.mail.verdict import Reason
from dakiya.models import (
    Attempt,
    Base,
    Campaign,
    CampaignStatus,
    CampaignTest,
    ChanceKind,
    Email,
    EmailState,
    ImportRejection,
    ImportStatus,
    RecipientImport,
    SecondChance,
    SmtpAccount,
    SmtpTest,
    SuppressionReason,
    TestStatus,
)
from dakiya_web.pages.smtp_accounts.wording import STEP_WORDS
from tests.web.campaigns.test_pages import sending  # noqa: F401 - a fixture
from tests.web.conftest import Person, make_account, make_campaign
from tests.web.texts.conftest import Reader

COLUMNS = [
    {"header": "email", "role": "email", "field": None},
    {"header": "", "role": "name", "field": None},
    {"header": "city", "role": "field", "field": "city"},
    {"header": "", "role": "skip", "field": None},
]


def change(session_factory: SessionFactory, model: type[Base], **values: object) -> None:
    """Set columns of every row of a table."""
    with session_factory.begin() as session:
        session.execute(update(model).values(**values))


def test_campaign_is_read_whatever_its_status(
    reader: Reader,
    sending: int,  # noqa: F811
    session_factory: SessionFactory,
) -> None:
    here = f"/campaigns/{sending}"
    for status in CampaignStatus:
        ended = utc_now() if status is CampaignStatus.FINISHED else None
        change(session_factory, Campaign, status=status, finished_at=ended)
        for path in ("/", "/campaigns", here, f"{here}/scheduled", f"{here}/edit/content"):
            reader.get(path)
        reader.get(f"/campaigns?show={status.value}")


def test_work_on_many_mails_is_read(
    reader: Reader,
    sending: int,  # noqa: F811
    session_factory: SessionFactory,
) -> None:
    with session_factory.begin() as session:
        kind = ChanceKind.RETRY_FAILED.value
        session.add(SecondChance(campaign_id=sending, kind=kind, mails=9, moved=2, up_to=10**9))
    for each in ChanceKind:
        change(session_factory, SecondChance, kind=each.value)
        reader.get(f"/campaigns/{sending}")


def test_mails_and_their_stories_are_read(
    reader: Reader,
    sending: int,  # noqa: F811
    session_factory: SessionFactory,
) -> None:
    here = f"/campaigns/{sending}"
    with session_factory.begin() as session:
        email_id, recipient_id = session.execute(select(Email.id, Email.recipient_id)).all()[0]
        session.add(Attempt(email_id=email_id, number=1, outcome=EmailState.DEFERRED, phase="rcpt"))
    # The other two are those of a batch, for a moment.
    for state in sorted(set(EmailState) - {EmailState.CLAIMED, EmailState.SENDING}):
        sent_at = utc_now() if state in (EmailState.SENT, EmailState.BOUNCED) else None
        change(session_factory, Email, state=state, sent_at=sent_at)
        for query in (f"/{recipient_id}", "", f"?state={state}"):
            reader.get(f"{here}/emails{query}")
    for query in ("emails?q=nobody", "unknown?as=sent", "unknown?as=again", "mail"):
        reader.get(f"{here}/{query}")
    reader.get(f"{here}/unknown?as=sent&recipient={recipient_id}")


def test_causes_are_read(
    reader: Reader,
    sending: int,  # noqa: F811
    session_factory: SessionFactory,
) -> None:
    for reason in (*Reason, *OurReason, *SuppressionReason):
        change(session_factory, Email, reason=reason.value, reply_text=None, reply_code=None)
        for path in ("", "/emails", f"/emails?state=failed&reason={reason.value}"):
            reader.get(f"/campaigns/{sending}{path}")


def test_what_was_done_is_read(reader: Reader, sending: int) -> None:  # noqa: F811
    here = f"/campaigns/{sending}"
    for act in ("pause", "pause", "resume", "retry-failed", "retry-failed", "unschedule"):
        reader.post(f"{here}/{act}")
    for wish in ("sent", "sent", "again"):
        reader.post(f"{here}/unknown", **{"as": wish})
    reader.get(f"{here}/cancel")
    reader.post(f"{here}/cancel")


def test_recipient_files_are_read_whatever_became_of_them(
    reader: Reader, alice: Person, session_factory: SessionFactory
) -> None:
    make_campaign(alice)
    file = (BytesIO(b"email,name\nravi@example.org,Ravi\n"), "list.csv")
    reader.post("/campaigns/1/edit/recipients/file", file=file)
    change(
        session_factory,
        RecipientImport,
        columns=COLUMNS,
        preview=[["ravi@example.org", "Ravi", "Pune", ""]],
        file_format={"encoding": "utf-8", "delimiter": ";", "rows": 2},
    )
    with session_factory.begin() as session:
        session.add(ImportRejection(import_id=1, row=2, email="", error=NO_ADDRESS))
    for status in ImportStatus:
        for accepted, rejected in ((0, 0), (1, 1), (2, 2)):
            counts = {"accepted": accepted, "rejected": rejected}
            change(session_factory, RecipientImport, status=status, **counts)
            reader.get("/imports/1")
            reader.get("/campaigns/1/edit")
    change(session_factory, RecipientImport, status=ImportStatus.WAITING)
    reader.post("/imports/1/columns", **{"role-0": "name", "role-2": "field", "field-2": ""})
    reader.post("/imports/1/cancel")


def test_accounts_are_read_whatever_their_health(
    reader: Reader, alice: Person, session_factory: SessionFactory
) -> None:
    make_account(alice, limits={"per_second": 1, "per_minute": 2, "per_hour": 3, "per_day": 4})
    now, an_hour = utc_now(), timedelta(hours=1)
    for reason in (*Reason, OurReason.CONNECTION):
        for until in (None, now + an_hour, now - an_hour):
            pause = {"pause_reason": reason.value, "paused_at": now, "paused_until": until}
            change(session_factory, SmtpAccount, **pause)
            for path in ("/", "/smtp-accounts", "/smtp-accounts/1", "/smtp-accounts/1/edit"):
                reader.get(path)


def test_tests_are_read_whatever_became_of_them(
    reader: Reader, alice: Person, session_factory: SessionFactory
) -> None:
    make_campaign(alice)
    reader.post("/smtp-accounts/1/test", to="ravi@example.org")
    reader.post("/campaigns/1/test", to="ravi@example.org")
    now = utc_now()
    said = {"ok": True, "duration_s": 0.1, "detail": "“said by the server”"}
    change(session_factory, SmtpTest, steps=[{"name": name, **said} for name in STEP_WORDS])
    for status in TestStatus:
        ended = None if status in (TestStatus.QUEUED, TestStatus.RUNNING) else now
        change(session_factory, SmtpTest, status=status, finished_at=ended)
        change(session_factory, CampaignTest, status=status, finished_at=ended)
        for path in ("/smtp-accounts", "/smtp-accounts/1", "/campaigns/1/edit/content"):
            reader.get(path)
    change(session_factory, SmtpTest, finished_at=None, created_at=now - timedelta(days=1))
    reader.get("/smtp-accounts/1")
