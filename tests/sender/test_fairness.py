"""An account's share of a process's threads while others wait."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select, text, update

from dakiya.db import SessionFactory, database_now
from dakiya.delivery.claims import claim_lane, find_lanes
from dakiya.delivery.ledger import Claim
from dakiya.delivery.newcomers import newcomers, others_are_left_out
from dakiya.models import Batch, BatchState
from dakiya_sender import fairness
from dakiya_sender.fairness import Share
from dakiya_sender.keeper import Keeper
from tests.engine.world import make_account, make_sending, make_workspace
from tests.recorder.plugin import StartRecorder
from tests.sender.conftest import SetScene
from tests.sender.scene import SenderScene

# More than any process here has at work.
CONNECTIONS = 20


@pytest.fixture
def scene(set_scene: SetScene, recorder: StartRecorder) -> SenderScene:
    return set_scene(recorder())


def let_another_wait(session_factory: SessionFactory) -> None:
    with session_factory.begin() as session:
        account = make_account(session, make_workspace(session, "bob@example.com"), 2525)
        make_sending(session, account, 1)
        now = database_now(session)
        for lane in find_lanes(session, now=now):
            claim_lane(session, lane, now=now, batch_size=10)


def share_with(scene: SenderScene, *, active: int) -> Share:
    """An account that works on so many batches in a process of 4 threads."""
    keeper = Keeper(scene.sessions, scene.pool, service_id="one", lease_s=60)
    for number in range(active):
        keeper.hold(replace(scene.taken.claim, batch_id=1_000 + number), connections=CONNECTIONS)
    return Share(scene.sessions, keeper, scene.taken.claim, threads=4)


@pytest.mark.parametrize(
    ("active", "others", "used_up", "must_yield"),
    [
        (1, True, False, False),
        (2, True, True, False),
        (3, True, True, True),
        (4, False, False, False),
    ],
)
def test_half_of_the_threads_is_enough_while_others_wait(
    scene: SenderScene,
    session_factory: SessionFactory,
    monkeypatch: pytest.MonkeyPatch,
    active: int,
    others: bool,
    used_up: bool,
    must_yield: bool,
) -> None:
    if others:
        let_another_wait(session_factory)
    monkeypatch.setattr(fairness, "LOOK_EVERY_S", 0.0)
    share = share_with(scene, active=active)
    with session_factory() as session:
        assert share.is_used_up(session) is used_up
    assert share.must_yield() is must_yield


def test_batch_looks_only_now_and_then(scene: SenderScene, session_factory: SessionFactory) -> None:
    let_another_wait(session_factory)
    assert not share_with(scene, active=4).must_yield()


def test_batch_whose_time_has_not_come_is_nobody_who_waits(
    scene: SenderScene, session_factory: SessionFactory
) -> None:
    let_another_wait(session_factory)
    account_id = scene.taken.claim.smtp_account_id
    with session_factory.begin() as session:
        assert fairness.others_wait(session, account_id)
        session.execute(
            update(Batch)
            .where(Batch.state == "ready")
            .values(start_at=func.clock_timestamp() + text("interval '1 minute'"))
        )
        assert not fairness.others_wait(session, account_id)
        assert session.scalars(select(func.count()).select_from(Batch)).one() == 2


def test_workspace_with_many_accounts_has_one_share(
    scene: SenderScene, session_factory: SessionFactory
) -> None:
    keeper = Keeper(scene.sessions, scene.pool, service_id="one", lease_s=60)
    for number in range(2):
        claim = replace(scene.taken.claim, batch_id=1_000 + number, smtp_account_id=5_000 + number)
        keeper.hold(claim, connections=CONNECTIONS)
    share = Share(scene.sessions, keeper, scene.taken.claim, threads=4)
    with session_factory() as session:
        assert not share.is_used_up(session)
    let_another_wait(session_factory)
    with session_factory() as session:
        assert share.is_used_up(session)


def crowd(scene: SenderScene, *workspaces: int) -> tuple[Keeper, list[Claim]]:
    """A process that works on a batch of each of these workspaces, each on its own account."""
    keeper = Keeper(scene.sessions, scene.pool, service_id="one", lease_s=60)
    claims = [
        replace(
            scene.taken.claim,
            batch_id=1_000 + number,
            workspace_id=workspace,
            smtp_account_id=5_000 + number,
        )
        for number, workspace in enumerate(workspaces)
    ]
    assert all(keeper.hold(claim, connections=CONNECTIONS) for claim in claims)
    return keeper, claims


def test_newcomer_is_of_a_workspace_that_has_no_batch_here(scene: SenderScene) -> None:
    keeper, [claim] = crowd(scene, 7)
    assert not keeper.hold(replace(claim, batch_id=2_000), connections=CONNECTIONS, newcomer=True)
    assert keeper.hold(
        replace(claim, batch_id=2_001, workspace_id=8), connections=CONNECTIONS, newcomer=True
    )
    assert keeper.hold(replace(claim, batch_id=2_002), connections=CONNECTIONS)


def test_one_batch_of_those_who_have_most_gives_way_and_its_thread_is_kept_free(
    scene: SenderScene, session_factory: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fairness, "LOOK_EVERY_S", 0.0)
    # However busy the machine is, it is not over by itself.
    monkeypatch.setattr("dakiya.delivery.newcomers.UNTAKEN_FOR", text("interval '1 hour'"))
    keeper, claims = crowd(scene, 7, 8, 8, 9, 10, 11)
    shares = [Share(session_factory, keeper, claim, threads=4) for claim in claims]
    assert not any(share.must_yield() for share in shares)  # nobody is left out
    let_another_wait(session_factory)
    assert not any(share.must_yield() for share in shares)  # some sender may have a thread
    with session_factory.begin() as session:
        session.execute(
            update(Batch)
            .where(Batch.state == "ready")
            .values(start_at=Batch.start_at - text("interval '1 hour'"))
        )
    assert [share.must_yield() for share in shares] == [False, True, *4 * [False]]
    keeper.let_go(claims[1])
    assert not keeper.hold(replace(claims[0], batch_id=2_000), connections=CONNECTIONS)
    assert keeper.hold(replace(claims[0], batch_id=2_001, workspace_id=12), connections=CONNECTIONS)


def test_workspace_that_some_sender_works_for_is_not_left_out(
    scene: SenderScene, session_factory: SessionFactory
) -> None:
    let_another_wait(session_factory)
    with session_factory.begin() as session:
        ready = update(Batch).where(Batch.state == "ready")
        session.execute(ready.values(start_at=Batch.start_at - text("interval '1 second'")))
        [batch_id] = newcomers(session)
        me = scene.taken.claim.workspace_id
        assert others_are_left_out(session, workspace_id=me)
        other = session.get_one(Batch, batch_id)
        assert not others_are_left_out(session, workspace_id=other.workspace_id)
        other.state, other.lease_expires_at = BatchState.TAKEN, database_now(session)
        session.flush()
        assert newcomers(session) == []
        assert not others_are_left_out(session, workspace_id=me)
