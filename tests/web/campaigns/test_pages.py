"""The list, the monitor, the ledger and what steers a campaign, as a person meets them."""

import csv
import io
import re

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from dakiya.campaigns.progress import prepare_chunk
from dakiya.clock import utc_now
from dakiya.db import SessionFactory
from dakiya.delivery.counters import WEB_SLOT, Moves
from dakiya.delivery.second_chances import work_off_chunk
from dakiya.models import (
    Campaign,
    CampaignCounter,
    CampaignStatus,
    ChanceKind,
    Email,
    EmailState,
    SecondChance,
)
from tests.web.browsing import send
from tests.web.conftest import Person, make_account, make_campaign


def start(session: Session, campaign_id: int) -> Campaign:
    """Let a scheduled campaign be prepared and begin to send."""
    while prepare_chunk(session, campaign_id):
        pass
    campaign = session.get_one(Campaign, campaign_id)
    campaign.status = CampaignStatus.SENDING
    campaign.started_at = utc_now()
    return campaign


def end(session: Session, campaign: Campaign, *states: EmailState, **values: object) -> None:
    """Put the campaign's mails into these states, in the recipients' order."""
    moves = Moves()
    mails = session.scalars(
        select(Email).where(Email.campaign_id == campaign.id).order_by(Email.recipient_id)
    ).all()
    for email, state in zip(mails, states, strict=True):
        moves.add(email.state, state)
        email.state, email.fence, email.attempts = state, 1, 1
        email.sent_at = utc_now() if state is EmailState.SENT else None
        for name, value in values.items():
            setattr(email, name, value)
    moves.store(session, campaign_id=campaign.id, slot=WEB_SLOT)


@pytest.fixture
def sending(alice: Person, session_factory: SessionFactory) -> int:
    """A campaign with a mail that was sent, one that failed, one unknown and one that waits."""
    names = ("=cmd()", "b", "c", "d")
    rows = [{"email": f"r{n}@example.org", "name": name} for n, name in enumerate(names)]
    campaign_id = make_campaign(alice, recipients=rows, html="<p>Hello</p>")
    assert alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"}).status == 200
    with session_factory() as session:
        campaign = start(session, campaign_id)
        end(
            session, campaign,
            EmailState.SENT, EmailState.FAILED, EmailState.UNKNOWN, EmailState.PENDING,
            reply_code=552, reason="mailbox_full", reply_text="5.2.2 Over <quota>",
        )  # fmt: skip
        session.commit()
    return campaign_id


def status_of(session_factory: SessionFactory, campaign_id: int) -> str:
    with session_factory() as session:
        query = text("SELECT status FROM campaign WHERE id = :id")
        return str(session.scalar(query, {"id": campaign_id}))


def post(client: FlaskClient, path: str, *, back: str, **fields: str) -> str:
    """Press a button of a page, and return the page that it leads to."""
    answer = send_from(client, back, path, **fields)
    assert answer.status_code == 303, answer.text
    return client.get(answer.headers["Location"]).text


def send_from(client: FlaskClient, page: str, path: str, **fields: str):  # type: ignore[no-untyped-def]
    token = client.get(page).text.partition('name="csrf_token"')[2].partition('value="')[2]
    return client.post(path, data={"csrf_token": token.partition('"')[0], **fields})


def test_list_shows_one_group_and_what_was_searched(client: FlaskClient, alice: Person) -> None:
    account_id = make_account(alice)
    scheduled = make_campaign(alice, smtp_account_id=account_id, name="Monsoon")
    make_campaign(alice, smtp_account_id=account_id, name="Diwali")
    assert alice.api.post(f"/campaigns/{scheduled}/schedule", {"at": "now"}).status == 200
    for query, shown, hidden in (
        ("show=drafts", "Diwali", "Monsoon"),
        ("show=scheduled", "Monsoon", "Diwali"),
        ("q=monsoon", "Monsoon", "Diwali"),
    ):
        page = client.get(f"/campaigns?{query}").text
        assert shown in page
        assert hidden not in page
    assert "None here" in client.get("/campaigns?show=paused").text
    assert client.get("/campaigns?show=nonsense&cursor=x").status_code == 422


def test_polled_list_answers_for_own_campaigns_only(
    client: FlaskClient, sending: int, bob: Person
) -> None:
    theirs = make_campaign(bob)
    answer = client.get(f"/campaigns/progress?id={sending}&id={theirs}&id=x&id={10**30}").json
    assert answer is not None
    assert set(answer) == {"busy", "reload", str(sending)}
    assert answer["busy"] is True
    row = answer[str(sending)]
    assert (row["progress"], row["sent"], row["failed"], row["unknown"]) == (
        "1 of 4 sent, 2 ended otherwise",
        "1",
        "1",
        "1",
    )


