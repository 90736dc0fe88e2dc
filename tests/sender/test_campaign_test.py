"""A campaign's mail to one address: marked, filled in, and without a trace in the ledger."""

from contextlib import closing
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from dakiya.campaigns.content import Content
from dakiya.campaigns.drafts import set_content
from dakiya.campaigns.testing import (
    TESTS_AN_HOUR,
    find_campaign_test,
    latest_campaign_tests,
    request_campaign_tests,
)
from dakiya.config import Settings
from dakiya.db import SessionFactory, database_now
from dakiya.errors import IllegalState, InvalidInput, NotFound
from dakiya.models import (
    Campaign,
    CampaignTest,
    ContentKind,
    ContentVersion,
    Email,
    Membership,
    PaceUsage,
    Recipient,
    SmtpAccount,
    TestStatus,
    Workspace,
)
from dakiya.smtp_accounts.egress import EgressRule
from dakiya.smtp_accounts.errands import TEST_LASTS_AT_MOST
from dakiya.smtp_accounts.secrets import SecretBox
from dakiya_sender.campaign_test import run_campaign_test
from dakiya_sender.pool import ConnectionPool
from dakiya_sender.servers import Servers
from dakiya_sender.slots import ConnectionSlots
from tests.engine.world import make_account, make_campaign, make_workspace
from tests.recorder import Rule
from tests.recorder.plugin import StartRecorder
from tests.shared.mail.rich.documents import doc

TO = "tester@example.net"
PUBLIC_URL = "https://mail.example.org"


def a_draft(session: Session, port: int = 2525, **values: object) -> Campaign:
    account = make_account(session, make_workspace(session), port, **values)
    return make_campaign(session, account, 2, start=False)


def recipient_of(session: Session, campaign: Campaign) -> int:
    return session.scalars(
        select(func.min(Recipient.id)).where(Recipient.campaign_id == campaign.id)
    ).one()


def ask(session: Session, campaign: Campaign) -> CampaignTest:
    now = database_now(session)
    recipient_id = recipient_of(session, campaign)
    [test] = request_campaign_tests(
        session, campaign, to_emails=[TO], now=now, recipient_id=recipient_id
    )
    return test


def run(sessions: SessionFactory, settings: Settings, test_id: int) -> CampaignTest:
    servers = Servers(EgressRule.parse("127.0.0.1"), SecretBox(settings), helo_name="sender.test")
    slots = ConnectionSlots(settings.database_url.get_secret_value(), service_id="one")
    with closing(slots), closing(ConnectionPool(slots)) as pool:
        run_campaign_test(sessions, servers, pool, test_id, public_url=PUBLIC_URL)
    with sessions() as session:
        return session.get_one(CampaignTest, test_id)


def test_mail_is_marked_filled_in_and_sent_once(
    session_factory: SessionFactory, recorder: StartRecorder, settings: Settings
) -> None:
    server = recorder(keep_bodies=True)
    with session_factory.begin() as session:
        campaign = a_draft(session, server.port)
        test_id = ask(session, campaign).id
        domain_before = campaign.message_domain
    run(session_factory, settings, test_id)
    test = run(session_factory, settings, test_id)
    [mail] = server.received()
    message = message_from_bytes(server.body(mail), _class=EmailMessage, policy=policy.default)
    body = message.get_body(("html",))
    assert body is not None
    assert mail.recipient == TO
    assert message["Subject"] == "[Test] Hello पाठक 0"
    assert message["X-Dakiya-Test"] == "yes"
    assert "greetings from Köln" in body.get_content()
    assert f"{PUBLIC_URL}/u/test" in body.get_content()
    assert test.status is TestStatus.PASSED
    assert "250" in (test.detail or "")
    with session_factory() as session:
        assert session.scalars(select(func.count()).select_from(Email)).one() == 0
        assert session.scalars(select(func.count()).select_from(PaceUsage)).one() == 0
        assert session.get_one(Campaign, campaign.id).message_domain == domain_before


