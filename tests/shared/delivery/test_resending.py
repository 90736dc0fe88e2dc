"""Unknown mails that go again by themselves: when they may, once, and never against a record."""

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from dakiya.campaigns.progress import settle
from dakiya.db import SessionFactory
from dakiya.delivery.counters import Moves
from dakiya.delivery.intents import Intent, intend, lock_for_intent
from dakiya.delivery.ledger import close_batch, record
from dakiya.delivery.outcomes import Outcome
from dakiya.delivery.rescue import rescue_expired
from dakiya.delivery.resending import campaigns_that_resend, resend_unknown
from dakiya.models import Attempt, Campaign, CampaignStatus, Email, EmailState
from tests.engine.world import miscounted, states_of
from tests.shared.delivery.conftest import LEASE_S, Scene, claim_all, expire, set_scene, take

AFTER_S = 900.0
UNKNOWN, PENDING, SENT = EmailState.UNKNOWN, EmailState.PENDING, EmailState.SENT
NO_REPLY = Outcome(UNKNOWN, "dot", reply_text="The connection broke.", reason="no_reply")
ACCEPTED = Outcome(SENT, "dot", 250, "2.0.0 Ok")


def lose_replies(session: Session, *, mails: int = 2) -> Scene:
    """A sending campaign whose sender has written that no reply came to its mails."""
    scene = send_dots(session, mails=mails)
    moves = Moves()
    for mail in scene.mails:
        assert record(session, scene.claim, mail.id, NO_REPLY, moves)
    scene.store(moves)
    close_batch(session, scene.claim)
    session.flush()
    return scene


def lose_sender(session: Session, *, mails: int = 2) -> Scene:
    """A sending campaign whose sender has sent its dots and gone silent until it was rescued."""
    scene = send_dots(session, mails=mails)
    expire(session, scene.claim.batch_id)
    assert rescue_expired(session, lease_s=LEASE_S).unknown == mails
    session.flush()
    return scene


def send_dots(session: Session, *, mails: int) -> Scene:
    scene = set_scene(session, mails)
    scene.campaign.resend_unknown = True
    moves = Moves()
    lock_for_intent(session, scene.claim)
    for mail in scene.mails:
        assert intend(session, scene.claim, mail.id, moves) is Intent.GO
    scene.store(moves)
    session.flush()
    return scene


def age(session: Session, seconds: float) -> None:
    session.execute(
        update(Attempt).values(ended_at=Attempt.ended_at - text(f"interval '{seconds} seconds'"))
    )


def resend(scene: Scene) -> int:
    return resend_unknown(scene.session, scene.campaign.id, after_s=AFTER_S)


def test_mail_whose_sender_saw_no_reply_goes_again_at_once(session: Session) -> None:
    scene = lose_replies(session)
    assert campaigns_that_resend(session) == [scene.campaign.id]
    assert resend(scene) == 2
    assert campaigns_that_resend(session) == []
    assert states_of(session, scene.campaign) == {PENDING: 2}
    assert not miscounted(session, scene.campaign)
    row = scene.row()
    assert (row.attempts, row.batch_id, row.first_tried_at) == (1, None, None)
    assert len(claim_all(session)) == 1


def test_mail_of_a_lost_sender_is_waited_for_as_that_may_still_tell(session: Session) -> None:
    scene = lose_sender(session)
    assert campaigns_that_resend(session) == [scene.campaign.id]
    assert resend(scene) == 0
    # It is not done with meanwhile.
    assert settle(session) == []
    age(session, AFTER_S - 60)
    assert resend(scene) == 0
    assert record(session, scene.claim, scene.mails[0].id, ACCEPTED, Moves())
    age(session, 61)
    assert resend(scene) == 1
    assert states_of(session, scene.campaign) == {SENT: 1, PENDING: 1}


