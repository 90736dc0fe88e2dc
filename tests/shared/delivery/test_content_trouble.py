"""What a campaign says is refused: counted in a row, stopped, changed, tried again."""

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from dakiya.campaigns.drafts import Content, set_content
from dakiya.campaigns.lifecycle import pause, pause_refused, resume
from dakiya.campaigns.mails import list_causes
from dakiya.campaigns.progress import find_refused, settle
from dakiya.db import database_now
from dakiya.delivery.chance_moves import count_mails
from dakiya.delivery.claims import find_lanes
from dakiya.delivery.content_trouble import REFUSALS_IN_A_ROW, note_refusal
from dakiya.delivery.counters import FIRST_SENDER_SLOT, Moves
from dakiya.delivery.ledger import close_batch, record
from dakiya.delivery.outcomes import Outcome
from dakiya.delivery.second_chances import retry_failed
from dakiya.models import Attempt, Campaign, CampaignStatus, ChanceKind, Email, EmailState
from tests.engine.world import miscounted, states_of
from tests.shared.delivery.conftest import Scene, claim_all, expire, set_scene, take

WORDS = "554 5.6.0 Content rejected"


def accept_one(scene: Scene, number: int, *, slot: int = FIRST_SENDER_SLOT) -> None:
    moves = Moves()
    moves.add(EmailState.SENDING, EmailState.SENT)
    moves.store(scene.session, campaign_id=scene.campaign.id, slot=slot + number)


def refuse(scene: Scene, times: int) -> int:
    refusals = 0
    for _ in range(times):
        refusals = note_refusal(scene.session, scene.campaign.id, words=WORDS)
    scene.session.refresh(scene.campaign)
    return refusals


def refuse_all(scene: Scene, *reasons: str) -> None:
    """Let the scene's mails fail, one for each reason."""
    moves = Moves()
    for mail, reason in zip(scene.mails, reasons, strict=True):
        outcome = Outcome(EmailState.FAILED, "dot", 554, "5.6.0 no", reason=reason)
        assert record(scene.session, scene.claim, mail.id, outcome, moves)
    scene.store(moves)
    close_batch(scene.session, scene.claim)
    scene.session.flush()


def change_content(scene: Scene, subject: str) -> None:
    # One transaction has one now(): what failed has to be older than the change.
    scene.session.execute(update(Attempt).values(ended_at=Attempt.ended_at - text("interval '1s'")))
    set_content(scene.session, scene.campaign, Content(subject, "<p>New</p>", None))


def test_refusals_in_a_row_are_counted_whoever_meets_them(scene: Scene) -> None:
    assert refuse(scene, 3) == 3
    assert scene.campaign.refusal == WORDS
    # The other states' counters say nothing of an acceptance.
    moves = Moves()
    moves.add(EmailState.CLAIMED, EmailState.DEFERRED)
    scene.store(moves)
    assert refuse(scene, 2) == 5


@pytest.mark.parametrize("slot", [0, 7])
def test_acceptance_by_any_sender_ends_the_row(scene: Scene, slot: int) -> None:
    refuse(scene, 4)
    accept_one(scene, slot)
    assert refuse(scene, 1) == 1
    assert refuse(scene, 1) == 2


def test_accepted_mail_that_bounces_later_does_not_end_the_row(scene: Scene) -> None:
    accept_one(scene, 0)
    refuse(scene, 4)
    moves = Moves()
    moves.add(EmailState.SENT, EmailState.BOUNCED)
    scene.store(moves)
    assert refuse(scene, 1) == 5


def test_refused_campaign_is_neither_claimed_nor_taken(session: Session) -> None:
    scene = set_scene(session)
    expire(session, scene.claim.batch_id)
    session.execute(text("UPDATE email SET state = 'pending', batch_id = NULL"))
    close_batch(session, scene.claim)
    [batch_id] = claim_all(session)
    refuse(scene, REFUSALS_IN_A_ROW)
    assert take(session, batch_id) is None
    assert states_of(session, scene.campaign) == {EmailState.PENDING: 5}
    assert find_lanes(session, now=database_now(session)) == []
    refuse_less(scene)
    assert len(find_lanes(session, now=database_now(session))) == 1


