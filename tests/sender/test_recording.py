"""The recorder of outcomes: nothing that was learned is forgotten while the database is away."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg2
import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dakiya.delivery.intents import Intent
from dakiya.delivery.ledger import load_emails
from dakiya.delivery.outcomes import Outcome
from dakiya.delivery.trouble import AccountTrouble
from dakiya.models import Batch, BatchState, Email, EmailState, SmtpAccount, Suppression
from dakiya.smtp_accounts.accounts import end_pause
from dakiya_sender import recording
from tests.engine.world import miscounted
from tests.recorder.plugin import StartRecorder
from tests.sender.conftest import SetScene
from tests.sender.scene import SenderScene

SENT = Outcome(EmailState.SENT, "dot", 250, "2.0.0 Ok")
DEAD = Outcome(EmailState.FAILED, "rcpt", 550, "5.1.1 nobody", "unknown_user")


@pytest.fixture
def scene(set_scene: SetScene, recorder: StartRecorder) -> SenderScene:
    return set_scene(recorder())


@contextmanager
def database_away(
    scene: SenderScene, *, failures: int, after_commit: bool = False
) -> Iterator[Any]:
    """Let so many commits fail, before or after they have arrived."""
    engine = scene.sessions.kw["bind"]
    left = [failures]

    def fail(connection: Any) -> None:
        if left[0]:
            left[0] -= 1
            driver = connection.connection.driver_connection
            if after_commit:
                driver.commit()
            with suppress(psycopg2.Error):
                driver.cursor().execute("SELECT pg_terminate_backend(pg_backend_pid())")

    event.listen(engine, "commit", fail)
    try:
        yield left
    finally:
        event.remove(engine, "commit", fail)


def mails_of(scene: SenderScene) -> list[Any]:
    with scene.sessions() as session:
        return list(load_emails(session, scene.taken.claim))


def finish(scene: SenderScene, trouble: AccountTrouble | None = None) -> int:
    return scene.recorder.finish(trouble=trouble, had_trouble=True, mended=0)


def test_outcome_of_a_mail_is_committed_with_the_intent_of_the_next(scene: SenderScene) -> None:
    first, second, *_ = mails_of(scene)
    assert scene.recorder.intend(first) is Intent.GO
    scene.recorder.learn(first, SENT)
    assert scene.rows()[0].state is EmailState.SENDING
    assert scene.recorder.intend(second) is Intent.GO
    assert [row.state for row in scene.rows()[:2]] == [EmailState.SENT, EmailState.SENDING]


@pytest.mark.parametrize("after_commit", [False, True], ids=["lost", "arrived"])
def test_finish_is_repeated_until_it_is_certain_and_counts_once(
    scene: SenderScene, monkeypatch: pytest.MonkeyPatch, after_commit: bool
) -> None:
    monkeypatch.setattr(recording, "FIRST_WAIT_S", 0.01)
    first, second, *_ = mails_of(scene)
    scene.recorder.intend(first)
    scene.recorder.learn(first, SENT)
    scene.recorder.learn(second, DEAD, suppresses=True)
    with database_away(scene, failures=3, after_commit=after_commit) as left:
        finish(scene)
    assert left == [0]
    assert [row.state.value for row in scene.rows()] == ["sent", "failed"] + ["pending"] * 3
    with scene.sessions() as session:
        assert not miscounted(session, scene.campaign)
        assert session.scalars(select(Batch.state)).one() is BatchState.DONE
        assert session.scalars(select(Suppression.email_normalised)).all() == ["r1@example.net"]


def test_recorder_gives_up_in_the_end_and_the_lease_then_decides(
    scene: SenderScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(recording, "PATIENCE_WHEN_STOPPING_S", 0.05)
    scene.stop.set()
    first, *_ = mails_of(scene)
    scene.recorder.intend(first)
    scene.recorder.learn(first, SENT)
    with database_away(scene, failures=10_000), pytest.raises(DBAPIError):
        finish(scene)
    assert scene.rows()[0].state is EmailState.SENDING


def test_flush_locks_the_batch_before_its_mails(scene: SenderScene) -> None:
    # Pause does so too: a flush that began with the mails could meet it half-way.
    first, second, *_ = mails_of(scene)
    scene.recorder.learn(first, DEAD)
    scene.recorder.learn(second, DEAD)
    flushing = threading.Thread(target=scene.recorder.flush)
    with scene.sessions() as session:
        session.get_one(Batch, scene.taken.claim.batch_id, with_for_update=True)
        flushing.start()
        while not _somebody_waits(session):
            pass
        rows = session.scalars(select(Email).with_for_update(nowait=True)).all()
        assert len(rows) == 5
    flushing.join(timeout=30)
    assert not flushing.is_alive()


def _somebody_waits(session: Session) -> bool:
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    return bool(session.connection().exec_driver_sql(waiting).scalar())


def test_trouble_pauses_the_account_and_gives_the_rest_back(scene: SenderScene) -> None:
    trouble = AccountTrouble("auth", "535 5.7.8 no", needs_owner=True)
    assert finish(scene, trouble) == 5
    with scene.sessions() as session:
        account = session.scalars(select(SmtpAccount)).one()
        assert (account.pause_reason, account.paused_until) == ("auth", None)
        assert set(session.scalars(select(Email.state))) == {EmailState.PENDING}


def test_batch_from_before_its_account_was_mended_does_not_pause_it(scene: SenderScene) -> None:
    with scene.sessions.begin() as session:
        end_pause(session.scalars(select(SmtpAccount)).one())
    trouble = AccountTrouble("auth", "535 5.7.8 no", needs_owner=True)
    mended = scene.taken.account.mended
    assert scene.recorder.finish(trouble=trouble, had_trouble=False, mended=mended) == 5
    with scene.sessions() as session:
        assert session.scalars(select(SmtpAccount.pause_reason)).one() is None


@pytest.mark.parametrize("accepted", [True, False])
def test_only_an_accepted_mail_ends_an_earlier_trouble(scene: SenderScene, accepted: bool) -> None:
    with scene.sessions.begin() as session:
        session.scalars(select(SmtpAccount)).one().trouble_count = 3
    first, *_ = mails_of(scene)
    scene.recorder.intend(first)
    scene.recorder.learn(first, SENT if accepted else DEAD)
    finish(scene)
    with scene.sessions() as session:
        assert session.scalars(select(SmtpAccount.trouble_count)).one() == (0 if accepted else 3)
