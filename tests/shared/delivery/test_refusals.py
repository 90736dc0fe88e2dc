"""Refusals that may be meant for everybody: held, then the recipient's or the account's."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from dakiya.campaigns.progress import settle
from dakiya.db import database_now
from dakiya.delivery.counters import Moves
from dakiya.delivery.ledger import close_batch, give_back, record
from dakiya.delivery.outcomes import Outcome
from dakiya.delivery.refusals import (
    HELD_FOR_S,
    REFUSALS_IN_A_ROW,
    hold,
    judge,
    may_be_meant_for_all,
)
from dakiya.delivery.trouble import AccountTrouble, clear_trouble, pause_account
from dakiya.models import (
    Attempt,
    Campaign,
    CampaignStatus,
    Email,
    EmailState,
    HeldRefusal,
    SmtpAccount,
)
from tests.engine.world import make_sending, miscounted, states_of
from tests.shared.delivery.conftest import SLOT, Scene, claim_all, set_scene, take

POLICY = Outcome(EmailState.FAILED, "rcpt", 550, "5.7.1 Not from you", "policy")
SENT = Outcome(EmailState.SENT, "dot", 250, "2.0.0 Ok")
CONNECTIONS = 4


@pytest.fixture
def scene(session: Session) -> Scene:
    return set_scene(session, mails=20)


def refuse(scene: Scene, *numbers: int) -> SmtpAccount | None:
    """Let the server refuse some mails; returns the account if it waits for its owner then."""
    stopped = None
    for number in numbers:
        assert hold(scene.session, scene.claim, scene.mails[number].id, POLICY, slot=SLOT)
        stopped = judge(scene.session, scene.account.id, slot=SLOT)
    return stopped


def accept(scene: Scene, *numbers: int) -> None:
    moves = Moves()
    for number in numbers:
        scene.session.execute(
            text("UPDATE email SET state = 'sending', fence = 1, attempts = 1 WHERE id = :id"),
            {"id": scene.mails[number].id},
        )
        moves.add(EmailState.CLAIMED, EmailState.SENDING)
        assert record(scene.session, scene.claim, scene.mails[number].id, SENT, moves)
    scene.store(moves)


def put_off(scene: Scene, *numbers: int, retry_in_s: float) -> None:
    moves = Moves()
    greylisted = Outcome(
        EmailState.DEFERRED, "rcpt", 450, "4.2.0 Greylisted", "greylisted", retry_in_s=retry_in_s
    )
    for number in numbers:
        assert record(scene.session, scene.claim, scene.mails[number].id, greylisted, moves)
    scene.store(moves)


def count_sent(scene: Scene, campaign: Campaign) -> None:
    moves = Moves()
    moves.add(EmailState.PENDING, EmailState.SENT)
    moves.store(scene.session, campaign_id=campaign.id, slot=SLOT + 1)


def end_batch(scene: Scene) -> None:
    moves = Moves()
    give_back(scene.session, scene.claim, moves)
    scene.store(moves)
    close_batch(scene.session, scene.claim)


def held(scene: Scene) -> int:
    return len(scene.session.scalars(select(HeldRefusal.email_id)).all())


def attempts_told(scene: Scene, number: int) -> list[tuple[EmailState, int]]:
    rows = scene.session.execute(
        select(Attempt.outcome, Attempt.number)
        .where(Attempt.email_id == scene.mails[number].id)
        .execution_options(populate_existing=True)
    ).all()
    return [(outcome, count) for outcome, count in rows]


def due_at(scene: Scene, number: int) -> datetime:
    return scene.row(number).due_at


def test_refusals_of_five_recipients_in_a_row_stop_the_account_and_charge_nobody(
    scene: Scene,
) -> None:
    assert refuse(scene, *range(REFUSALS_IN_A_ROW - 1)) is None
    assert scene.row(0).state is EmailState.DEFERRED
    stopped = refuse(scene, REFUSALS_IN_A_ROW - 1)
    assert stopped is not None
    assert (stopped.pause_reason, stopped.paused_until) == ("policy", None)
    assert "5 recipients" in (stopped.pause_detail or "")
    assert "550 5.7.1 Not from you" in (stopped.pause_detail or "")
    for number in range(REFUSALS_IN_A_ROW):
        row = scene.row(number)
        assert (row.state, row.attempts, row.first_tried_at) == (EmailState.DEFERRED, 0, None)
        assert row.due_at <= database_now(scene.session)
    assert held(scene) == 0
    assert not miscounted(scene.session, scene.campaign)


def test_refusal_that_another_connection_met_meanwhile_is_not_charged_either(
    scene: Scene,
) -> None:
    refuse(scene, *range(REFUSALS_IN_A_ROW))
    assert refuse(scene, 10) is not None
    assert held(scene) == 0
    assert scene.row(10).attempts == 0
    scene.session.refresh(scene.account)
    assert scene.account.trouble_count == 1


def test_same_recipient_refused_again_and_again_makes_no_row(session: Session) -> None:
    scene = set_scene(session, mails=6)
    refuse(scene, 0, 1, 2)
    end_batch(scene)
    # What is held beyond its time is tried again.
    session.execute(text("UPDATE email SET due_at = now()"))
    [batch_id] = claim_all(session)
    taken = take(session, batch_id)
    assert taken is not None
    scene.claim = taken.claim
    assert refuse(scene, 0, 1, 2, 3) is None
    assert held(scene) == 4
    assert refuse(scene, 4) is not None


def test_acceptance_in_between_ends_the_row(scene: Scene) -> None:
    refuse(scene, 0, 1, 2, 3)
    accept(scene, 4)
    assert refuse(scene, 5, 6, 7, 8) is None
    assert refuse(scene, 9) is not None


def test_acceptance_in_another_campaign_of_the_account_ends_the_row(scene: Scene) -> None:
    other = make_sending(scene.session, scene.account, ["other@example.net"])
    refuse(scene, 0, 1, 2, 3)
    count_sent(scene, other)
    assert refuse(scene, 4) is None


@pytest.mark.parametrize("status", [CampaignStatus.DRAFT, CampaignStatus.FINISHED])
def test_acceptance_in_a_campaign_that_was_set_going_meanwhile_ends_the_row(
    scene: Scene, status: CampaignStatus
) -> None:
    other = make_sending(scene.session, scene.account, ["a@example.net", "b@example.net"])
    if status is CampaignStatus.FINISHED:
        count_sent(scene, other)
    other.status = status
    scene.session.flush()
    refuse(scene, 0, 1, 2, 3)
    other.status = CampaignStatus.SENDING
    count_sent(scene, other)
    assert refuse(scene, 4) is None


def test_acceptance_that_ends_its_campaign_ends_the_row(scene: Scene) -> None:
    other = make_sending(scene.session, scene.account, ["other@example.net"])
    refuse(scene, 0, 1, 2, 3)
    count_sent(scene, other)
    other.status = CampaignStatus.FINISHED
    assert refuse(scene, 4) is None


def test_campaign_that_is_set_going_again_brings_no_acceptance_along(scene: Scene) -> None:
    other = make_sending(scene.session, scene.account, ["other@example.net"])
    count_sent(scene, other)
    other.status = CampaignStatus.FINISHED
    scene.session.flush()
    refuse(scene, 0, 1, 2, 3)
    other.status = CampaignStatus.SENDING
    assert refuse(scene, 4) is not None


def test_refusal_is_final_once_a_mail_was_accepted_after_it_for_certain(scene: Scene) -> None:
    refuse(scene, 0)
    # Those that the other connections had under way may have been accepted before it.
    accept(scene, *range(1, 1 + CONNECTIONS))
    refuse(scene, 10)
    assert scene.row(0).state is EmailState.DEFERRED
    accept(scene, 11)
    refuse(scene, 12)
    row = scene.row(0)
    assert (row.state, row.reason, row.reply_code) == (EmailState.FAILED, "policy", 550)
    assert row.attempts == 1
    assert row.first_tried_at is not None
    assert attempts_told(scene, 0) == [(EmailState.FAILED, 1)]
    assert held(scene) == 2
    assert not miscounted(scene.session, scene.campaign)


def test_refusals_are_final_when_nobody_is_left_to_spare(session: Session) -> None:
    scene = set_scene(session, mails=3)
    refuse(scene, 0, 1, 2)
    assert states_of(session, scene.campaign) == {EmailState.DEFERRED: 3}
    end_batch(scene)
    assert judge(session, scene.account.id, slot=SLOT) is None
    assert states_of(session, scene.campaign) == {EmailState.FAILED: 3}
    assert settle(session) == [(scene.campaign.id, CampaignStatus.FINISHED)]
    assert not miscounted(session, scene.campaign)


def test_refusals_are_not_final_while_others_still_wait_for_their_turn(scene: Scene) -> None:
    refuse(scene, 0, 1, 2)
    end_batch(scene)
    assert judge(scene.session, scene.account.id, slot=SLOT) is None
    assert held(scene) == 3


def test_refusals_are_not_final_while_mails_that_were_put_off_could_tell(session: Session) -> None:
    """A server that puts everybody off first (greylisting) has said nothing of them yet."""
    scene = set_scene(session, mails=7)
    put_off(scene, 4, 5, retry_in_s=HELD_FOR_S - 60)
    put_off(scene, 6, retry_in_s=3 * HELD_FOR_S)
    refuse(scene, 0, 1, 2, 3)
    end_batch(scene)
    assert judge(session, scene.account.id, slot=SLOT) is None
    assert held(scene) == 4
    # Of whoever is tried again so late, nobody can wait to hear.
    put_off_again = (scene.mails[4].id, scene.mails[5].id)
    session.execute(
        update(Email)
        .where(Email.id.in_(put_off_again))
        .values(due_at=Email.due_at + timedelta(hours=3))
    )
    judge(session, scene.account.id, slot=SLOT)
    assert states_of(session, scene.campaign) == {EmailState.FAILED: 4, EmailState.DEFERRED: 3}


def test_refusals_of_a_paused_campaign_wait_with_it(session: Session) -> None:
    scene = set_scene(session, mails=3)
    refuse(scene, 0, 1, 2)
    end_batch(scene)
    session.execute(update(Campaign).values(status=CampaignStatus.PAUSED))
    judge(session, scene.account.id, slot=SLOT)
    assert held(scene) == 3


def test_mail_that_was_cancelled_while_held_stays_cancelled(session: Session) -> None:
    scene = set_scene(session, mails=3)
    refuse(scene, 0, 1, 2)
    end_batch(scene)
    session.execute(text("UPDATE email SET state = 'cancelled'"))
    judge(session, scene.account.id, slot=SLOT)
    assert states_of(session, scene.campaign) == {EmailState.CANCELLED: 3}
    assert held(scene) == 0


def test_trouble_of_another_kind_lets_the_held_mails_wait_for_its_end(scene: Scene) -> None:
    refuse(scene, 0, 1)
    trouble = AccountTrouble("auth", "535 5.7.8 no", needs_owner=True)
    assert pause_account(scene.session, scene.account.id, trouble)
    stopped = judge(scene.session, scene.account.id, slot=SLOT)
    assert stopped is not None
    assert stopped.pause_reason == "auth"
    assert held(scene) == 0
    assert due_at(scene, 0) <= database_now(scene.session)


def test_account_that_goes_on_is_stopped_again_if_nothing_has_changed(scene: Scene) -> None:
    refuse(scene, *range(REFUSALS_IN_A_ROW))
    clear_trouble(scene.session, scene.account.id)
    assert refuse(scene, 10, 11, 12, 13) is None
    assert refuse(scene, 14) is not None


@pytest.mark.parametrize(
    ("reason", "held_back"),
    [("policy", True), ("other_permanent", True), ("unknown_user", False), ("content", False)],
)
def test_only_refusals_that_name_neither_recipient_nor_content_are_held(
    reason: str, held_back: bool
) -> None:
    outcome = Outcome(EmailState.FAILED, "rcpt", 550, "no", reason)
    assert may_be_meant_for_all(outcome) is held_back
