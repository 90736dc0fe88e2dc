"""A round of visits writes what it found, for one workspace."""

from collections.abc import Iterator

import pytest

from dakiya.accounts.users import create_user, workspace_of
from dakiya.clock import utc_now
from dakiya.db import SessionFactory
from dakiya.link_checks.register import ask_for, known_of
from dakiya.models import LinkVerdict
from dakiya_sender.links import rounds
from dakiya_sender.links.visiting import Visitor
from tests.sender.links.site import Site, running


@pytest.fixture
def site() -> Iterator[Site]:
    with running() as found:
        yield found


def test_round_visits_all_that_is_queued(site: Site, session_factory: SessionFactory) -> None:
    urls = [site.url(f"/page/{number}") for number in range(12)] + [site.url("/gone")]
    with session_factory() as session:
        user = create_user(session, email="asha@example.com", password="correct horse battery")
        workspace_id = workspace_of(session, user.id)
        ask_for(session, urls, workspace_id=workspace_id, now=utc_now())
        session.commit()
    visitor = Visitor(allowed=site.place, time_s=2.0)
    assert not rounds.check_links(session_factory, visitor, workspace_id)
    assert not rounds.check_links(session_factory, visitor, workspace_id)
    assert len(site.asked) == 13
    with session_factory() as session:
        known = known_of(session, urls, workspace_id=workspace_id)
    assert known.waiting == 0
    assert known.found[site.url("/gone")].verdict is LinkVerdict.MISSING
    assert sum(check.verdict is LinkVerdict.FINE for check in known.found.values()) == 12


def test_long_round_ends_and_leaves_the_rest_for_the_next(
    site: Site, session_factory: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "LASTS_S", 0.0)
    with session_factory() as session:
        user = create_user(session, email="asha@example.com", password="correct horse battery")
        workspace_id = workspace_of(session, user.id)
        ask_for(session, [site.url("/")], workspace_id=workspace_id, now=utc_now())
        session.commit()
    assert rounds.check_links(session_factory, Visitor(allowed=site.place), workspace_id)
    assert site.asked == []
