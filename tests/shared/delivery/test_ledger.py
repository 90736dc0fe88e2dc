"""The sender's side of the ledger: every transition, and every guard that must refuse one."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from dakiya.campaigns.lifecycle import cancel, pause
from dakiya.contacts.suppressions import suppress
from dakiya.db import database_now
from dakiya.delivery.counters import Moves
from dakiya.delivery.intents import Intent, intend, lock_for_intent
from dakiya.delivery.ledger import (
    close_batch,
    give_back,
    hand_back,
    load_emails,
    record,
    renew_leases,
)
from dakiya.delivery.outcomes import Outcome
from dakiya.delivery.rescue import rescue_expired
from dakiya.models import (
    Attempt,
    Batch,
    BatchState,
    Campaign,
    CampaignStatus,
    Email,
    EmailState,
    SuppressionReason,
)
from tests.engine.world import miscounted, states_of
from tests.shared.delivery.conftest import LEASE_S, Scene, expire, take

SENT = Outcome(EmailState.SENT, "dot", reply_code=250, reply_text="2.0.0 Ok")
DEFERRED = Outcome(EmailState.DEFERRED, "rcpt", 450, "4.2.1 later", "greylisted", retry_in_s=30)
FAILED = Outcome(EmailState.FAILED, "rcpt", 550, "5.1.1 unknown", "unknown_user")
UNKNOWN = Outcome(EmailState.UNKNOWN, "dot", reason="no_reply")
UNCHARGED = Outcome(EmailState.DEFERRED, "dot", reason="connection", charged=False)


def try_intent(scene: Scene, number: int = 0) -> Intent:
    moves = Moves()
    lock_for_intent(scene.session, scene.claim)
    intent = intend(scene.session, scene.claim, scene.mails[number].id, moves)
    scene.store(moves)
    return intent


def write(scene: Scene, outcome: Outcome, number: int = 0) -> bool:
    moves = Moves()
    written = record(scene.session, scene.claim, scene.mails[number].id, outcome, moves)
    scene.store(moves)
    return written


def test_intent_moves_a_claimed_mail_to_sending_and_counts_the_attempt(scene: Scene) -> None:
    assert try_intent(scene) is Intent.GO
    row = scene.row()
    assert (row.state, row.attempts, row.fence) == (EmailState.SENDING, 1, scene.claim.fence)
    assert row.first_tried_at is not None
    assert not miscounted(scene.session, scene.campaign)


def test_intent_is_refused_twice_for_the_same_mail(scene: Scene) -> None:
    assert try_intent(scene) is Intent.GO
    assert try_intent(scene) is Intent.LOST
    assert scene.row().attempts == 1


def test_intent_is_refused_under_another_fence(scene: Scene) -> None:
    scene.claim = replace(scene.claim, fence=scene.claim.fence + 1)
    assert try_intent(scene) is Intent.LOST
    assert scene.row().state is EmailState.CLAIMED


def test_intent_is_refused_when_the_lease_has_expired(scene: Scene) -> None:
    expire(scene.session, scene.claim.batch_id)
    assert try_intent(scene) is Intent.LOST
    assert scene.row().state is EmailState.CLAIMED


def test_intent_is_refused_when_the_batch_is_closed(scene: Scene) -> None:
    assert close_batch(scene.session, scene.claim)
    assert try_intent(scene) is Intent.LOST


def test_intent_is_refused_for_a_mail_of_another_batch(scene: Scene) -> None:
    scene.session.execute(update(Email).where(Email.id == scene.mails[0].id).values(batch_id=10**9))
    assert try_intent(scene) is Intent.LOST


@pytest.mark.parametrize(
    "status", [s for s in CampaignStatus if s not in (CampaignStatus.SENDING, CampaignStatus.DRAFT)]
)
def test_intent_is_refused_while_the_campaign_does_not_send(
    scene: Scene, status: CampaignStatus
) -> None:
    scene.session.execute(
        update(Campaign).where(Campaign.id == scene.campaign.id).values(status=status)
    )
    assert try_intent(scene) is Intent.HALTED
    assert scene.row().state is EmailState.CLAIMED


def test_intent_is_refused_for_a_suppressed_address(scene: Scene) -> None:
    workspace_id = scene.account.workspace_id
    suppress(scene.session, workspace_id, scene.mails[0].email, SuppressionReason.UNSUBSCRIBED)
    assert try_intent(scene) is Intent.SUPPRESSED
    assert try_intent(scene, 1) is Intent.GO


def test_lease_that_holds_again_between_two_looks_does_not_pass_for_a_suppression(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The clock is set back just after an intent met the lease's end.
    expire(scene.session, scene.claim.batch_id)
    execute = scene.session.execute

    def extend_after_the_intent(statement: object, *args: object, **options: object) -> object:
        result = execute(statement, *args, **options)  # type: ignore[call-overload]
        if "SET state = 'sending'" in str(statement):
            monkeypatch.undo()
            soon = text("clock_timestamp() + interval '1 minute'")
            scene.session.execute(update(Batch).values(lease_expires_at=soon))
        return result

    monkeypatch.setattr(scene.session, "execute", extend_after_the_intent)
    assert try_intent(scene) is Intent.LOST


@pytest.mark.parametrize(
    ("outcome", "attempts"),
    [(SENT, 1), (DEFERRED, 1), (FAILED, 1), (UNKNOWN, 1), (UNCHARGED, 0)],
    ids=lambda value: value.state if isinstance(value, Outcome) else str(value),
)
def test_reply_to_the_dot_is_recorded(scene: Scene, outcome: Outcome, attempts: int) -> None:
    assert try_intent(scene) is Intent.GO
    assert write(scene, outcome)
    row = scene.row()
    assert (row.state, row.attempts) == (outcome.state, attempts)
    assert (row.reply_code, row.reason) == (outcome.reply_code, outcome.reason)
    assert (row.sent_at is not None) is (outcome.state is EmailState.SENT)
    assert (row.first_tried_at is not None) is outcome.charged
    assert not miscounted(scene.session, scene.campaign)


@pytest.mark.parametrize("outcome", [DEFERRED, FAILED], ids=lambda outcome: outcome.state)
def test_refusal_before_the_dot_is_recorded(scene: Scene, outcome: Outcome) -> None:
    assert write(scene, outcome)
    row = scene.row()
    assert (row.state, row.attempts) == (outcome.state, 1)
    assert row.first_tried_at is not None
    [attempt] = scene.session.scalars(select(Attempt).where(Attempt.email_id == row.id))
    assert (attempt.outcome, attempt.number, attempt.phase) == (outcome.state, 1, "rcpt")
    assert (attempt.reply_code, attempt.reply_text) == (outcome.reply_code, outcome.reply_text)
    assert not miscounted(scene.session, scene.campaign)


def test_deferred_mail_is_due_again_after_its_back_off(scene: Scene) -> None:
    assert write(scene, DEFERRED)
    wait_s = scene.session.scalars(
        select(text("extract(epoch FROM due_at - clock_timestamp())"))
        .select_from(Email)
        .where(Email.id == scene.mails[0].id)
    ).one()
    assert 20 < wait_s <= 30


@pytest.mark.parametrize("state", [EmailState.SUPPRESSED, EmailState.CANCELLED])
def test_mail_that_was_never_tried_is_not_charged(scene: Scene, state: EmailState) -> None:
    assert write(scene, Outcome(state))
    assert (scene.row().state, scene.row().attempts) == (state, 0)
    assert not miscounted(scene.session, scene.campaign)


def test_record_repeated_after_an_uncertain_commit_changes_nothing(scene: Scene) -> None:
    try_intent(scene)
    assert write(scene, FAILED)
    before = (scene.row().state, scene.row().attempts)
    assert not write(scene, FAILED)
    assert (scene.row().state, scene.row().attempts) == before
    assert len(scene.session.scalars(select(Attempt.id)).all()) == 1
    assert not miscounted(scene.session, scene.campaign)


@pytest.mark.parametrize("intended", [True, False])
def test_record_under_another_fence_is_refused(scene: Scene, intended: bool) -> None:
    if intended:
        try_intent(scene)
    before = scene.row().state
    scene.claim = replace(scene.claim, fence=scene.claim.fence + 1)
    assert not write(scene, SENT if intended else FAILED)
    assert scene.row().state is before


def test_claimed_mail_cannot_be_recorded_once_the_batch_was_rescued(scene: Scene) -> None:
    expire(scene.session, scene.claim.batch_id)
    rescue_expired(scene.session, lease_s=LEASE_S)
    assert not write(scene, FAILED)
    assert scene.row().state is EmailState.PENDING


@pytest.mark.parametrize("outcome", [SENT, DEFERRED, FAILED], ids=lambda outcome: outcome.state)
def test_late_record_under_the_same_fence_replaces_unknown(scene: Scene, outcome: Outcome) -> None:
    try_intent(scene)
    expire(scene.session, scene.claim.batch_id)
    rescue_expired(scene.session, lease_s=LEASE_S)
    assert scene.row().state is EmailState.UNKNOWN
    assert write(scene, outcome)
    assert (scene.row().state, scene.row().attempts) == (outcome.state, 1)
    assert not miscounted(scene.session, scene.campaign)


def test_late_record_for_a_mail_that_is_in_another_batch_is_refused(scene: Scene) -> None:
    try_intent(scene)
    # The user sent it again; fences start anew in each batch.
    scene.session.execute(update(Email).where(Email.id == scene.mails[0].id).values(batch_id=10**9))
    assert not write(scene, SENT)


@pytest.mark.parametrize(
    ("ended", "goes_on"),
    [
        (CampaignStatus.FINISHED, CampaignStatus.SENDING),
        (CampaignStatus.CANCELLED, CampaignStatus.CANCELLING),
    ],
)
def test_late_deferral_in_a_campaign_that_has_ended_is_not_left_behind(
    scene: Scene, ended: CampaignStatus, goes_on: CampaignStatus
) -> None:
    try_intent(scene)
    expire(scene.session, scene.claim.batch_id)
    rescue_expired(scene.session, lease_s=LEASE_S)
    scene.session.execute(
        update(Campaign).where(Campaign.id == scene.campaign.id).values(status=ended)
    )
    assert write(scene, DEFERRED)
    scene.session.refresh(scene.campaign)
    assert scene.campaign.status is goes_on


def test_give_back_returns_what_was_not_sent_and_charges_nobody(scene: Scene) -> None:
    try_intent(scene, 0)
    write(scene, FAILED, 1)
    moves = Moves()
    assert give_back(scene.session, scene.claim, moves) == 3
    scene.store(moves)
    assert states_of(scene.session, scene.campaign) == {
        EmailState.SENDING: 1,
        EmailState.FAILED: 1,
        EmailState.PENDING: 3,
    }
    assert scene.row(4).attempts == 0
    assert not miscounted(scene.session, scene.campaign)


def test_give_back_under_another_fence_returns_nothing(scene: Scene) -> None:
    stale = replace(scene.claim, fence=scene.claim.fence + 1)
    assert give_back(scene.session, stale, Moves()) == 0
    assert states_of(scene.session, scene.campaign) == {EmailState.CLAIMED: 5}


def test_close_ends_a_batch_once_and_only_under_its_fence(scene: Scene) -> None:
    assert not close_batch(scene.session, replace(scene.claim, fence=scene.claim.fence + 1))
    assert close_batch(scene.session, scene.claim)
    assert not close_batch(scene.session, scene.claim)
    batch = scene.batch()
    assert batch.state is BatchState.DONE
    assert batch.lease_expires_at is None
    assert batch.finished_at is not None


def ready_in_s(session: Session, batch_id: int) -> float:
    return float(
        session.scalars(
            select(text("extract(epoch FROM start_at - clock_timestamp())"))
            .select_from(Batch)
            .where(Batch.id == batch_id)
        ).one()
    )


def test_hand_back_makes_the_batch_ready_again_under_the_next_fence(scene: Scene) -> None:
    soon = database_now(scene.session) + timedelta(seconds=30)
    hand_back(scene.session, scene.claim, start_at=soon)
    batch = scene.batch()
    assert (batch.state, batch.taken_by, batch.rung_at) == (BatchState.READY, None, None)
    assert ready_in_s(scene.session, batch.id) > 0
    assert take(scene.session, batch.id) is None
    assert try_intent(scene) is Intent.LOST
    batch.start_at = database_now(scene.session)
    scene.session.flush()
    again = take(scene.session, batch.id, by="sender-2")
    assert again is not None
    assert again.claim.fence == scene.claim.fence + 1
    assert len(load_emails(scene.session, again.claim)) == 5
    assert try_intent(scene) is Intent.LOST


def test_hand_back_under_another_fence_changes_nothing(scene: Scene) -> None:
    stale = replace(scene.claim, fence=scene.claim.fence + 1)
    hand_back(scene.session, stale, start_at=database_now(scene.session))
    assert scene.batch().state is BatchState.TAKEN


def test_renewed_lease_lasts_its_whole_length_again(scene: Scene) -> None:
    before = scene.batch().lease_expires_at
    stale = replace(scene.claim, fence=scene.claim.fence + 1)
    renew_leases(scene.session, [stale], lease_s=2 * LEASE_S)
    assert scene.batch().lease_expires_at == before
    renew_leases(scene.session, [scene.claim], lease_s=2 * LEASE_S)
    after = scene.batch().lease_expires_at
    assert before is not None
    assert after is not None
    assert after - before > timedelta(seconds=LEASE_S / 2)


def test_lease_that_has_run_out_stays_so(scene: Scene) -> None:
    expire(scene.session, scene.claim.batch_id)
    renew_leases(scene.session, [scene.claim], lease_s=LEASE_S)
    assert try_intent(scene) is Intent.LOST


def test_rescued_batch_cannot_be_renewed(scene: Scene) -> None:
    expire(scene.session, scene.claim.batch_id)
    rescue_expired(scene.session, lease_s=LEASE_S)
    renew_leases(scene.session, [scene.claim], lease_s=LEASE_S)
    assert scene.batch().state is BatchState.DONE


def test_mails_recalled_by_pause_cannot_be_intended(scene: Scene) -> None:
    assert pause(scene.session, scene.campaign) == 0
    assert try_intent(scene) is Intent.HALTED
    assert not write(scene, FAILED)
    assert not miscounted(scene.session, scene.campaign)


def test_mail_on_the_wire_is_recorded_while_its_campaign_is_cancelled(scene: Scene) -> None:
    try_intent(scene)
    assert cancel(scene.session, scene.campaign) == 1
    assert write(scene, SENT)
    assert states_of(scene.session, scene.campaign) == {
        EmailState.SENT: 1,
        EmailState.CANCELLED: 4,
    }
    assert not miscounted(scene.session, scene.campaign)
