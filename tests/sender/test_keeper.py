"""The keeper: leases stay alive while the process does, and end when it lets go."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import Engine, select, text, update

from dakiya.db import SessionFactory
from dakiya.delivery.presence import count_alive
from dakiya.models import Batch, BatchState, Service
from dakiya_sender.keeper import Keeper
from tests.recorder.plugin import StartRecorder
from tests.sender.conftest import SetScene
from tests.sender.scene import SenderScene

CONNECTIONS = 2
LEASE_S = 60.0


@pytest.fixture
def scene(set_scene: SetScene, recorder: StartRecorder) -> SenderScene:
    return set_scene(recorder())


class FastClock:
    """A minute passes in less than a second."""

    def monotonic(self) -> float:
        return 80 * time.monotonic()


@pytest.fixture
def keeper(
    scene: SenderScene, session_factory: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Keeper]:
    """A keeper that renews, and then says that it lives, about four times a second."""
    monkeypatch.setattr("dakiya_sender.keeper.time", FastClock())
    monkeypatch.setattr("dakiya_sender.keeper.SAY_ALIVE_EVERY_S", LEASE_S / 3)
    keeper = Keeper(session_factory, scene.pool, service_id="sender-1", lease_s=LEASE_S)
    yield keeper
    if keeper.is_alive():
        keeper.end()


def lease_of(scene: SenderScene) -> datetime | None:
    with scene.sessions() as session:
        return session.scalars(select(Batch.lease_expires_at)).one()


def let_renewals_pass(scene: SenderScene, times: int) -> None:
    """Wait until the keeper has had a turn so often; one that is under way does not count."""
    for _ in range(times + 1):
        before = seen_at(scene)
        wait_for(lambda: seen_at(scene) != before)  # noqa: B023


def seen_at(scene: SenderScene) -> datetime | None:
    with scene.sessions() as session:
        return session.scalars(select(Service.seen_at)).one_or_none()


def wait_for(condition: Callable[[], bool], *, timeout_s: float = 30) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_lease_of_a_held_batch_is_renewed_and_of_one_let_go_is_not(
    scene: SenderScene, keeper: Keeper
) -> None:
    keeper.hold(scene.taken.claim, connections=CONNECTIONS)
    assert keeper.active(smtp_account_id=scene.taken.claim.smtp_account_id) == 1
    assert keeper.active(smtp_account_id=12345) == 0
    keeper.start()
    first = lease_of(scene)
    wait_for(lambda: lease_of(scene) != first)
    second = lease_of(scene)
    wait_for(lambda: lease_of(scene) != second)
    keeper.let_go(scene.taken.claim)
    keeper.let_go(scene.taken.claim)
    assert keeper.active(smtp_account_id=scene.taken.claim.smtp_account_id) == 0
    let_renewals_pass(scene, 0)
    last = lease_of(scene)
    let_renewals_pass(scene, 2)
    assert lease_of(scene) == last


def test_batch_that_another_thread_has_taken_anew_stays_held(
    scene: SenderScene, keeper: Keeper
) -> None:
    """One that was only looked at, and one whose lease had run out meanwhile."""
    looked_at = scene.taken.claim
    held = replace(looked_at, fence=looked_at.fence + 1)
    assert keeper.hold(held, connections=CONNECTIONS)
    keeper.let_go(looked_at)
    assert keeper.active(smtp_account_id=held.smtp_account_id) == 1
    keeper.let_go(held)
    assert keeper.active() == 0


def test_accounts_of_one_mailbox_share_its_connections(scene: SenderScene, keeper: Keeper) -> None:
    mine = scene.taken.claim
    assert keeper.hold(mine, connections=CONNECTIONS)
    twin = replace(mine, batch_id=1_000, smtp_account_id=2_000)
    assert keeper.hold(twin, connections=CONNECTIONS)
    assert not keeper.hold(replace(twin, batch_id=1_001), connections=CONNECTIONS)
    assert keeper.hold(replace(twin, batch_id=1_001, mailbox_id=3_000), connections=CONNECTIONS)


def test_batch_that_was_rescued_is_not_revived(scene: SenderScene, keeper: Keeper) -> None:
    with scene.sessions.begin() as session:
        session.execute(update(Batch).values(state=BatchState.DONE, lease_expires_at=None))
    keeper.hold(scene.taken.claim, connections=CONNECTIONS)
    keeper.start()
    let_renewals_pass(scene, 2)
    assert lease_of(scene) is None


def _is_alive(scene: SenderScene) -> bool:
    with scene.sessions() as session:
        return count_alive(session, "sender") == 1


def test_process_shows_that_it_lives_and_signs_off(scene: SenderScene, keeper: Keeper) -> None:
    keeper.start()
    wait_for(lambda: _is_alive(scene))
    keeper.end()
    assert not _is_alive(scene)


def test_keeper_survives_a_database_that_cuts_its_connections(
    scene: SenderScene, keeper: Keeper, engine: Engine
) -> None:
    keeper.hold(scene.taken.claim, connections=CONNECTIONS)
    keeper.start()
    first = lease_of(scene)
    wait_for(lambda: lease_of(scene) != first)
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    second = lease_of(scene)
    wait_for(lambda: lease_of(scene) != second)
    assert keeper.is_alive()
