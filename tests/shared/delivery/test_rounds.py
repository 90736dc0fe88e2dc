"""A round: several connections' steps in one transaction, each under all of its guards."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from dakiya.contacts.suppressions import suppress
from dakiya.delivery.ledger import Claim, close_batch, load_emails
from dakiya.delivery.rescue import rescue_expired
from dakiya.delivery.rounds import Sent, Step, Written, begin_round, prepare_rounds
from dakiya.models import Campaign, CampaignStatus, Email, EmailState, SuppressionReason
from tests.engine.world import make_sending, miscounted
from tests.shared.delivery.conftest import LEASE_S, SLOT, Scene, claim_all, expire, take

NOTHING: frozenset[int] = frozenset()


def sent(scene: Scene, number: int) -> Sent:
    return Sent(scene.mails[number].id, 250, "2.0.0 Ok")


def write(*steps: Step, session: Session) -> list[Written]:
    session.flush()
    driver = session.connection().connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
        prepare_rounds(cursor)
        return begin_round(cursor, steps, slot=SLOT)


def second_scene(scene: Scene) -> Scene:
    """Take a batch of another campaign of the same account."""
    campaign = make_sending(scene.session, scene.account, (f"s{n}@example.net" for n in range(3)))
    [batch_id] = claim_all(scene.session)
    taken = take(scene.session, batch_id)
    assert taken is not None
    mails = list(load_emails(scene.session, taken.claim))
    return Scene(scene.session, scene.account, campaign, taken.claim, mails)


def test_round_writes_outcomes_and_intents_of_several_campaigns(scene: Scene) -> None:
    other = second_scene(scene)
    first = [Step(one.claim, [], one.mails[0].id) for one in (scene, other)]
    assert write(*first, session=scene.session) == [Written(NOTHING, goes=True)] * 2
    second = [Step(one.claim, [sent(one, 0)], one.mails[1].id) for one in (scene, other)]
    assert write(*second, session=scene.session) == [
        Written(frozenset([one.mails[0].id]), goes=True) for one in (scene, other)
    ]
    for one in (scene, other):
        row = one.row(0)
        assert (row.state, row.reply_code, row.reply_text) == (EmailState.SENT, 250, "2.0.0 Ok")
        assert (row.attempts, row.fence, row.reason) == (1, one.claim.fence, None)
        assert row.sent_at is not None
        assert (one.row(1).state, one.row(1).attempts) == (EmailState.SENDING, 1)
        assert one.row(1).first_tried_at is not None
        assert not miscounted(one.session, one.campaign)


def another_fence(scene: Scene) -> Claim:
    return replace(scene.claim, fence=scene.claim.fence + 1)


def lease_over(scene: Scene) -> Claim:
    expire(scene.session, scene.claim.batch_id)
    return scene.claim


def closed(scene: Scene) -> Claim:
    assert close_batch(scene.session, scene.claim)
    return scene.claim


def of_another_batch(scene: Scene) -> Claim:
    scene.session.execute(update(Email).where(Email.id == scene.mails[0].id).values(batch_id=1))
    return scene.claim


def not_sending(scene: Scene) -> Claim:
    whose = update(Campaign).where(Campaign.id == scene.campaign.id)
    scene.session.execute(whose.values(status=CampaignStatus.PAUSING))
    return scene.claim


def suppressed(scene: Scene) -> Claim:
    address = scene.mails[0].email
    suppress(scene.session, scene.claim.workspace_id, address, SuppressionReason.UNSUBSCRIBED)
    return scene.claim


def not_claimed(scene: Scene) -> Claim:
    whose = update(Email).where(Email.id == scene.mails[0].id)
    scene.session.execute(whose.values(state=EmailState.PENDING))
    return scene.claim


@pytest.mark.parametrize(
    "forbid",
    [another_fence, lease_over, closed, of_another_batch, not_sending, suppressed, not_claimed],
)
def test_each_guard_holds_back_its_own_mail_and_no_other(
    scene: Scene, forbid: Callable[[Scene], Claim]
) -> None:
    other = second_scene(scene)
    claim = forbid(scene)
    before = scene.row().state
    answers = write(
        Step(claim, [], scene.mails[0].id),
        Step(other.claim, [], other.mails[0].id),
        session=scene.session,
    )
    assert answers == [Written(NOTHING, goes=False), Written(NOTHING, goes=True)]
    assert (scene.row().state, scene.row().attempts) == (before, 0)
    assert other.row().state is EmailState.SENDING
    assert not miscounted(scene.session, other.campaign)


def test_mail_sent_after_its_rescue_is_left_to_whoever_asked(scene: Scene) -> None:
    write(Step(scene.claim, [], scene.mails[0].id), session=scene.session)
    expire(scene.session, scene.claim.batch_id)
    rescue_expired(scene.session, lease_s=LEASE_S)
    answers = write(Step(scene.claim, [sent(scene, 0)], scene.mails[1].id), session=scene.session)
    assert answers == [Written(NOTHING, goes=False)]
    assert scene.row().state is EmailState.UNKNOWN
    assert not miscounted(scene.session, scene.campaign)


@pytest.mark.parametrize("stale", ["fence", "batch"])
def test_mail_of_another_taking_is_not_recorded_as_sent(scene: Scene, stale: str) -> None:
    write(Step(scene.claim, [], scene.mails[0].id), session=scene.session)
    values = {"fence": Email.fence + 1} if stale == "fence" else {"batch_id": 10**9}
    scene.session.execute(update(Email).where(Email.id == scene.mails[0].id).values(values))
    answers = write(Step(scene.claim, [sent(scene, 0)], scene.mails[1].id), session=scene.session)
    assert answers == [Written(NOTHING, goes=True)]
    assert scene.row().state is EmailState.SENDING
