"""Due mails into batches: what is claimed, how much, for whom, and when it may start."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dakiya.db import SessionFactory, database_now
from dakiya.delivery.claims import claim_lane, find_lanes
from dakiya.delivery.taking import HORIZON
from dakiya.delivery.trouble import AccountTrouble, pause_account, slow_down
from dakiya.models import (
    Batch,
    BatchState,
    Campaign,
    CampaignStatus,
    Email,
    EmailState,
    SmtpAccount,
)
from dakiya.smtp_accounts.proving import prove_login
from tests.engine.world import (
    make_account,
    make_sending,
    make_workspace,
    miscounted,
    states_of,
    use_pace,
)
from tests.shared.delivery.conftest import claim_all


def an_account(session: Session, **values: Any) -> SmtpAccount:
    return make_account(session, make_workspace(session), 2525, **values)


def test_due_mails_become_claimed_in_ready_batches(session: Session) -> None:
    campaign = make_sending(session, an_account(session), 120)
    ready = claim_all(session)
    batches = session.scalars(select(Batch).order_by(Batch.id)).all()
    assert [b.id for b in batches] == ready
    assert [b.mails for b in batches] == [50, 50, 20]
    assert {(b.state, b.fence) for b in batches} == {(BatchState.READY, 0)}
    assert states_of(session, campaign) == {EmailState.CLAIMED: 120}
    assert not miscounted(session, campaign)
    assert claim_all(session) == []


def test_room_is_twice_the_connections(session: Session) -> None:
    campaign = make_sending(session, an_account(session, connections=3), 100)
    assert len(claim_all(session, batch_size=10)) == 6
    assert states_of(session, campaign)[EmailState.CLAIMED] == 60
    session.execute(
        update(Batch)
        .values(state="done")
        .where(Batch.id == select(Batch.id).limit(1).scalar_subquery())
    )
    assert len(claim_all(session, batch_size=10)) == 1


def test_room_is_that_of_the_mailbox_and_of_what_it_has_learned(session: Session) -> None:
    workspace_id = make_workspace(session)
    account, _ = (
        make_account(session, workspace_id, 2525, username="a", connections=connections)
        for connections in (10, 4)
    )
    make_sending(session, account, 200)
    assert len(claim_all(session, batch_size=5)) == 2  # nobody has logged in yet
    prove_login(session, account)
    assert len(claim_all(session, batch_size=5)) == 6
    session.execute(update(Batch).values(state=BatchState.DONE))
    slow_down(session, account.id, observed=100_000)
    assert len(claim_all(session, batch_size=5)) == 4


def test_account_after_trouble_gets_one_batch_to_find_out(session: Session) -> None:
    make_sending(session, an_account(session, trouble_count=1), 100)
    assert len(claim_all(session, batch_size=10)) == 1


def test_mail_that_is_not_due_is_not_claimed(session: Session) -> None:
    campaign = make_sending(session, an_account(session), 2)
    now = database_now(session)
    first = select(Email.id).order_by(Email.id).limit(1).scalar_subquery()
    session.execute(
        update(Email)
        .where(Email.id == first)
        .values(state="deferred", due_at=now + timedelta(seconds=60))
    )
    claim_all(session)
    assert states_of(session, campaign) == {EmailState.CLAIMED: 1, EmailState.DEFERRED: 1}
    session.execute(update(Email).where(Email.id == first).values(due_at=now))
    assert len(claim_all(session)) == 1
    assert states_of(session, campaign) == {EmailState.CLAIMED: 2}


@pytest.mark.parametrize(
    "status", [s for s in CampaignStatus if s not in (CampaignStatus.SENDING, CampaignStatus.DRAFT)]
)
def test_campaign_that_does_not_send_claims_nothing(
    session: Session, status: CampaignStatus
) -> None:
    campaign = make_sending(session, an_account(session), 3)
    session.execute(update(Campaign).values(status=status))
    assert claim_all(session) == []
    assert states_of(session, campaign) == {EmailState.PENDING: 3}


def test_paused_account_claims_nothing_until_its_pause_has_passed(session: Session) -> None:
    account = an_account(session)
    make_sending(session, account, 3)
    assert pause_account(session, account.id, AccountTrouble("connection", "refused"))
    assert claim_all(session) == []
    session.execute(update(SmtpAccount).values(paused_until=database_now(session)))
    session.expire_all()
    assert len(claim_all(session)) == 1


def test_account_that_waits_for_its_owner_claims_nothing(session: Session) -> None:
    account = an_account(session)
    make_sending(session, account, 3)
    pause_account(session, account.id, AccountTrouble("auth", "535", needs_owner=True))
    assert claim_all(session) == []


def test_account_paused_between_the_two_looks_claims_nothing(session: Session) -> None:
    account = an_account(session)
    make_sending(session, account, 3)
    now = database_now(session)
    [lane] = find_lanes(session, now=now)
    pause_account(session, account.id, AccountTrouble("auth", "535", needs_owner=True))
    session.expire_all()
    assert claim_lane(session, lane, now=now, batch_size=50).mails == 0


def test_deleted_account_claims_nothing(session: Session) -> None:
    account = an_account(session)
    make_sending(session, account, 3)
    account.deleted_at = database_now(session)
    session.flush()
    assert claim_all(session) == []


def test_campaigns_of_one_account_take_turns_within_and_across_ticks(session: Session) -> None:
    account = an_account(session, connections=1)
    campaigns = [make_sending(session, account, 40) for _ in range(3)]
    claimed: Counter[int] = Counter()
    for _ in range(6):
        claim_all(session, batch_size=5)  # two batches of room, three campaigns
        for batch in session.scalars(select(Batch).where(Batch.state == BatchState.READY)):
            claimed[batch.campaign_id] += 1
            batch.state = BatchState.DONE
        session.flush()
    assert claimed == {campaign.id: 4 for campaign in campaigns}


def test_large_campaign_of_one_workspace_leaves_room_for_another(session: Session) -> None:
    make_sending(session, an_account(session), 2_000)
    other = make_account(session, make_workspace(session, "bob@example.com"), 2525)
    small = make_sending(session, other, 10)
    claim_all(session)
    assert states_of(session, small) == {EmailState.CLAIMED: 10}


def test_pace_plans_no_further_than_the_horizon(session: Session) -> None:
    account = an_account(session, per_second=5, connections=50)
    campaign = make_sending(session, account, 500)
    now = database_now(session)
    ready = claim_all(session)
    batches = session.scalars(select(Batch).order_by(Batch.start_at)).all()
    assert ready == [batches[0].id]
    assert batches[0].rung_at is not None
    assert all(b.rung_at is None for b in batches[1:])
    assert all(b.mails <= 5 for b in batches)
    starts = [b.start_at for b in batches]
    pauses = [b - a for a, b in pairwise(starts)]
    assert all(pause >= timedelta(seconds=1) for pause in pauses)
    assert starts[-1] <= now + HORIZON + timedelta(seconds=5)
    assert 19 * 5 <= states_of(session, campaign)[EmailState.CLAIMED] <= 21 * 5
    assert claim_all(session) == []


def test_pace_of_the_rolling_day_counts_what_was_given_before(session: Session) -> None:
    account = an_account(session, per_day=100)
    campaign = make_sending(session, account, 50)
    use_pace(session, account, mails=70, age=timedelta(hours=23))
    use_pace(session, account, mails=500, age=timedelta(hours=25))
    claim_all(session)
    assert states_of(session, campaign)[EmailState.CLAIMED] == 30
    assert claim_all(session) == []  # what is claimed counts until it has begun


def test_two_ticks_at_once_claim_each_mail_once(session_factory: SessionFactory) -> None:
    with session_factory.begin() as session:
        campaign = make_sending(session, an_account(session, connections=1), 100)
    with session_factory() as one, session_factory() as other:
        now = database_now(one)
        [lane] = find_lanes(one, now=now)
        assert claim_lane(one, lane, now=now, batch_size=10).mails == 20
        # The other scheduler comes to the same lane before the first one has committed.
        assert claim_lane(other, lane, now=now, batch_size=10).mails == 0
        one.commit()
        other.commit()
        assert claim_lane(other, lane, now=now, batch_size=10).mails == 0  # no room
        other.commit()
        assert states_of(other, campaign)[EmailState.CLAIMED] == 20
        assert not miscounted(other, campaign)


def test_rows_locked_elsewhere_are_skipped_and_not_waited_for(
    session_factory: SessionFactory,
) -> None:
    with session_factory.begin() as session:
        campaign = make_sending(session, an_account(session), 10)
    with session_factory() as other, session_factory() as one:
        locked = other.scalars(select(Email.id).order_by(Email.id).limit(4).with_for_update()).all()
        assert len(claim_all(one)) == 1
        one.commit()
        assert states_of(one, campaign) == {EmailState.CLAIMED: 6, EmailState.PENDING: 4}
        claimed = one.scalars(select(Email.id).where(Email.state == EmailState.CLAIMED)).all()
        assert not set(locked) & set(claimed)
        assert not miscounted(one, campaign)
