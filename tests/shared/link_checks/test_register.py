"""Which addresses are visited, by whom, and what is remembered."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dakiya.accounts.users import create_user, workspace_of
from dakiya.clock import utc_now
from dakiya.link_checks import register
from dakiya.link_checks.register import Found, ask_for, known_of, record, take
from dakiya.models import LinkCheck, LinkState, LinkVerdict

URL, OTHER = "https://example.com/", "https://example.com/other"
FINE = Found(LinkVerdict.FINE, "It answers 200.", 200, "text/html", 12)
GONE = Found(LinkVerdict.MISSING, "It answers 404.", 404)


@pytest.fixture
def workspace_id(session: Session) -> int:
    user = create_user(session, email="asha@example.com", password="correct horse battery")
    return workspace_of(session, user.id)


def visit(session: Session, workspace_id: int, found: Found = FINE) -> int:
    taken = take(session, workspace_id, limit=10)
    for check in taken:
        record(session, check.id, found)
    return len(taken)


def test_address_is_visited_once_and_remembered(session: Session, workspace_id: int) -> None:
    now = utc_now()
    assert ask_for(session, [URL, URL, OTHER], workspace_id=workspace_id, now=now)
    assert known_of(session, [URL, OTHER], workspace_id=workspace_id).waiting == 2
    assert not ask_for(session, [URL], workspace_id=workspace_id, now=now)
    assert visit(session, workspace_id) == 2
    known = known_of(session, [URL], workspace_id=workspace_id)
    assert (known.waiting, known.found[URL].verdict, known.found[URL].size_bytes) == (
        0, LinkVerdict.FINE, 12,
    )  # fmt: skip
    assert not ask_for(session, [URL], workspace_id=workspace_id, now=now)
    assert ask_for(session, [URL], workspace_id=workspace_id, now=now + timedelta(days=2))


def test_what_failed_is_visited_again_soon(session: Session, workspace_id: int) -> None:
    now = utc_now()
    ask_for(session, [URL], workspace_id=workspace_id, now=now)
    visit(session, workspace_id, GONE)
    assert not ask_for(session, [URL], workspace_id=workspace_id, now=now)
    later = now + timedelta(minutes=10)
    assert ask_for(session, [URL], workspace_id=workspace_id, now=later)
    # Until then the earlier visit counts.
    known = known_of(session, [URL], workspace_id=workspace_id)
    assert (known.waiting, known.found[URL].verdict) == (1, LinkVerdict.MISSING)


def test_two_senders_never_visit_the_same_address(session: Session, workspace_id: int) -> None:
    ask_for(session, [URL, OTHER], workspace_id=workspace_id, now=utc_now())
    (first,) = take(session, workspace_id, limit=1)
    (second,) = take(session, workspace_id, limit=1)
    assert {first.url, second.url} == {URL, OTHER}
    assert take(session, workspace_id, limit=1) == []


def test_workspaces_do_not_see_each_others_visits(session: Session, workspace_id: int) -> None:
    bob = create_user(session, email="bob@example.com", password="correct horse battery")
    ask_for(session, [URL], workspace_id=workspace_id, now=utc_now())
    visit(session, workspace_id)
    his = workspace_of(session, bob.id)
    assert known_of(session, [URL], workspace_id=his).found == {}
    assert ask_for(session, [URL], workspace_id=his, now=utc_now())
    assert visit(session, workspace_id) == 0


def test_lost_visits_are_taken_back_and_rung_again(session: Session, workspace_id: int) -> None:
    now = utc_now()
    ask_for(session, [URL, OTHER], workspace_id=workspace_id, now=now)
    assert register.workspaces_to_ring(session, now=now) == []
    assert register.workspaces_to_ring(session, now=now + timedelta(minutes=1)) == [workspace_id]
    lost = take(session, workspace_id, limit=2)
    assert register.workspaces_to_ring(session, now=now + timedelta(minutes=1)) == []
    register.keep_register(session, now=now + timedelta(minutes=10))
    assert len(take(session, workspace_id, limit=10)) == 2
    session.execute(update(LinkCheck).values(state=LinkState.QUEUED))
    # Whoever was given up for lost writes nothing any more.
    record(session, lost[0].id, GONE)
    assert session.scalars(select(LinkCheck.verdict)).all() == [None, None]
    register.keep_register(session, now=now + timedelta(days=40))
    assert session.scalars(select(LinkCheck)).all() == []


def test_nobody_walks_through_other_peoples_sites(
    session: Session, workspace_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register, "VISITS_AN_HOUR", 5)
    monkeypatch.setattr(register, "MAX_LINKS", 4)
    urls = [f"https://example.com/{number}" for number in range(9)]
    now = utc_now()
    ask_for(
        session, [*urls, "https://example.com/" + "x" * 2_000], workspace_id=workspace_id, now=now
    )
    assert known_of(session, urls, workspace_id=workspace_id).waiting == 4
    ask_for(session, urls[4:8], workspace_id=workspace_id, now=now)
    assert len(take(session, workspace_id, limit=99)) == 5
    later = now + timedelta(hours=2)
    assert ask_for(session, urls[5:8], workspace_id=workspace_id, now=later)
