"""When a campaign will be done, by everything that is known of its account."""

from datetime import timedelta

from sqlalchemy.orm import Session

from dakiya.campaigns.estimate import estimate, what_holds_up
from dakiya.campaigns.lanes import lane_of
from dakiya.db import database_now
from dakiya.delivery.counters import Moves
from dakiya.delivery.forecast import LEARNED, SPEED
from dakiya.models import (
    CampaignStatus,
    EmailState,
    Mailbox,
    Suppression,
    SuppressionReason,
)
from tests.engine.world import make_account, make_campaign, make_sending, make_workspace, use_pace

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_estimate_counts_what_the_account_is_sending_already(session: Session) -> None:
    account = make_account(session, make_workspace(session), 25, per_day=10)
    draft = make_campaign(session, account, 15, start=False)
    now = database_now(session)
    alone = estimate(session, draft, at=now, now=now)
    assert alone is not None
    assert DAY <= alone.finish_at - now < 1.1 * DAY
    assert alone.others == 0
    running = make_sending(session, account, 10)
    sent = Moves()
    sent.add(EmailState.PENDING, EmailState.SENT, 2)
    sent.store(session, campaign_id=running.id, slot=20)
    both = estimate(session, draft, at=now, now=now)
    assert both is not None
    assert 2 * DAY <= both.finish_at - now < 2.1 * DAY
    assert (both.bound_by, both.limit, both.others) == ("per_day", 10, 1)


def test_estimate_counts_a_campaign_that_is_scheduled_for_the_same_time(session: Session) -> None:
    account = make_account(session, make_workspace(session), 25, per_day=10)
    draft = make_campaign(session, account, 10, start=False)
    make_campaign(session, account, 10, in_s=2 * 86_400)
    now = database_now(session)
    at = now + 2 * DAY
    found = estimate(session, draft, at=at, now=now)
    assert found is not None
    assert found.others == 1
    assert DAY <= found.finish_at - at < 1.1 * DAY
    before = estimate(session, draft, at=now, now=now)
    assert before is not None
    assert (before.others, before.finish_at - now < HOUR) == (0, True)


def test_suppressed_recipients_of_a_draft_take_no_time(session: Session) -> None:
    account = make_account(session, make_workspace(session), 25, per_day=10)
    draft = make_campaign(session, account, 15, start=False)
    now = database_now(session)
    session.add_all(
        Suppression(
            workspace_id=draft.workspace_id,
            email_normalised=f"r{number}@example.net",
            reason=SuppressionReason.MANUAL,
        )
        for number in range(6)
    )
    session.flush()
    found = estimate(session, draft, at=now, now=now)
    assert found is not None
    assert found.finish_at - now < HOUR


def test_estimate_of_an_empty_draft_is_none(session: Session) -> None:
    account = make_account(session, make_workspace(session), 25, per_day=10)
    draft = make_campaign(session, account, 0, start=False)
    now = database_now(session)
    assert estimate(session, draft, at=now, now=now) is None


def test_pause_of_the_account_puts_the_beginning_off(session: Session) -> None:
    account = make_account(session, make_workspace(session), 25)
    campaign = make_sending(session, account, 10)
    now = database_now(session)
    account.paused_at, account.pause_reason = now, "connection"
    account.paused_until = now + 2 * HOUR
    session.flush()
    found = estimate(session, campaign, at=now, now=now)
    assert found is not None
    assert (found.begin_at, found.tries_at) == (now + 2 * HOUR, now + 2 * HOUR)
    assert 2 * HOUR < found.finish_at - now < 2.1 * HOUR
    assert what_holds_up(session, campaign, now=now, mails_per_s=None) == found
    account.paused_until = None
    session.flush()
    waits = estimate(session, campaign, at=now, now=now)
    assert waits is not None
    assert (waits.needs_owner, waits.tries_at) == (True, None)
    assert what_holds_up(session, campaign, now=now, mails_per_s=None) is None


def test_learned_pace_is_part_of_it(session: Session) -> None:
    account = make_account(session, make_workspace(session), 25, per_day=100_000)
    campaign = make_sending(session, account, 40)
    now = database_now(session)
    assert what_holds_up(session, campaign, now=now, mails_per_s=10) is None
    mailbox = session.get_one(Mailbox, account.mailbox_id)
    mailbox.slowed_to, mailbox.slowed_from, mailbox.slowed_at = 2, 100, now
    session.flush()
    found = what_holds_up(session, campaign, now=now, mails_per_s=10)
    assert found is not None
    assert found.bound_by == LEARNED
    # 20 within ten minutes, and the rest at 26 a minute.
    assert timedelta(minutes=10.5) < found.finish_at - now < timedelta(minutes=11)
    assert found.slowed is not None
    assert found.slowed.over_at == now + timedelta(minutes=40)


def test_learned_pace_that_is_over_changes_nothing(session: Session) -> None:
    account = make_account(session, make_workspace(session), 25, per_second=100)
    campaign = make_sending(session, account, 1_000)
    now = database_now(session)
    before = what_holds_up(session, campaign, now=now, mails_per_s=50)
    assert before is not None
    assert before.bound_by == "per_second"
    mailbox = session.get_one(Mailbox, account.mailbox_id)
    mailbox.slowed_to, mailbox.slowed_from, mailbox.slowed_at = 2, 100, now - HOUR
    session.flush()
    assert what_holds_up(session, campaign, now=now, mails_per_s=50) == before
    account.per_second = None
    session.flush()
    assert what_holds_up(session, campaign, now=now, mails_per_s=50) is None


def test_lane_of_a_campaign_of_later_begins_later_and_its_parts_agree(session: Session) -> None:
    account = make_account(session, make_workspace(session), 25, per_day=10)
    use_pace(session, account, mails=10, age=HOUR)
    sending = make_sending(session, account, 10)
    later = make_campaign(session, account, 10, in_s=5 * 86_400)
    paused = make_campaign(session, account, 10, in_s=86_400)
    paused.status = CampaignStatus.PAUSED
    session.flush()
    now = database_now(session)
    lane = lane_of(session, account, now=now)
    found = {one.campaign.id: one.finish for one in lane.campaigns}
    assert found[paused.id] is None
    assert lane.left == 20
    first, last = found[sending.id], found[later.id]
    assert first is not None
    assert last is not None
    assert 23 * HOUR < first.finish_at - now < 23.5 * HOUR
    assert 5 * DAY - HOUR < last.finish_at - now < 5 * DAY + HOUR
    assert lane.finish == last
    assert first == estimate(session, sending, at=now, now=now)
    assert (first.bound_by, last.bound_by, last.is_guess) == ("per_day", SPEED, True)
