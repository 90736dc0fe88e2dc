"""A scene of one taken batch for the sender's tests."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

import pytest
from sqlalchemy import Engine

from dakiya.config import Settings
from dakiya.db import SessionFactory
from dakiya_sender.ledger_writer import LedgerWriter
from dakiya_sender.messages import CampaignMessage
from dakiya_sender.pool import ConnectionPool
from dakiya_sender.recording import Recorder as OutcomeRecorder
from dakiya_sender.slots import ConnectionSlots
from tests.recorder import Recorder
from tests.sender.account_bench import Bench
from tests.sender.scene import SLOT, WRITER_SLOT, SenderScene, take_one

SetScene = Callable[..., SenderScene]


@pytest.fixture
def pool(database_url: str) -> Iterator[ConnectionPool]:
    """A process's pool of connections."""
    slots = ConnectionSlots(database_url, service_id="one")
    pool = ConnectionPool(slots)
    yield pool
    pool.close()
    slots.close()


@pytest.fixture
def bench(session_factory: SessionFactory, settings: Settings, pool: ConnectionPool) -> Bench:
    """Where tests of accounts are run."""
    return Bench(session_factory, settings, pool)


@pytest.fixture
def set_scene(
    engine: Engine, session_factory: SessionFactory, database_url: str, settings: Settings
) -> Iterator[SetScene]:
    """A function that takes a batch for a server."""
    with ExitStack() as ended:

        def make(server: Recorder, mails: int | Sequence[str] = 5) -> SenderScene:
            campaign, taken = take_one(session_factory, server, mails)
            slots = ConnectionSlots(database_url, service_id="one")
            pool = ConnectionPool(slots)
            ended.callback(slots.close)
            ended.callback(pool.close)
            stop = threading.Event()
            writer = LedgerWriter(engine, slot=WRITER_SLOT)
            writer.start()
            ended.callback(writer.end)
            recorder = OutcomeRecorder(
                session_factory, taken.claim, writer=writer, slot=SLOT, stop=stop
            )
            return SenderScene(
                session_factory, settings, server, campaign, taken, recorder, slots, pool, stop
            )

        yield make


@pytest.fixture
def third_cannot_be_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mail of one recipient raises what nobody expects."""
    build = CampaignMessage.build

    def build_but_one(message: CampaignMessage, mail: object, **options: object) -> bytes:
        if mail.email == "r2@example.net":  # type: ignore[attr-defined]
            raise KeyError("r2@example.net")
        return build(message, mail, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(CampaignMessage, "build", build_but_one)
