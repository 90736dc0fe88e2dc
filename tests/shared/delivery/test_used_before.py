"""Mails that count in the limits though no sender asked leave for them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from dakiya.config import Settings
from dakiya.db import SessionFactory, database_now
from dakiya.delivery.limits import limits_of
from dakiya.delivery.pacing import Limits
from dakiya.delivery.usage import remaining_quota
from dakiya.delivery.used_before import (
    count_new_limits,
    sent_elsewhere,
    set_sent_elsewhere,
)
from dakiya.errors import InvalidInput
from dakiya.models import Email, EmailState, PaceUsage, Security, SmtpAccount
from dakiya.smtp_accounts.accounts import AccountValues, change_account, create_account
from dakiya.smtp_accounts.secrets import SecretBox
from tests.engine.world import leave_for_one, make_account, make_sending, make_workspace
from tests.shared.delivery.conftest import claim_all

SOMEBODY_WAITS = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
VALUES = AccountValues(
    "Own", "mail.example.com", 587, Security.STARTTLS, None, "a@example.com", None,
    None, None, None, None, 4, 100,
)  # fmt: skip


@pytest.fixture
def account(session: Session) -> SmtpAccount:
    return make_account(session, make_workspace(session), 2525, per_day=500, per_minute=30)


def left(session: Session, account: SmtpAccount) -> dict[str, int]:
    found = remaining_quota(session, account, now=database_now(session))
    return {quota.name: quota.left for quota in found}


def add(session: Session, settings: Settings, **limits: Any) -> SmtpAccount:
    values = replace(VALUES, **limits)
    workspace_id, box = make_workspace(session), SecretBox(settings)
    return create_account(session, values, workspace_id=workspace_id, password=None, box=box)


def change(session: Session, settings: Settings, account: SmtpAccount, **limits: Any) -> None:
    box = SecretBox(settings)
    change_account(session, account, replace(VALUES, **limits), password=None, box=box)


def test_mails_sent_elsewhere_use_up_the_day_and_no_shorter_limit(
    session: Session, account: SmtpAccount
) -> None:
    set_sent_elsewhere(session, account, 480)
    assert left(session, account) == {"per_minute": 30, "per_day": 20}
    taken = sum(leave_for_one(session, account) is None for _ in range(25))
    assert taken == 20


def test_another_word_takes_the_place_of_the_one_before(
    session: Session, account: SmtpAccount
) -> None:
    for _ in range(3):
        assert leave_for_one(session, account) is None
    set_sent_elsewhere(session, account, 4_800)
    assert left(session, account)["per_day"] == 0
    set_sent_elsewhere(session, account, 480)
    assert left(session, account)["per_day"] == 500 - 480 - 3
    set_sent_elsewhere(session, account, 0)
    assert left(session, account)["per_day"] == 500 - 3
    assert sent_elsewhere(session, account, now=database_now(session)) is None


def test_they_count_for_a_day_and_no_longer(session: Session, account: SmtpAccount) -> None:
    set_sent_elsewhere(session, account, 480)
    now = database_now(session)
    assert account.elsewhere_at is not None
    told = sent_elsewhere(session, account, now=now)
    assert told is not None
    assert told.mails == 480
    until = told.until
    assert timedelta(hours=24) <= until - now <= timedelta(hours=24, minutes=15)
    assert sent_elsewhere(session, account, now=until) is None
    session.execute(update(PaceUsage).values(start_at=PaceUsage.start_at - timedelta(days=2)))
    account.elsewhere_at -= timedelta(days=2)
    set_sent_elsewhere(session, account, 100)  # the old bucket is left alone
    assert left(session, account)["per_day"] == 400


def test_account_without_a_long_limit_has_nothing_to_count_in(session: Session) -> None:
    account = make_account(session, make_workspace(session), 2525, per_minute=50)
    with pytest.raises(InvalidInput, match="no limit an hour or a day"):
        set_sent_elsewhere(session, account, 5)


def test_new_limit_counts_what_was_sent_before_it_was_there(session: Session) -> None:
    account = make_account(session, make_workspace(session), 2525)
    campaign = make_sending(session, account, 40)
    now = database_now(session)
    ids = session.scalars(select(Email.id).where(Email.campaign_id == campaign.id)).all()
    claim_all(session)
    for place, age in enumerate((timedelta(minutes=10), timedelta(hours=5), timedelta(hours=30))):
        session.execute(
            update(Email)
            .where(Email.id.in_(ids[place * 10 : place * 10 + 10]))
            .values(state=EmailState.SENT, sent_at=now - age, batch_id=None)
        )
    account.per_day, account.per_hour = 500, 50
    limits = replace(limits_of(account), per_minute=30)
    for _ in range(2):  # may be repeated
        count_new_limits(session, account.mailbox_id, [account.id], before=Limits(), limits=limits)
    assert left(session, account) == {"per_hour": 40, "per_day": 480}
    assert not session.scalars(select(PaceUsage).where(PaceUsage.window_s == 60)).all()


def test_they_go_on_to_count_in_a_longer_limit_that_is_set_later(
    session: Session, settings: Settings
) -> None:
    account = add(session, settings, per_hour=100)
    set_sent_elsewhere(session, account, 80)
    assert left(session, account) == {"per_hour": 20}
    change(session, settings, account, per_hour=100, per_day=500)
    assert left(session, account)["per_day"] == 420
    told = sent_elsewhere(session, account, now=database_now(session))
    assert told is not None
    assert told.until - database_now(session) > timedelta(hours=23)
    set_sent_elsewhere(session, account, 0)
    assert left(session, account) == {"per_hour": 100, "per_day": 500}


def test_they_are_told_no_longer_than_a_limit_counts_them(
    session: Session, settings: Settings
) -> None:
    account = add(session, settings, per_day=500)
    set_sent_elsewhere(session, account, 80)
    change(session, settings, account, per_hour=100)
    assert left(session, account) == {"per_hour": 20}
    told = sent_elsewhere(session, account, now=database_now(session))
    assert told is not None
    assert told.until - database_now(session) < timedelta(hours=2)
    change(session, settings, account)
    assert sent_elsewhere(session, account, now=database_now(session)) is None
    change(session, settings, account, per_hour=100, per_day=500)
    set_sent_elsewhere(session, account, 0)
    assert left(session, account) == {"per_hour": 100, "per_day": 500}


def test_shorter_limit_that_is_set_later_does_not_count_them(
    session: Session, settings: Settings
) -> None:
    account = add(session, settings, per_day=500)
    set_sent_elsewhere(session, account, 80)
    change(session, settings, account, per_hour=100, per_day=500)
    assert left(session, account) == {"per_hour": 100, "per_day": 420}


def test_word_about_another_account_and_its_new_limit_do_not_wait_for_each_other(
    session_factory: SessionFactory, settings: Settings
) -> None:
    with session_factory.begin() as session:
        workspace_id = make_workspace(session)
        one, other = (
            make_account(session, workspace_id, 2525, username="a", per_hour=100) for _ in range(2)
        )
        set_sent_elsewhere(session, other, 80)

    def tell() -> None:
        with session_factory.begin() as session:
            set_sent_elsewhere(session, session.get_one(SmtpAccount, one.id), 50)

    with ThreadPoolExecutor(1) as pool, session_factory.begin() as session:
        changed = session.get_one(SmtpAccount, other.id, with_for_update={"key_share": True})
        told = pool.submit(tell)
        while not session.scalar(SOMEBODY_WAITS):
            assert not told.done()
        values = replace(AccountValues.of(changed), per_day=500)
        change_account(session, changed, values, password=None, box=SecretBox(settings))
        session.commit()
        told.result(timeout=30)
    with session_factory() as session:
        assert left(session, one) == {"per_hour": 100, "per_day": 450}