def test_content_is_that_of_the_moment_when_it_was_asked_for(
    session_factory: SessionFactory, recorder: StartRecorder, settings: Settings
) -> None:
    server = recorder(keep_bodies=True)
    with session_factory.begin() as session:
        campaign = a_draft(session, server.port)
        test_id = ask(session, campaign).id
        later = ContentVersion(campaign_id=campaign.id, number=2, subject="Later", html="<p>x")
        session.add(later)
        session.flush()
        campaign.content_version_id = later.id
    run(session_factory, settings, test_id)
    [mail] = server.received()
    assert b"Later" not in server.body(mail)


@pytest.mark.parametrize(
    ("html", "port", "words"),
    [
        ("<p>Hello {{ name", 2525, "line 1"),
        ("<p>Hello", 1, "refuses"),
    ],
)
def test_failure_is_told_in_words(
    session_factory: SessionFactory, settings: Settings, html: str, port: int, words: str
) -> None:
    with session_factory.begin() as session:
        campaign = a_draft(session, port)
        session.execute(update(ContentVersion).values(html=html))
        test_id = ask(session, campaign).id
    test = run(session_factory, settings, test_id)
    assert test.status is TestStatus.FAILED
    assert words in (test.detail or "")
    assert test.finished_at is not None


def test_test_counts_in_the_limits_and_is_not_sent_beyond_them(
    session_factory: SessionFactory, recorder: StartRecorder, settings: Settings
) -> None:
    server = recorder(Rule("dot", reply="554 5.7.1 spam"))
    with session_factory.begin() as session:
        campaign = a_draft(session, server.port)
        session.execute(update(SmtpAccount).values(per_hour=1))
        test_id = ask(session, campaign).id
    refused = run(session_factory, settings, test_id)
    assert "554 5.7.1 spam" in (refused.detail or "")
    server.behave()
    with session_factory.begin() as session:
        # It counts from when it began, though the server did not like it.
        assert session.scalars(select(PaceUsage.mails)).all() == [1]
        test_id = ask(session, campaign).id
    test = run(session_factory, settings, test_id)
    assert (test.status, server.received()) == (TestStatus.FAILED, [])
    words = "The account has reached its limit of 1 mail an hour. It continues "
    assert (test.detail or "").startswith(words)


def test_account_deleted_meanwhile_sends_no_test(
    session_factory: SessionFactory, recorder: StartRecorder, settings: Settings
) -> None:
    server = recorder()
    with session_factory.begin() as session:
        test_id = ask(session, a_draft(session, server.port)).id
        session.execute(update(SmtpAccount).values(deleted_at=database_now(session)))
    assert run(session_factory, settings, test_id).status is TestStatus.FAILED
    assert server.received() == []


def test_only_one_test_of_a_campaign_runs_and_a_lost_one_blocks_for_minutes(
    session: Session,
) -> None:
    campaign = a_draft(session)
    first = ask(session, campaign)
    with pytest.raises(IllegalState, match="on its way"):
        ask(session, campaign)
    first.created_at -= TEST_LASTS_AT_MOST
    session.flush()
    second = ask(session, campaign)
    assert latest_campaign_tests(session, campaign) == [second]


def test_tests_of_an_hour_are_limited(session: Session) -> None:
    campaign = a_draft(session)
    for _ in range(TESTS_AN_HOUR):
        ask(session, campaign).status = TestStatus.PASSED
        session.flush()
    with pytest.raises(IllegalState, match="60 test mails an hour"):
        ask(session, campaign)


