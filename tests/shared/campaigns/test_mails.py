"""Pages of the ledger, the causes of trouble, the story of one mail, and the export."""

from collections.abc import Sequence

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from dakiya.campaigns import mails
from dakiya.campaigns.mails import (
    LedgerLine,
    Wanted,
    export_lines,
    list_causes,
    list_emails,
    tell_story,
)
from dakiya.db import SessionFactory
from dakiya.delivery.counters import Moves
from dakiya.delivery.intents import intend, lock_for_intent
from dakiya.delivery.ledger import record
from dakiya.delivery.outcomes import Outcome
from dakiya.errors import NotFound
from dakiya.models import Campaign, Email, EmailState
from tests.engine.world import make_account, make_sending, make_workspace
from tests.shared.delivery.conftest import Scene, set_scene

ADDRESSES = (
    "asha@example.net",
    "asha.rao@example.net",
    "r_v%i@example.org",
    "ravi@example.co",
    "ravi@example.com",
)


def a_campaign(session: Session, addresses: Sequence[str] = ADDRESSES) -> Campaign:
    workspace = make_workspace(session)
    return make_sending(session, make_account(session, workspace, 2525), addresses)


def a_finished_scene(session: Session) -> Scene:
    """Two sent, two failed for one reason, one unknown."""
    scene = set_scene(session)
    outcomes = [
        Outcome(EmailState.SENT, "dot", 250, "OK"),
        Outcome(EmailState.SENT, "dot", 250, "OK"),
        Outcome(EmailState.FAILED, "rcpt", 552, "5.2.2 mailbox of r2 full", "mailbox_full"),
        Outcome(EmailState.FAILED, "rcpt", 552, "5.2.2 mailbox of r3 full", "mailbox_full"),
        Outcome(EmailState.UNKNOWN, "dot", reason="no_reply"),
    ]
    moves = Moves()
    lock_for_intent(session, scene.claim)
    for mail, outcome in zip(scene.mails, outcomes, strict=True):
        intend(session, scene.claim, mail.id, moves)
        record(session, scene.claim, mail.id, outcome, moves)
    scene.store(moves)
    session.flush()
    return scene


def addresses_of(lines: Sequence[LedgerLine]) -> list[str]:
    return [line.email for line in lines]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("asha", ["asha@example.net", "asha.rao@example.net"]),
        (" ASHA.R ", ["asha.rao@example.net"]),
        ("Asha@Example.net", ["asha@example.net"]),
        ("@example.org", ["r_v%i@example.org"]),
        ("ravi@example.co", ["ravi@example.co"]),
        ("ravi@example.c", ["ravi@example.co", "ravi@example.com"]),
        ("avi@example.com", ["ravi@example.com"]),
        ("r_v", ["r_v%i@example.org"]),
        ("v%", ["r_v%i@example.org"]),
        ("\\", []),
        ("nobody@example.net", []),
        ("  ", list(ADDRESSES)),
    ],
)
def test_search_finds_addresses_by_any_part(
    session: Session, search: str, found: list[str]
) -> None:
    campaign = a_campaign(session)
    lines = list_emails(session, campaign, wanted=Wanted(search=search))
    assert addresses_of(lines) == found


def test_search_looks_into_no_other_campaign(session: Session) -> None:
    campaign = a_campaign(session)
    other = make_account(session, make_workspace(session, "bob@example.com"), 2525)
    make_sending(session, other, ["asha.only@example.net"])
    for search in ("asha.only", "asha.only@example.net"):
        assert list_emails(session, campaign, wanted=Wanted(search=search)) == []


def test_search_goes_on_after_a_page(session: Session) -> None:
    campaign = a_campaign(session)
    wanted = Wanted(search="example.co")
    [first] = list_emails(session, campaign, wanted=wanted, limit=1)
    rest = list_emails(session, campaign, wanted=wanted, after_recipient_id=first.recipient_id)
    assert addresses_of([first, *rest]) == ["ravi@example.co", "ravi@example.com"]


