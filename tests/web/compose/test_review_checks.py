"""What the checks find, on the review: errors stop it, doubts want a yes, links are visited."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from dakiya.clock import utc_now
from dakiya.db import SessionFactory
from dakiya.domains.records import Findings
from dakiya.models import DomainCheck, LinkVerdict
from dakiya.queue import LINKS_QUEUE
from dakiya_web.wiring import Wiring
from tests.web.browsing import form_of
from tests.web.conftest import Person, make_account, make_campaign
from tests.web.database import value

WORDS = "<p>Enough to read for everybody who wants to. Hello {{ name }}.</p>" * 4
PLACEHOLDER = f'{WORDS}<p><a href="https://www.example.com/x">Read on</a></p>'
LINK = f'{WORDS}<p><a href="https://banyan-books.in/gone">Read on</a></p>'


@pytest.fixture
def rung(app: Flask) -> Wiring:
    wired: Wiring = app.extensions["dakiya"]
    return wired


def review(client: FlaskClient, campaign_id: int) -> tuple[str, dict[str, str]]:
    url = f"/campaigns/{campaign_id}/edit/review"
    page = client.get(f"{url}?when=now").text
    return page, form_of(page, url)


def status(session_factory: SessionFactory) -> object:
    return value(session_factory, "SELECT status FROM campaign")


def finish_visit(session_factory: SessionFactory, verdict: LinkVerdict, detail: str) -> None:
    with session_factory.begin() as session:
        session.execute(
            text(
                "UPDATE link_check SET state = 'checked', verdict = :verdict, detail = :detail,"
                " checked_at = now()"
            ),
            {"verdict": verdict.value, "detail": detail},
        )


def test_doubts_want_a_yes(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice, html=PLACEHOLDER)
    url = f"/campaigns/{campaign_id}/edit/review"
    page, hidden = review(client, campaign_id)
    assert "These links still lead to an example." in page
    assert "https://www.example.com/x" in page
    place = f"/campaigns/{campaign_id}/edit/content?find=https://www.example.com/x#writer"
    assert f'href="{place}" aria-describedby="doubt-1">Mend it' in page
    refused = client.post(url, data=hidden)
    assert refused.status_code == 422
    assert "say whether it shall go out" in refused.text
    assert status(session_factory) == "draft"
    answer = client.post(url, data={**hidden, "accept": "y"})
    assert answer.status_code == 303
    assert status(session_factory) == "preparing"


def test_domain_that_lacks_its_records_leads_to_the_page_of_the_account(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice, host="smtp.gmail.com", from_email="asha@shop.in")
    campaign_id = make_campaign(alice, html=WORDS, smtp_account_id=account_id)
    now = utc_now()
    with session_factory.begin() as session:
        found = Findings(dmarc=["v=DMARC1; p=none"]).as_json()
        # It was asked for when the account was added.
        check = session.scalars(select(DomainCheck).where(DomainCheck.domain == "shop.in")).one()
        check.checked_at, check.findings = now, found
    page, _ = review(client, campaign_id)
    assert "Mail from @shop.in may go to spam" in page
    assert "it has no SPF record" in page
    assert f'href="/smtp-accounts/{account_id}#domain"' in page


def test_good_campaign_is_scheduled_without_a_question(client: FlaskClient, alice: Person) -> None:
    campaign_id = make_campaign(alice, html=WORDS)
    page, hidden = review(client, campaign_id)
    assert "Nothing was found that speaks against it." in page
    assert 'name="accept"' not in page
    answer = client.post(f"/campaigns/{campaign_id}/edit/review", data=hidden)
    assert answer.status_code == 303


def test_yes_to_some_doubts_is_none_to_others(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice, html=PLACEHOLDER)
    _, hidden = review(client, campaign_id)
    with session_factory.begin() as session:
        session.execute(text("UPDATE workspace SET postal_address = NULL"))
    answer = client.post(f"/campaigns/{campaign_id}/edit/review", data={**hidden, "accept": "y"})
    assert answer.status_code == 422
    assert "The checks found something else since you looked." in answer.text
    assert "Your mails carry no postal address." in answer.text
    assert 'href="/profile#address" aria-describedby="doubt-2">Mend it' in answer.text
    assert status(session_factory) == "draft"


def test_from_that_will_not_align_stops_pages_and_api(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    account_id = make_account(alice, from_email="asha@gmail.com")
    campaign_id = make_campaign(alice, smtp_account_id=account_id, html=WORDS)
    page = client.get(f"/campaigns/{campaign_id}/edit/review?when=now").text
    assert "goes to spam or is refused" in page
    assert f"/smtp-accounts/{account_id}/edit" in page
    assert "Send to 1 now" not in page
    answer = alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"})
    assert answer.status == 422
    assert "goes to spam" in answer.json["errors"]["smtp_account_id"][0]
    assert status(session_factory) == "draft"


def test_links_are_visited_while_the_review_is_looked_at(
    client: FlaskClient, alice: Person, session_factory: SessionFactory, rung: Wiring
) -> None:
    campaign_id = make_campaign(alice, html=LINK)
    page, _ = review(client, campaign_id)
    assert "1 link is being visited" in page
    assert "This page again" not in page
    assert rung.doorbell.count_messages(LINKS_QUEUE) == 1
    place = page.partition('data-checks-url="')[2].partition('"')[0].replace("&amp;", "&")
    assert client.get(place).status_code == 204
    # Looked at again, it is not visited again.
    review(client, campaign_id)
    assert rung.doorbell.count_messages(LINKS_QUEUE) == 1
    finish_visit(session_factory, LinkVerdict.MISSING, "It answers 404: there is no such page.")
    part = client.get(place)
    assert part.status_code == 200
    assert "https://banyan-books.in/gone: It answers 404" in part.text
    assert 'name="accept"' in part.text
    assert "data-checks-url" not in part.text
    assert "<html" not in part.text


def test_visit_that_ends_between_look_and_click_is_told_first(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice, html=LINK)
    _, hidden = review(client, campaign_id)
    finish_visit(session_factory, LinkVerdict.MISSING, "It answers 404: there is no such page.")
    answer = client.post(f"/campaigns/{campaign_id}/edit/review", data=hidden)
    assert answer.status_code == 422
    assert "It answers 404" in answer.text
    assert status(session_factory) == "draft"


def test_links_that_nobody_has_visited_yet_hold_up_nothing(
    client: FlaskClient, alice: Person
) -> None:
    campaign_id = make_campaign(alice, html=LINK)
    _, hidden = review(client, campaign_id)
    answer = client.post(f"/campaigns/{campaign_id}/edit/review", data=hidden)
    assert answer.status_code == 303


def test_api_tells_what_the_checks_find(
    alice: Person, session_factory: SessionFactory, rung: Wiring
) -> None:
    campaign_id = make_campaign(alice, html=PLACEHOLDER + LINK)
    answer = alice.api.get(f"/campaigns/{campaign_id}/checks")
    assert answer.status == 200
    assert answer.json["errors"] == []
    assert [found["check"] for found in answer.json["warnings"]] == ["links.placeholder"]
    assert answer.json["links_being_visited"] == 1
    assert rung.doorbell.count_messages(LINKS_QUEUE) == 1
    finish_visit(session_factory, LinkVerdict.UNREACHABLE, "The name does not exist.")
    answer = alice.api.get(f"/campaigns/{campaign_id}/checks")
    assert [found["check"] for found in answer.json["warnings"]] == [
        "links.broken", "links.placeholder",
    ]  # fmt: skip
    scheduled = alice.api.post(f"/campaigns/{campaign_id}/schedule", {"at": "now"})
    assert scheduled.status == 200
    assert [found["check"] for found in scheduled.json["checks"]] == [
        "links.broken", "links.placeholder",
    ]  # fmt: skip
    assert alice.api.get(f"/campaigns/{campaign_id}/checks").status == 409


def test_whoever_writes_sees_what_speaks_against_the_mail(
    client: FlaskClient, alice: Person, session_factory: SessionFactory
) -> None:
    campaign_id = make_campaign(alice, html=PLACEHOLDER)
    page = client.get(f"/campaigns/{campaign_id}/edit/content").text
    checks = page.partition('id="content-checks"')[2]
    assert "These links still lead to an example." in checks
    assert "https://www.example.com/x" in checks
    with session_factory.begin() as session:
        session.execute(text("UPDATE workspace SET postal_address = NULL"))
    page = client.get(f"/campaigns/{campaign_id}/edit/content").text
    assert 'href="/profile#address" aria-describedby="doubt-2">Mend it' in page
    assert 'href="#writer" data-mend="https://www.example.com/x"' in page


def test_whoever_writes_sees_the_whole_list_of_the_review(
    client: FlaskClient, alice: Person
) -> None:
    account_id = make_account(alice, from_email="asha@gmail.com")
    campaign_id = make_campaign(alice, smtp_account_id=account_id, html="<p> </p>", subject="A  RE")
    page = client.get(f"/campaigns/{campaign_id}/edit/content").text
    checks = page.partition('id="content-checks"')[2].partition('id="test"')[0]
    reviewed = client.get(f"/campaigns/{campaign_id}/edit/review?when=now").text
    for words in ("goes to spam or is refused", "The mail says nothing yet."):
        assert words in checks
        assert words in reviewed
    assert f'href="/smtp-accounts/{account_id}/edit"' in checks


@pytest.mark.parametrize(
    ("part", "written", "anchor"),
    [
        ("subject", "Hello {{ town }}", "#subject"),
        ("preheader", "Hello {{ town }}", "#preheader"),
        ("text", "Hello {{ town }}", "#text"),
        ("html", f"{WORDS} {{{{ town }}}}", "#writer"),
    ],
)
def test_mistake_leads_to_the_field_and_to_the_words_in_it(
    client: FlaskClient, alice: Person, part: str, written: str, anchor: str
) -> None:
    campaign_id = make_campaign(alice, **{"html": WORDS, part: written})
    page = client.get(f"/campaigns/{campaign_id}/edit/content").text
    assert f'href="{anchor}" data-mend="{{{{ town" aria-describedby="mistake-1">' in page
    reviewed = client.get(f"/campaigns/{campaign_id}/edit/review?when=now").text
    assert f'?find=%7B%7B+town{anchor}"' in reviewed


def test_subject_that_sounds_like_spam_is_mended_in_the_subject(
    client: FlaskClient, alice: Person
) -> None:
    campaign_id = make_campaign(alice, html=WORDS, subject="Act now!!!")
    page = client.get(f"/campaigns/{campaign_id}/edit/content").text
    assert 'href="#subject" data-mend="" aria-describedby="doubt-1">Mend it' in page