def test_test_goes_to_each_address_once(session: Session) -> None:
    campaign = a_draft(session)
    now = database_now(session)
    wanted = ["a@example.net", "b@example.net", "A@example.net", "c@example.net"]
    tests = request_campaign_tests(session, campaign, to_emails=wanted, now=now)
    assert [test.to_email for test in tests] == ["a@example.net", "b@example.net", "c@example.net"]
    assert latest_campaign_tests(session, campaign) == tests
    tests[0].status = tests[1].status = TestStatus.PASSED
    session.flush()
    with pytest.raises(IllegalState, match="on its way"):
        request_campaign_tests(session, campaign, to_emails=wanted, now=now)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ([], "Type the address"),
        ([TO, "nobody"], "“nobody”: "),
        ([f"{n}@example.net" for n in range(6)], "5 addresses at most"),
    ],
)
def test_addresses_that_get_no_test_are_told(
    session: Session, wanted: list[str], words: str
) -> None:
    campaign = a_draft(session)
    with pytest.raises(InvalidInput, match=words):
        request_campaign_tests(session, campaign, to_emails=wanted, now=database_now(session))
    assert latest_campaign_tests(session, campaign) == []


def test_what_cannot_be_tested_is_refused(session: Session) -> None:
    campaign = a_draft(session)
    now = database_now(session)
    with pytest.raises(InvalidInput) as refused:
        request_campaign_tests(session, campaign, to_emails=["nobody"], now=now)
    assert refused.value.field == "to"
    other = make_campaign(
        session, make_account(session, make_workspace(session, "bob@example.com"), 25), 1
    )
    with pytest.raises(NotFound):
        request_campaign_tests(
            session, campaign, to_emails=[TO], now=now, recipient_id=recipient_of(session, other)
        )
    session.execute(update(SmtpAccount).values(deleted_at=now))
    session.expire_all()
    with pytest.raises(IllegalState, match="SMTP account"):
        request_campaign_tests(session, campaign, to_emails=[TO], now=now)
    campaign.content_version_id = None
    with pytest.raises(IllegalState, match="content"):
        request_campaign_tests(session, campaign, to_emails=[TO], now=now)


def test_test_is_shown_to_its_owner_only(session: Session) -> None:
    test = ask(session, a_draft(session))
    make_workspace(session, "bob@example.com")
    alice, bob = session.scalars(select(Membership.user_id).order_by(Membership.user_id))
    assert find_campaign_test(session, test.id, user_id=alice) is test
    with pytest.raises(NotFound):
        find_campaign_test(session, test.id, user_id=bob)


@pytest.mark.parametrize("kind", ["text", "rich", "html"])
def test_each_kind_goes_out_as_what_it_is(
    session_factory: SessionFactory, recorder: StartRecorder, settings: Settings, kind: str
) -> None:
    server = recorder(keep_bodies=True)
    contents = {
        "text": Content("Hi {{ name }}", text="Namaste {{ name }}", kind=ContentKind.TEXT),
        "rich": Content("Hi", kind=ContentKind.RICH, source=doc("Namaste {{ name }}")),
        "html": Content("Hi", "<style>p { margin: 0 }</style><p>Namaste {{ name }}</p>"),
    }
    with session_factory.begin() as session:
        campaign = a_draft(session, server.port)
        session.get_one(Workspace, campaign.workspace_id).postal_address = "12 MG Road\nPune"
        set_content(session, campaign, replace(contents[kind], preheader="Soon"))
        test_id = ask(session, campaign).id
    assert run(session_factory, settings, test_id).status is TestStatus.PASSED
    [mail] = server.received()
    message = message_from_bytes(server.body(mail), _class=EmailMessage, policy=policy.default)
    text = message.get_body(("plain",))
    assert text is not None
    assert "Namaste पाठक 0" in text.get_content()
    assert "12 MG Road\r\nPune" in text.get_content()
    assert f"{PUBLIC_URL}/u/test" in text.get_content()
    html = message.get_body(("html",))
    if kind == "text":
        assert message.get_content_type() == "text/plain"
        assert html is None
        return
    assert html is not None
    assert "12 MG Road<br>Pune" in html.get_content()
    assert "Soon" in html.get_content()
    assert 'style="margin: 0' in html.get_content()
