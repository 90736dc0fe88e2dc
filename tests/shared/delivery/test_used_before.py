"""Mails that count in the limits though no sender asked leave for them."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dakiya.db import database_now
from dakiya.delivery.limits import limits_of
from dakiya.delivery.pacing import Limits
from dakiya.delivery.usage import count_mails, remaining_quota, take_leave
from dakiya.delivery.used_before import (
    count_sent,
    sent_elsewhere,
    set_sent_elsewhere,
)
from dakiya.errors import InvalidInput
from dakiya.models import Email, EmailState, PaceUsage, SmtpAccount
from tests.engine.world import make_account, make_sending, make_workspace
from tests.shared.delivery.conftest import claim_all


@pytest.fixture
def account(session: Session) -> SmtpAccount:
    return make_account(session, make_workspace(session), 2525, per_day=500, per_minute=30)


def left(session: Session, account: SmtpAccount) -> dict[str, int]:
    found = remaining_quota(session, account, now=database_now(session))
    return {quota.name: quota.left for quota in found}


def test_mails_sent_elsewhere_use_up_the_day_and_no_shorter_limit(
    session: Session, account: SmtpAccount
) -> None:
    set_sent_elsewhere(session, account, 480)
    assert left(session, account) == {"per_minute": 30, "per_day": 20}
    taken = sum(take_leave(session, account) is None for _ in range(25))
    assert taken == 20


def test_another_word_takes_the_place_of_the_one_before(
    session: Session, account: SmtpAccount
) -> None:
    """Also when senders have counted in the same bucket."""
    set_sent_elsewhere(session, account, 4_800)
    count_mails(session, account, 3)
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
    for window in limits_of(account).windows:
        count_sent(session, account.mailbox_id, [account.id], window)
        count_sent(session, account.mailbox_id, [account.id], window)  # may be repeated
    assert left(session, account) == {"per_hour": 40, "per_day": 480}
    [minute] = Limits(per_minute=30).windows
    count_sent(session, account.mailbox_id, [account.id], minute)
    assert not session.scalars(select(PaceUsage).where(PaceUsage.window_s == 60)).all()
