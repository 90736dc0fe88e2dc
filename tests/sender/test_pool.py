"""The pool: connections are kept, capped, asked after a pause, and never handed on broken."""

from collections.abc import Callable, Iterator

import pytest

from dakiya_sender import pool as pool_module
from dakiya_sender.pool import ConnectionPool, PooledConnection
from dakiya_sender.slots import ConnectionSlots
from dakiya_sender.smtp import Envelope, Phase, Server, SmtpTrouble
from tests.recorder import Recorder, Rule
from tests.recorder.plugin import StartRecorder
from tests.sender.smtp.conftest import server_at

Borrow = Callable[..., PooledConnection]
MAIL = b"Subject: hello\r\n\r\nhello\r\n"


@pytest.fixture
def slots(database_url: str) -> Iterator[ConnectionSlots]:
    slots = ConnectionSlots(database_url, service_id="one")
    yield slots
    slots.close()


@pytest.fixture
def pool(slots: ConnectionSlots) -> Iterator[ConnectionPool]:
    pool = ConnectionPool(slots)
    yield pool
    pool.close()


@pytest.fixture
def borrow(pool: ConnectionPool) -> Iterator[Borrow]:
    """Borrow a connection that is closed after the test, wherever it is then."""
    all_lent = []

    def from_pool(
        server: Server, *, account: int = 1, cap: int = 2, mails: int = 100
    ) -> PooledConnection:
        lent = pool.borrow(account, server, cap=cap, mails_per_connection=mails)
        assert lent is not None
        all_lent.append(lent)
        return lent

    yield from_pool
    for lent in all_lent:
        lent.connection.abort()


def send(lent: PooledConnection) -> None:
    lent.connection.begin(Envelope("a@example.com", "b@example.net", len(MAIL)))
    lent.connection.write_body(MAIL)
    assert lent.connection.finish().is_positive


def opened(server: Recorder) -> int:
    return len(server.events("opened"))


def test_given_connection_is_lent_again(
    pool: ConnectionPool, borrow: Borrow, recorder: StartRecorder
) -> None:
    server = recorder()
    first = borrow(server_at(server))
    send(first)
    pool.give(first)
    second = borrow(server_at(server))
    send(second)
    pool.give(second)
    assert opened(server) == 1


def test_cap_is_kept_and_a_discarded_connection_makes_room(
    pool: ConnectionPool, borrow: Borrow, recorder: StartRecorder
) -> None:
    server = recorder()
    lent = [borrow(server_at(server)), borrow(server_at(server))]
    assert pool.borrow(1, server_at(server), cap=2, mails_per_connection=9) is None
    borrow(server_at(server), account=2)
    pool.discard(lent[0])
    borrow(server_at(server))


def test_connection_that_has_carried_its_mails_is_not_lent_again(
    pool: ConnectionPool, borrow: Borrow, recorder: StartRecorder
) -> None:
    server = recorder()
    first = borrow(server_at(server), mails=2)
    for _ in range(2):
        assert pool.may_go_on(first, mails_per_connection=2)
        send(first)
    assert not pool.may_go_on(first, mails_per_connection=2)
    pool.give(first)
    send(borrow(server_at(server), cap=1, mails=2))
    assert opened(server) == 2


def test_connection_to_what_the_account_was_before_is_not_lent(
    pool: ConnectionPool, borrow: Borrow, recorder: StartRecorder
) -> None:
    old, new = recorder(), recorder()
    pool.give(borrow(server_at(old), cap=1))
    assert borrow(server_at(new), cap=1).server.port == new.port
    assert opened(new) == 1


def test_connection_that_the_server_closed_meanwhile_is_replaced(
    pool: ConnectionPool, borrow: Borrow, recorder: StartRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = recorder()
    pool.give(borrow(server_at(server), cap=1))
    server.stop()
    server.start()
    monkeypatch.setattr(pool_module, "ASK_AFTER_S", 0.0)
    send(borrow(server_at(server), cap=1))


def test_idle_connection_is_closed_after_a_while_and_when_others_want_it(
    pool: ConnectionPool,
    borrow: Borrow,
    slots: ConnectionSlots,
    database_url: str,
    recorder: StartRecorder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = recorder()
    pool.give(borrow(server_at(server), cap=1))
    pool.tend()
    assert not server.events("closed")
    other = ConnectionSlots(database_url, service_id="other")
    assert other.acquire(1, cap=1) is None
    while not server.events("closed"):
        pool.tend()
    wanted = other.acquire(1, cap=1)
    assert wanted is not None
    other.release(wanted)
    other.close()
    pool.give(borrow(server_at(server), cap=1))
    monkeypatch.setattr(pool_module, "CLOSE_IDLE_AFTER_S", 0.0)
    pool.tend()
    server.wait_for(lambda events: sum(e.name == "closed" for e in events) == 2)


def test_connection_without_its_slot_is_closed_and_carries_no_more_mail(
    pool: ConnectionPool, borrow: Borrow, slots: ConnectionSlots, recorder: StartRecorder
) -> None:
    server = recorder()
    idle, lent = borrow(server_at(server)), borrow(server_at(server))
    pool.give(idle)
    slots.close()  # the session is lost
    assert not pool.may_go_on(lent, mails_per_connection=100)
    pool.tend()
    server.wait_for(lambda events: any(e.name == "closed" for e in events))
    pool.give(lent)
    assert not lent.connection.is_open


def test_slot_is_free_again_when_the_server_cannot_be_connected_to(
    pool: ConnectionPool, borrow: Borrow, recorder: StartRecorder
) -> None:
    server = recorder(Rule("connect", reply="554 5.7.1 No"))
    for _ in range(3):
        with pytest.raises(SmtpTrouble) as caught:
            borrow(server_at(server), cap=1)
        assert caught.value.phase is Phase.GREETING
    server.behave()
    send(borrow(server_at(server), cap=1))