def test_record_that_comes_after_the_resending_changes_nothing(session: Session) -> None:
    scene = lose_sender(session)
    age(session, AFTER_S + 1)
    assert resend(scene) == 2
    for outcome in (ACCEPTED, NO_REPLY, Outcome(EmailState.FAILED, "dot", 550, "no")):
        assert not record(session, scene.claim, scene.mails[0].id, outcome, Moves())
    [batch_id] = claim_all(session)
    assert take(session, batch_id, by="another")
    assert not record(session, scene.claim, scene.mails[0].id, ACCEPTED, Moves())
    assert states_of(session, scene.campaign) == {EmailState.CLAIMED: 2}


def test_row_that_a_sender_is_writing_is_left_to_it(session_factory: SessionFactory) -> None:
    with session_factory.begin() as session:
        scene = lose_sender(session)
        age(session, AFTER_S + 1)
    with session_factory() as sender, session_factory() as tick:
        moves = Moves()
        assert record(sender, scene.claim, scene.mails[0].id, ACCEPTED, moves)
        assert resend_unknown(tick, scene.campaign.id, after_s=AFTER_S) == 1
        tick.commit()
        moves.store(sender, campaign_id=scene.campaign.id, slot=20)
        sender.commit()
    with session_factory() as session:
        assert states_of(session, scene.campaign) == {SENT: 1, PENDING: 1}
        assert not miscounted(session, scene.campaign)
        assert resend_unknown(session, scene.campaign.id, after_s=AFTER_S) == 0


def test_mail_that_is_unknown_a_second_time_waits_for_its_owner(session: Session) -> None:
    scene = lose_replies(session, mails=1)
    assert resend(scene) == 1
    [batch_id] = claim_all(session)
    again = take(session, batch_id)
    assert again is not None
    moves = Moves()
    assert intend(session, again.claim, scene.mails[0].id, moves) is Intent.GO
    assert record(session, again.claim, scene.mails[0].id, NO_REPLY, moves)
    scene.store(moves)
    close_batch(session, again.claim)
    session.flush()
    assert campaigns_that_resend(session) == []
    assert resend(scene) == 0
    assert settle(session) == [(scene.campaign.id, CampaignStatus.FINISHED)]
    assert states_of(session, scene.campaign) == {UNKNOWN: 1}


def test_attempt_of_which_is_told_twice_is_one(session: Session) -> None:
    """A sender that was given up for lost wakes and finds its connection gone."""
    scene = lose_sender(session, mails=1)
    assert record(session, scene.claim, scene.mails[0].id, NO_REPLY, Moves())
    session.flush()
    assert len(session.scalars(select(Attempt)).all()) == 2
    # It has said so itself: nobody else is waited for.
    assert resend(scene) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"resend_unknown": False},
        {"status": CampaignStatus.PAUSED},
        {"status": CampaignStatus.CANCELLED},
        {"status": CampaignStatus.FINISHED},
    ],
    ids=str,
)
def test_only_a_sending_campaign_that_was_set_to_it_resends(
    session: Session, change: dict[str, object]
) -> None:
    scene = lose_replies(session)
    session.execute(update(Campaign).values(**change))
    assert campaigns_that_resend(session) == []
    assert resend(scene) == 0
    assert states_of(session, scene.campaign) == {UNKNOWN: 2}


def test_campaign_that_somebody_is_changing_is_passed_over(session_factory: SessionFactory) -> None:
    with session_factory.begin() as session:
        scene = lose_replies(session)
    with session_factory() as web, session_factory() as tick:
        web.execute(select(Campaign.id).with_for_update(key_share=True))
        assert resend_unknown(tick, scene.campaign.id, after_s=AFTER_S) == 0
        web.commit()
        assert resend_unknown(tick, scene.campaign.id, after_s=AFTER_S) == 2


def test_campaign_not_set_to_it_finishes_with_unknown_mails(session: Session) -> None:
    scene = lose_replies(session)
    scene.campaign.resend_unknown = False
    session.flush()
    assert settle(session) == [(scene.campaign.id, CampaignStatus.FINISHED)]
    assert {row.state for row in session.scalars(select(Email))} == {UNKNOWN}