def test_lines_are_narrowed_by_state_and_reason_and_search_at_once(session: Session) -> None:
    scene = a_finished_scene(session)

    def found(wanted: Wanted) -> list[str]:
        return addresses_of(list_emails(session, scene.campaign, wanted=wanted))

    failed = ["r2@example.net", "r3@example.net"]
    assert found(Wanted(state=EmailState.FAILED)) == failed
    assert found(Wanted(reason="mailbox_full")) == failed
    assert found(Wanted(EmailState.FAILED, "mailbox_full", "r3")) == failed[1:]
    assert found(Wanted(EmailState.SENT, "mailbox_full")) == []
    assert found(Wanted(reason="no_reply")) == ["r4@example.net"]


def test_causes_group_mails_and_quote_one_reply(session: Session) -> None:
    scene = a_finished_scene(session)
    found = list_causes(session, scene.campaign)
    assert found.complete
    assert [(c.state, c.reason, c.mails) for c in found.causes] == [
        (EmailState.FAILED, "mailbox_full", 2),
        (EmailState.UNKNOWN, "no_reply", 1),
    ]
    assert found.causes[0].reply_code == 552
    assert found.causes[0].reply_text == "5.2.2 mailbox of r3 full"
    assert [cause.retry_can_help for cause in found.causes] == [True, False]


def test_causes_say_that_there_are_more(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = a_finished_scene(session)
    monkeypatch.setattr(mails, "COUNTED", 2)
    found = list_causes(session, scene.campaign)
    assert not found.complete
    assert sum(cause.mails for cause in found.causes) == 2


def test_causes_of_a_campaign_without_trouble_are_none(session: Session) -> None:
    found = list_causes(session, a_campaign(session))
    assert (found.causes, found.complete) == ([], True)


def test_story_tells_each_attempt_in_its_order(session: Session) -> None:
    scene = set_scene(session)
    mail = scene.mails[0]
    moves = Moves()
    later = Outcome(EmailState.DEFERRED, "rcpt", 451, "4.7.1 greylisted", "greylisted")
    assert record(session, scene.claim, mail.id, later, moves)
    session.execute(update(Email).where(Email.id == mail.id).values(state="claimed"))
    session.flush()
    failed = Outcome(EmailState.FAILED, "rcpt", 550, "5.1.1 no such user", "unknown_user")
    assert record(session, scene.claim, mail.id, failed, moves)
    session.expire_all()
    story = tell_story(session, scene.campaign, mail.recipient_id)
    assert (story.line.email, story.line.name) == (mail.email, mail.name)
    assert story.line.state is EmailState.FAILED
    assert story.fields == {"city": "Köln"}
    told = [(a.number, a.outcome, a.reply_code) for a in story.attempts]
    assert told == [(1, EmailState.DEFERRED, 451), (2, EmailState.FAILED, 550)]


def test_story_of_another_campaigns_mail_is_not_told(session: Session) -> None:
    scene = set_scene(session)
    other = make_account(session, make_workspace(session, "bob@example.com"), 2525)
    campaign = make_sending(session, other, 1)
    with pytest.raises(NotFound):
        tell_story(session, campaign, scene.mails[0].recipient_id)


def test_export_yields_every_line_once_across_pages_and_holds_no_transaction(
    session_factory: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mails, "LINES_PER_EXPORT_PAGE", 2)
    with session_factory.begin() as session:
        campaign = a_campaign(session)
    lines = export_lines(session_factory, campaign)
    first = next(lines)
    with session_factory() as session:
        open_ones = session.scalars(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND state LIKE 'idle in transaction%'"
            )
        ).one()
    assert open_ones == 0
    assert addresses_of([first, *lines]) == list(ADDRESSES)
    wanted = Wanted(search="asha")
    assert len(list(export_lines(session_factory, campaign, wanted=wanted))) == 2