def test_dashboard_list_and_monitor_say_the_same_of_mails_that_were_left_out(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    rows = [{"email": f"r{n}@example.org"} for n in range(6)]
    campaign_id = make_campaign(alice, recipients=rows, html="<p>Hello</p>")
    assert alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"}).status == 200
    with session_factory() as session:
        left_out, waits = [EmailState.SUPPRESSED] * 2, [EmailState.PENDING] * 4
        end(session, start(session, campaign_id), *left_out, *waits)
        session.commit()
    for path in ("/", "/campaigns"):
        assert "0 of 6 sent, 2 ended otherwise" in client.get(path).text
    monitor = client.get(f"/campaigns/{campaign_id}").text
    assert re.sub(r"<[^>]*>", "", monitor).count("0 of 6 sent2 ended otherwise") == 1
    bars = re.findall(r'<progress[^>]*data-tone="(\w+)" max="6" value="(\d)"', monitor)
    assert bars == [("idle", "2"), ("good", "0")]


def test_dashboard_groups_what_is_paused_apart_from_what_goes_out(
    client: FlaskClient, sending: int, session_factory: SessionFactory
) -> None:
    page = client.get("/").text
    assert "Going out now" in page
    assert ">Paused<" not in page
    url = f"/campaigns/progress?id={sending}&seen=sending&seen=pausing"
    assert '"reload":false' in client.get(url).text
    post(client, f"/campaigns/{sending}/pause", back=f"/campaigns/{sending}")
    assert '"reload":true' in client.get(url).text
    page = client.get("/").text
    assert "Going out now" not in page
    assert '<h2 class="card-title" id="paused-title">Paused</h2>' in page


def test_monitor_shows_subject_and_sender_and_leads_to_the_mail(
    client: FlaskClient, alice: Person
) -> None:
    people = [{"email": f"r{n}@example.org", "name": f"Reader {n}"} for n in range(2)]
    campaign_id = make_campaign(alice, recipients=people, html="<p>Hello</p>")
    answer = alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"})
    assert answer.status == 200, answer.text
    page = client.get(f"/campaigns/{campaign_id}").text
    assert "Hello {{ name }}" in page
    assert "Asha &lt;asha@example.com&gt;" in page
    assert f'href="/campaigns/{campaign_id}/mail"' in page
    mail = client.get(f"/campaigns/{campaign_id}/mail").text
    assert "Hello Reader 0" in mail
    assert "Asha &lt;asha@example.com&gt;" in mail
    assert f'src="/campaigns/{campaign_id}/preview?recipient=1"' in mail
    assert f'href="/campaigns/{campaign_id}/mail?recipient=2#preview"' in mail
    assert "Hello Reader 1" in client.get(f"/campaigns/{campaign_id}/mail?recipient=2").text


def test_mail_of_a_draft_without_content_is_not_there(client: FlaskClient, alice: Person) -> None:
    send(client, "/campaigns/new", name="Empty", account="")
    assert client.get("/campaigns/1/mail").status_code == 404


def test_monitor_groups_errors_and_asks_for_a_new_page_with_a_new_status(
    client: FlaskClient, sending: int
) -> None:
    page = client.get(f"/campaigns/{sending}").text
    assert "The mailbox is full" in page
    assert "5.2.2 Over &lt;quota&gt;" in page
    assert "Retry 1 failed" in page
    live = client.get(f"/campaigns/{sending}/progress?seen=sending.1").json
    assert live is not None
    assert (live["busy"], live["reload"]) == (True, False)
    again = client.get(f"/campaigns/{sending}/progress?seen=scheduled.0").json
    assert again is not None
    assert again["reload"] is True


def test_pause_resume_and_cancel_move_the_campaign_and_say_so(
    client: FlaskClient, sending: int, session_factory: SessionFactory
) -> None:
    here = f"/campaigns/{sending}"
    assert "Nothing more goes out." in post(client, f"{here}/pause", back=here)
    assert status_of(session_factory, sending) == "paused"
    assert "It goes on" in post(client, f"{here}/resume", back=here)
    assert status_of(session_factory, sending) == "sending"
    assert "Cancelled." in post(client, f"{here}/cancel", back=f"{here}/cancel")
    assert status_of(session_factory, sending) == "cancelling"
    assert "only a paused one can be resumed" in post(client, f"{here}/resume", back=here)


def test_campaign_that_waits_is_taken_back_once(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice)
    answer = alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"})
    assert answer.status == 200, answer.text
    here = f"/campaigns/{campaign_id}"
    assert "nothing was sent" in post(client, f"{here}/unschedule", back=here)
    assert status_of(session_factory, campaign_id) == "draft"
    assert "draft already" in post(client, f"{here}/unschedule", back="/")


@pytest.mark.parametrize(("wish", "words", "state"), [
    ("sent", "1 mail is counted as sent.", "sent"),
    ("again", "1 mail is sent again.", "pending"),
])  # fmt: skip
def test_unknown_mail_becomes_what_its_owner_says(
    client: FlaskClient,
    sending: int,
    session_factory: SessionFactory,
    wish: str,
    words: str,
    state: str,
) -> None:
    with session_factory() as session:
        lost = session.scalar(select(Email.recipient_id).where(Email.state == EmailState.UNKNOWN))
    asked = f"/campaigns/{sending}/unknown?as={wish}&recipient={lost}"
    fields = {"as": wish, "recipient": str(lost)}
    page = post(client, f"/campaigns/{sending}/unknown", back=asked, **fields)
    assert words in page
    with session_factory() as session:
        found = session.scalar(select(Email.state).where(Email.recipient_id == lost))
    assert found == state


def test_retry_failed_sends_what_can_pass(
    client: FlaskClient, sending: int, session_factory: SessionFactory
) -> None:
    here = f"/campaigns/{sending}"
    assert "1 mail is tried again." in post(client, f"{here}/retry-failed", back=here)
    assert "No failed mail" in post(client, f"{here}/retry-failed", back=here)


def test_second_chance_of_many_mails_shows_how_far_it_is(
    client: FlaskClient, sending: int, session_factory: SessionFactory
) -> None:
    here = f"/campaigns/{sending}"
    with session_factory.begin() as session:
        kind = ChanceKind.RETRY_FAILED.value
        session.add(
            SecondChance(campaign_id=sending, kind=kind, mails=5_000, moved=2_000, up_to=10**9)
        )
    page = client.get(here).text
    assert "2,000 of 5,000" in page
    assert "Retry 1 failed" not in page
    assert "Send it again" not in page
    seen = f"{here}/progress?seen=sending.1.retry_failed"
    live = client.get(seen).get_json()
    assert (live["busy"], live["reload"]) == (True, False)
    assert live["chance"] == {"done": 2000, "total": 5000, "progress": "2,000 of 5,000"}
    said = post(client, f"{here}/retry-failed", back=here)
    assert "3,000 mails are tried again. That takes a moment" in said
    with session_factory.begin() as session:
        assert work_off_chunk(session, sending) == 0
    assert client.get(seen).get_json()["reload"] is True
    assert "Retry 1 failed" in client.get(here).text


def test_ledger_is_filtered_by_state_cause_and_address(client: FlaskClient, sending: int) -> None:
    here = f"/campaigns/{sending}/emails"
    assert client.get(here).text.count('scope="row"') == 4
    for query, shown in (
        ("state=failed", "r1@"),
        ("state=unknown&reason=mailbox_full", "r2@"),
        ("q=R3@", "r3@"),
    ):
        page = client.get(f"{here}?{query}").text
        assert page.count('scope="row"') == 1
        assert shown in page
    assert "No such mail" in client.get(f"{here}?q=%25").text
    assert client.get(f"{here}?state=nonsense").text.count('scope="row"') == 4


def test_csv_has_every_mail_and_no_formula(client: FlaskClient, sending: int) -> None:
    answer = client.get(f"/campaigns/{sending}/export.csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["status"] for row in rows] == ["sent", "failed", "unknown", "pending"]
    assert rows[0]["name"] == "'=cmd()"
    only = client.get(f"/campaigns/{sending}/export.csv?state=failed").data.decode()
    assert only.count("\n") == 2


def test_workbook_has_the_same_lines(client: FlaskClient, sending: int) -> None:
    answer = client.get(f"/campaigns/{sending}/export.xlsx?state=failed")
    book = openpyxl.load_workbook(io.BytesIO(answer.data), read_only=True)
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert [row[:4] for row in rows[1:]] == [("r1@example.org", "b", "failed", 1)]


def test_dashboard_leads_from_nothing_to_trouble(
    client: FlaskClient, alice: Person, sending: int
) -> None:
    page = client.get("/").text
    assert "50 % refused, 1 unknown" in page
    assert "Welcome to Dakiya" not in page


def test_dashboard_rates_the_mails_whose_fate_is_known(
    client: FlaskClient, sending: int, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        session.execute(text("DELETE FROM campaign_counter"))
        session.add(CampaignCounter(campaign_id=sending, slot=0, sent=9, failed=1, unknown=5))
        session.commit()
    page = client.get("/").text
    assert "90 %" in page
    assert "5 more unknown" in page


def test_checklist_names_the_next_step(client: FlaskClient, alice: Person) -> None:
    assert "Connect a server" in client.get("/").text
    make_account(alice)
    page = client.get("/").text
    assert "Connect a server" not in page
    assert "1 of 4 done" in page


def test_forms_without_token_are_refused(client: FlaskClient, sending: int) -> None:
    assert client.post(f"/campaigns/{sending}/cancel").status_code == 400
    assert send(client, f"/campaigns/{sending}/cancel").status_code == 303
