"""Look-ups of names: what an account wants known, and asking again by itself."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dakiya.db import database_now
from dakiya.domains.records import Findings
from dakiya.domains.register import (
    OLD_AFTER,
    addresses_of_server,
    names_to_check,
    record_check,
    refresh_checks,
    request_check,
    waiting_checks,
)
from dakiya.models import DomainCheck
from tests.engine.world import make_account, make_workspace


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("mail.shop.example", ["shop.example", "mail.shop.example"]),
        ("Shop.Example.", ["shop.example"]),
        ("smtp.gmail.com", ["shop.example"]),  # its mail leaves from elsewhere
        ("93.184.216.34", ["shop.example"]),
        ("::1", ["shop.example"]),
        ("localhost", ["shop.example"]),
    ],
)
def test_domain_and_own_server_of_an_account_are_looked_up(host: str, names: list[str]) -> None:
    assert names_to_check("asha@Shop.example", host) == names


def test_old_lookups_of_live_accounts_are_asked_for_again_by_themselves(session: Session) -> None:
    workspace_id = make_workspace(session)
    live = make_account(session, workspace_id, 587, from_email="a@live.example")
    make_account(session, workspace_id, 587, from_email="b@fresh.example")
    gone = make_account(session, workspace_id, 587, from_email="c@gone.example")
    now = database_now(session)
    gone.deleted_at = now
    for domain in ("live.example", "fresh.example", "gone.example"):
        check_id = request_check(session, domain, now=now, again=False)
        assert check_id is not None
        record_check(session, check_id, Findings())
    session.flush()
    assert refresh_checks(session, now=now) == 0
    session.execute(
        update(DomainCheck)
        .where(DomainCheck.domain != "fresh.example")
        .values(
            requested_at=now - OLD_AFTER - timedelta(hours=1),
            checked_at=now - OLD_AFTER,
        )
    )
    assert refresh_checks(session, now=now) == 1
    assert refresh_checks(session, now=now) == 0
    session.execute(update(DomainCheck).values(requested_at=DomainCheck.requested_at))
    later = now + timedelta(minutes=2)
    waiting = waiting_checks(session, now=later, older_than=timedelta(minutes=1))
    names = session.scalars(select(DomainCheck.domain).where(DomainCheck.id.in_(waiting))).all()
    assert names == ["live.example"]
    live.from_email = "a@never-asked.example"
    session.flush()
    assert refresh_checks(session, now=now) == 1


def test_addresses_of_an_own_server_are_those_of_its_name(session: Session) -> None:
    account = make_account(session, make_workspace(session), 587, host="mail.shop.example")
    assert addresses_of_server(session, account) == ()
    check_id = request_check(session, "mail.shop.example", now=database_now(session), again=False)
    assert check_id is not None
    record_check(session, check_id, Findings(addresses=["93.184.216.35"]))
    assert addresses_of_server(session, account) == ["93.184.216.35"]
    account.host = "93.184.216.36"
    assert addresses_of_server(session, account) == ["93.184.216.36"]
    account.host = "smtp.gmail.com"
    assert addresses_of_server(session, account) == ()