def refuse_less(scene: Scene) -> None:
    scene.session.execute(update(Campaign).values(refused_in_a_row=REFUSALS_IN_A_ROW - 1))


def test_refused_campaign_pauses_with_its_reason_and_resume_begins_anew(scene: Scene) -> None:
    refuse(scene, REFUSALS_IN_A_ROW - 1)
    assert find_refused(scene.session) == []
    assert not pause_refused(scene.session, scene.campaign)
    refuse(scene, 1)
    assert find_refused(scene.session) == [scene.campaign.id]
    assert pause_refused(scene.session, scene.campaign)
    assert scene.campaign.status is CampaignStatus.PAUSED
    assert scene.campaign.pause_reason == "content"
    assert states_of(scene.session, scene.campaign) == {EmailState.PENDING: 5}
    resume(scene.session, scene.campaign)
    scene.session.flush()
    assert {scene.campaign.pause_reason, scene.campaign.refusal} == {None}
    assert find_refused(scene.session) == []
    # Its owner was quicker than the tick: it is not paused once more.
    assert not pause_refused(scene.session, scene.campaign)
    pause(scene.session, scene.campaign)
    assert scene.campaign.pause_reason is None


def test_refused_campaign_without_mail_to_spare_finishes(session: Session) -> None:
    scene = set_scene(session)
    refuse_all(scene, *["content"] * 5)
    refuse(scene, REFUSALS_IN_A_ROW)
    assert find_refused(session) == []
    assert settle(session) == [(scene.campaign.id, CampaignStatus.FINISHED)]


def test_refused_content_is_tried_again_only_after_a_change(session: Session) -> None:
    scene = set_scene(session)
    refuse_all(scene, "content", "too_large", "template", "unknown_user", "mailbox_full")
    assert settle(session) == [(scene.campaign.id, CampaignStatus.FINISHED)]
    assert count_mails(session, scene.campaign, ChanceKind.RETRY_FAILED) == 1
    helped = {cause.reason for cause in list_causes(session, scene.campaign).causes
              if cause.retry_can_help}  # fmt: skip
    assert helped == {"mailbox_full"}
    change_content(scene, "Another")
    assert count_mails(session, scene.campaign, ChanceKind.RETRY_FAILED) == 4
    helped = {cause.reason for cause in list_causes(session, scene.campaign).causes
              if cause.retry_can_help}  # fmt: skip
    assert helped == {"mailbox_full", "content", "too_large", "template"}
    assert retry_failed(session, scene.campaign).moved == 4
    session.flush()
    assert scene.campaign.status is CampaignStatus.SENDING
    assert states_of(session, scene.campaign) == {EmailState.PENDING: 4, EmailState.FAILED: 1}
    assert not miscounted(session, scene.campaign)


def test_changed_content_that_is_refused_too_waits_for_another_change(session: Session) -> None:
    scene = set_scene(session)
    refuse_all(scene, *["content"] * 5)
    settle(session)
    change_content(scene, "Another")
    retry_failed(session, scene.campaign)
    session.flush()
    [batch_id] = claim_all(session)
    taken = take(session, batch_id)
    assert taken is not None
    first = session.scalars(select(Email.id).order_by(Email.id)).first()
    assert first is not None
    later = Outcome(EmailState.FAILED, "dot", 554, "5.6.0 no", reason="content")
    assert record(session, taken.claim, first, later, Moves())
    session.flush()
    session.execute(
        update(Attempt).where(Attempt.number == 2).values(ended_at=text("clock_timestamp()"))
    )
    assert count_mails(session, scene.campaign, ChanceKind.RETRY_FAILED) == 0
