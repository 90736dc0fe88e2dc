"""Retrying failed mails and resolving unknown ones by the user's word."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from dakiya.campaigns.lifecycle import cancel
from dakiya.campaigns.progress import settle
from dakiya.db import SessionFactory, database_now
from dakiya.delivery import chance_moves, second_chances
from dakiya.delivery.chance_moves import RETRYABLE, count_mails
from dakiya.delivery.counters import Moves
from dakiya.delivery.intents import Intent, intend, lock_for_intent
from dakiya.delivery.ledger import close_batch, record
from dakiya.delivery.outcomes import Outcome, Reason
from dakiya.delivery.second_chances import (
    Given,
    chances_to_work_off,
    find_chance,
    resolve_unknown,
    retry_failed,
    work_off_chunk,
)
from dakiya.errors import IllegalState
from dakiya.mail.replies import Kind
from dakiya.mail.replies import Reason as ReplyReason
from dakiya.mail.reply_rules import RULES
from dakiya.models import (
    Attempt,
    Campaign,
    CampaignStatus,
    ChanceKind,
    Email,
    EmailState,
    SmtpAccount,
)
from tests.engine.world import miscounted, states_of
from tests.shared.delivery.conftest import Scene, claim_all, set_scene, take

FAILED, UNKNOWN, PENDING, SENT = (
    EmailState.FAILED,
    EmailState.UNKNOWN,
    EmailState.PENDING,
    EmailState.SENT,
)
# Nobody's change of mail or address is needed: five reasons that a user meets.
REASONS = ("mailbox_full", "gave_up", "unknown_user", "content", "policy")
Second = Callable[[Session, Campaign], Given]


def send_again(session: Session, campaign: Campaign) -> Given:
    return resolve_unknown(session, campaign, recipient_ids=None, as_sent=False)


def count_sent(session: Session, campaign: Campaign) -> Given:
    return resolve_unknown(session, campaign, recipient_ids=None, as_sent=True)


def end_with(session: Session, state: EmailState) -> Scene:
    """A finished campaign whose five mails all ended in a state, each for its reason."""
    scene = set_scene(session)
    moves = Moves()
    lock_for_intent(session, scene.claim)
    for mail, reason in zip(scene.mails, REASONS, strict=True):
        assert intend(session, scene.claim, mail.id, moves) is Intent.GO
        outcome = Outcome(state, "dot", 550, "no", reason=reason)
        assert record(session, scene.claim, mail.id, outcome, moves)
    scene.store(moves)
    close_batch(session, scene.claim)
    assert settle(session) == [(scene.campaign.id, CampaignStatus.FINISHED)]
    session.flush()
    return scene


def test_retry_takes_the_failures_that_can_pass_and_sets_the_campaign_going(
    session: Session,
) -> None:
    scene = end_with(session, FAILED)
    session.execute(update(Email).values(due_at=text("now() - interval '2 days'")))
    before = database_now(session)
    assert count_mails(session, scene.campaign, ChanceKind.RETRY_FAILED) == 3
    assert retry_failed(session, scene.campaign) == Given(3)
    session.flush()
    assert count_mails(session, scene.campaign, ChanceKind.RETRY_FAILED) == 0
    assert states_of(session, scene.campaign) == {PENDING: 3, FAILED: 2}
    assert not miscounted(session, scene.campaign)
    assert scene.campaign.status is CampaignStatus.SENDING
    assert scene.campaign.finished_at is None
    row = scene.row(0)
    assert (row.state, row.attempts, row.first_tried_at, row.batch_id) == (PENDING, 1, None, None)
    assert before <= row.due_at <= database_now(session)
    assert settle(session) == []
    assert len(claim_all(session)) == 1


def test_retried_mail_is_not_given_up_by_the_age_of_its_first_life(session: Session) -> None:
    scene = end_with(session, FAILED)
    session.execute(update(Email).values(first_tried_at=text("now() - interval '2 days'")))
    retry_failed(session, scene.campaign)
    session.flush()
    [batch_id] = claim_all(session)
    assert take(session, batch_id) is not None
    assert scene.row(0).first_tried_at is None


def test_retry_without_anything_to_retry_leaves_the_campaign_finished(session: Session) -> None:
    scene = end_with(session, UNKNOWN)
    assert retry_failed(session, scene.campaign) == Given(0)
    assert scene.campaign.status is CampaignStatus.FINISHED
    assert scene.campaign.finished_at is not None


def test_unknown_counted_as_sent_is_sent_when_its_reply_was_lost(session: Session) -> None:
    scene = end_with(session, UNKNOWN)
    session.execute(update(Attempt).values(ended_at=text("now() - interval '3 hours'")))
    lost_at = session.scalars(select(Attempt.ended_at).distinct()).one()
    assert count_sent(session, scene.campaign) == Given(5)
    assert states_of(session, scene.campaign) == {SENT: 5}
    assert not miscounted(session, scene.campaign)
    row = scene.row()
    assert (row.sent_at, row.reason) == (lost_at, Reason.SAID_BY_USER)
    assert scene.campaign.status is CampaignStatus.FINISHED
    assert count_sent(session, scene.campaign) == Given(0)


def test_unknown_of_some_recipients_goes_out_again_under_another_fence(session: Session) -> None:
    scene = end_with(session, UNKNOWN)
    chosen = [mail.recipient_id for mail in scene.mails[:2]]
    wrong = [10**12]
    moved = resolve_unknown(session, scene.campaign, recipient_ids=[*chosen, *wrong], as_sent=False)
    session.flush()
    assert moved == Given(2)
    assert scene.campaign.status is CampaignStatus.SENDING
    assert states_of(session, scene.campaign) == {PENDING: 2, UNKNOWN: 3}
    assert not miscounted(session, scene.campaign)
    # What the first sender learns now comes too late: the mail is on its way once more.
    late = Outcome(EmailState.FAILED, "dot", 550, "no", reason="policy")
    assert not record(session, scene.claim, scene.mails[0].id, late, Moves())
    assert resolve_unknown(session, scene.campaign, recipient_ids=[], as_sent=True) == Given(0)


@pytest.mark.parametrize("second", [retry_failed, send_again])
@pytest.mark.parametrize(
    "status",
    [
        CampaignStatus.DRAFT,
        CampaignStatus.PREPARING,
        CampaignStatus.SCHEDULED,
        CampaignStatus.CANCELLING,
        CampaignStatus.CANCELLED,
    ],
)
def test_campaign_that_may_not_send_refuses_a_second_chance(
    session: Session, second: Second, status: CampaignStatus
) -> None:
    scene = end_with(session, FAILED)
    session.execute(update(Campaign).values(status=status))
    with pytest.raises(IllegalState, match=status.value):
        second(session, scene.campaign)
    assert states_of(session, scene.campaign) == {FAILED: 5}


def test_cancelled_campaign_still_takes_the_word_that_a_mail_arrived(session: Session) -> None:
    scene = end_with(session, UNKNOWN)
    session.execute(update(Campaign).values(status=CampaignStatus.CANCELLED))
    assert count_sent(session, scene.campaign) == Given(5)
    assert scene.campaign.status is CampaignStatus.CANCELLED


@pytest.mark.parametrize("second", [retry_failed, send_again])
def test_campaign_whose_account_was_deleted_refuses_a_second_chance(
    session: Session, second: Second
) -> None:
    scene = end_with(session, FAILED)
    session.execute(update(SmtpAccount).values(deleted_at=database_now(session)))
    session.expire_all()
    with pytest.raises(IllegalState, match="deleted"):
        second(session, scene.campaign)


def test_paused_campaign_keeps_retried_mails_until_it_is_resumed(session: Session) -> None:
    scene = end_with(session, FAILED)
    session.execute(update(Campaign).values(status=CampaignStatus.PAUSED))
    assert retry_failed(session, scene.campaign) == Given(3)
    assert scene.campaign.status is CampaignStatus.PAUSED
    assert claim_all(session) == []


def test_mail_that_a_sender_is_writing_is_left_to_the_sender(
    session_factory: SessionFactory,
) -> None:
    with session_factory.begin() as session:
        scene = end_with(session, UNKNOWN)
    late = Outcome(EmailState.DEFERRED, "dot", 451, "later", retry_in_s=60)
    with session_factory() as sender, session_factory() as web:
        moves = Moves()
        held = scene.mails[0].id
        sender.execute(select(Email.id).where(Email.id == held).with_for_update())
        assert send_again(web, web.get_one(Campaign, scene.campaign.id)) == Given(4)
        web.commit()
        assert record(sender, scene.claim, held, late, moves)
        moves.store(sender, campaign_id=scene.campaign.id, slot=20)
        sender.commit()
    with session_factory() as session:
        assert states_of(session, scene.campaign) == {PENDING: 4, EmailState.DEFERRED: 1}
        assert not miscounted(session, scene.campaign)


@pytest.fixture
def chunks_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (chance_moves, second_chances):
        monkeypatch.setattr(module, "CHUNK", 2)


@pytest.mark.usefixtures("chunks_of_two")
@pytest.mark.parametrize(("second", "end"), [(send_again, PENDING), (count_sent, SENT)])
def test_many_mails_are_moved_chunk_by_chunk(
    session: Session, second: Second, end: EmailState
) -> None:
    scene = end_with(session, UNKNOWN)
    assert second(session, scene.campaign) == Given(2, remaining=3)
    assert states_of(session, scene.campaign) == {end: 2, UNKNOWN: 3}
    assert second(session, scene.campaign) == Given(0, remaining=3)
    assert chances_to_work_off(session) == [scene.campaign.id]
    assert work_off_chunk(session, scene.campaign.id) == 2
    session.flush()
    kept = find_chance(session, scene.campaign.id)
    assert kept is not None
    assert (kept.moved, kept.mails) == (4, 5)
    assert work_off_chunk(session, scene.campaign.id) == 1
    assert work_off_chunk(session, scene.campaign.id) is None
    assert chances_to_work_off(session) == []
    assert states_of(session, scene.campaign) == {end: 5}
    assert not miscounted(session, scene.campaign)


@pytest.mark.usefixtures("chunks_of_two")
def test_mail_that_fails_again_meanwhile_is_not_tried_a_third_time(session: Session) -> None:
    scene = end_with(session, FAILED)
    session.execute(update(Email).values(reason="mailbox_full"))
    retry_failed(session, scene.campaign)
    session.execute(
        update(Email).where(Email.state == PENDING).values(state=FAILED, reason="mailbox_full")
    )
    while work_off_chunk(session, scene.campaign.id) is not None:
        pass
    assert states_of(session, scene.campaign) == {FAILED: 2, PENDING: 3}


@pytest.mark.usefixtures("chunks_of_two")
def test_campaign_does_not_finish_while_mails_are_to_be_sent_again(session: Session) -> None:
    scene = end_with(session, UNKNOWN)
    send_again(session, scene.campaign)
    session.execute(
        update(Email)
        .where(Email.state == PENDING)
        .values(state=SENT, sent_at=text("clock_timestamp()"))
    )
    assert settle(session) == []
    assert scene.campaign.status is CampaignStatus.SENDING


@pytest.mark.usefixtures("chunks_of_two")
def test_cancelled_campaign_ends_its_second_chance(session: Session) -> None:
    scene = end_with(session, UNKNOWN)
    send_again(session, scene.campaign)
    cancel(session, scene.campaign)
    session.flush()
    assert work_off_chunk(session, scene.campaign.id) is None
    assert chances_to_work_off(session) == []
    assert states_of(session, scene.campaign)[UNKNOWN] == 3


@pytest.mark.usefixtures("chunks_of_two")
def test_other_word_waits_until_the_first_is_done(session: Session) -> None:
    scene = end_with(session, UNKNOWN)
    send_again(session, scene.campaign)
    with pytest.raises(IllegalState, match="still being done"):
        count_sent(session, scene.campaign)
    one = [scene.mails[4].recipient_id]
    assert resolve_unknown(session, scene.campaign, recipient_ids=one, as_sent=True) == Given(1)


@pytest.mark.usefixtures("chunks_of_two")
def test_chunk_that_was_killed_moved_nothing(session_factory: SessionFactory) -> None:
    with session_factory.begin() as session:
        scene = end_with(session, UNKNOWN)
    with session_factory.begin() as session:
        send_again(session, session.get_one(Campaign, scene.campaign.id))
    with session_factory() as session:
        assert work_off_chunk(session, scene.campaign.id) == 2
        session.rollback()
    with session_factory.begin() as session:
        assert states_of(session, scene.campaign) == {PENDING: 2, UNKNOWN: 3}
        while work_off_chunk(session, scene.campaign.id) is not None:
            pass
    with session_factory() as session:
        assert states_of(session, scene.campaign) == {PENDING: 5}
        assert not miscounted(session, scene.campaign)


def test_retryable_reasons_are_those_whose_refusals_may_pass() -> None:
    """Of an unknown user some servers mean it and some do not: the address is not tried again."""
    final = {rule.verdict for rule in RULES if rule.verdict.kind is Kind.FAILED}
    may_pass = {verdict.reason for verdict in final if verdict.retry_can_help}
    assert {r.value for r in may_pass - {ReplyReason.UNKNOWN_USER}} <= set(RETRYABLE)
    never = {verdict.reason.value for verdict in final if not verdict.retry_can_help}
    assert not never & set(RETRYABLE)
