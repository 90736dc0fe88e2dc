"""One batch and a real server: what goes onto the wire, what the ledger says before it does."""

from collections.abc import Callable
from contextlib import suppress as suppress_errors
from typing import Any

import psycopg2
import pytest
from psycopg2 import extensions
from sqlalchemy import select, text, update

from dakiya.campaigns.lifecycle import pause
from dakiya.contacts.suppressions import suppress
from dakiya.models import Attempt, Batch, BatchState, Campaign, Email, SuppressionReason
from dakiya_sender.lending import NoConnectionFree
from dakiya_sender.smtp import Connection, Envelope, Phase, Reply, SmtpTrouble
from dakiya_sender.verdicts import CLOSED_AT_MOST
from tests.engine.world import miscounted
from tests.recorder import Action, Behaviour, Rule
from tests.recorder.plugin import StartRecorder
from tests.sender.conftest import SetScene
from tests.sender.scene import SenderScene, at_commit, states


def before_each_dot(monkeypatch: pytest.MonkeyPatch, act: Callable[[int], None]) -> None:
    """Do something when a body is on the wire and its dot is not."""
    write_body = Connection.write_body
    bodies = iter(range(1_000))

    def write_and_act(connection: Connection, message: bytes) -> None:
        write_body(connection, message)
        act(next(bodies))

    monkeypatch.setattr(Connection, "write_body", write_and_act)


def test_batch_is_sent_over_one_connection_and_closed(
    set_scene: SetScene, recorder: StartRecorder
) -> None:
    scene = set_scene(recorder())
    report = scene.deliver()
    assert (report.attempted, report.accepted, report.trouble) == (5, 5, None)
    assert states(scene) == ["sent"] * 5
    assert scene.addresses() == [f"r{n}@example.net" for n in range(5)]
    assert len(scene.server.events("opened")) == 1
    with scene.sessions() as session:
        assert session.scalars(select(Batch.state)).one() is BatchState.DONE
        assert not miscounted(session, scene.campaign)


def test_intent_is_committed_before_the_dot_leaves(
    set_scene: SetScene, recorder: StartRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = set_scene(recorder())
    seen = []
    finish = Connection.finish

    def look_and_finish(
        connection: Connection, then: Envelope | None = None, **others: Any
    ) -> Reply:
        # Another session sees only what was committed.
        seen.append(states(scene))
        return finish(connection, then, **others)

    monkeypatch.setattr(Connection, "finish", look_and_finish)
    scene.deliver()
    assert seen == [["sent"] * n + ["sending"] + ["claimed"] * (4 - n) for n in range(5)]


@pytest.mark.parametrize("arrived", [True, False], ids=["committed", "not-committed"])
def test_intent_whose_commit_has_no_answer_sends_no_dot(
    set_scene: SetScene, recorder: StartRecorder, arrived: bool
) -> None:
    scene = set_scene(recorder())
    rounds = iter(range(1_000))

    def cut(cursor: extensions.cursor) -> None:
        if next(rounds) != 2:  # the third mail's intent
            return
        if arrived:
            cursor.execute("COMMIT")
        with suppress_errors(psycopg2.Error):
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with at_commit(cut):
        report = scene.run()
    assert report.trouble is None
    assert states(scene)[2] == ("sending" if arrived else "claimed")
    scene.recorder.finish(trouble=None, had_trouble=False, mended=0)
    assert states(scene) == ["sent", "sent", "deferred", "pending", "pending"]
    assert [row.attempts for row in scene.rows()] == [1, 1, 0, 0, 0]
    assert len(scene.addresses()) == 2
    wait_for_unfinished(scene)


def test_pause_between_body_and_dot_sends_no_dot(
    set_scene: SetScene, recorder: StartRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = set_scene(recorder())

    def pause_at_the_third(number: int) -> None:
        if number == 2:
            with scene.sessions.begin() as session:
                assert pause(session, session.get_one(Campaign, scene.campaign.id)) == 1

    before_each_dot(monkeypatch, pause_at_the_third)
    report = scene.deliver()
    assert report.accepted == 2
    assert len(scene.addresses()) == 2
    assert states(scene) == ["sent", "sent", "pending", "pending", "pending"]
    wait_for_unfinished(scene)


@pytest.mark.parametrize(
    "change",
    [
        {"lease_expires_at": text("clock_timestamp() - interval '1 second'")},
        {"fence": Batch.fence + 1},
        {"state": "done", "lease_expires_at": None},
    ],
    ids=["lease", "fence", "closed"],
)
def test_batch_that_is_not_ours_any_more_sends_no_dot(
    set_scene: SetScene,
    recorder: StartRecorder,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, object],
) -> None:
    scene = set_scene(recorder())

    def lose_it_at_the_third(number: int) -> None:
        if number == 2:
            with scene.sessions.begin() as session:
                session.execute(update(Batch).values(**change))

    before_each_dot(monkeypatch, lose_it_at_the_third)
    scene.run()
    assert len(scene.addresses()) == 2
    assert states(scene)[2:] == ["claimed"] * 3
    wait_for_unfinished(scene)


def wait_for_unfinished(scene: SenderScene) -> None:
    """Wait until the server has noticed that one mail was broken off; no second one was."""
    events = scene.server.wait_for(lambda events: any(e.name == "unfinished" for e in events))
    assert sum(event.name == "unfinished" for event in events) == 1


def test_address_suppressed_before_its_turn_is_not_even_offered(
    set_scene: SetScene, recorder: StartRecorder
) -> None:
    scene = set_scene(recorder())
    with scene.sessions.begin() as session:
        suppress(session, scene.campaign.workspace_id, "r2@example.net", SuppressionReason.MANUAL)
    scene.deliver()
    assert states(scene) == ["sent", "sent", "suppressed", "sent", "sent"]
    assert len(scene.server.events("received")) == 4
    assert not scene.server.events("unfinished")


def test_address_suppressed_between_body_and_dot_gets_nothing_and_the_next_ones_go_out(
    set_scene: SetScene, recorder: StartRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = set_scene(recorder())

    def suppress_the_third(number: int) -> None:
        if number == 2:
            with scene.sessions.begin() as session:
                suppress(
                    session,
                    scene.campaign.workspace_id,
                    "r2@example.net",
                    SuppressionReason.UNSUBSCRIBED,
                )

    before_each_dot(monkeypatch, suppress_the_third)
    scene.deliver()
    assert states(scene) == ["sent", "sent", "suppressed", "sent", "sent"]
    assert "r2@example.net" not in scene.addresses()


def test_mail_that_cannot_be_built_fails_alone_whatever_is_raised(
    set_scene: SetScene, recorder: StartRecorder, third_cannot_be_built: None
) -> None:
    scene = set_scene(recorder())
    scene.deliver()
    assert states(scene) == ["sent", "sent", "failed", "sent", "sent"]
    assert scene.rows()[2].reply_text == "The mail could not be built."


@pytest.mark.parametrize(
    ("reply", "state", "attempts", "waits"),
    [
        (None, "deferred", 1, True),
        (Reply(554, "5.6.0", "no such content"), "failed", 1, False),
    ],
)
def test_server_that_breaks_off_right_before_the_dot_is_the_rows_trouble(
    set_scene: SetScene,
    recorder: StartRecorder,
    monkeypatch: pytest.MonkeyPatch,
    reply: Reply | None,
    state: str,
    attempts: int,
    waits: bool,
) -> None:
    break_off_at(monkeypatch, after=2, reply=reply)
    scene = set_scene(recorder())
    scene.deliver()
    assert states(scene) == ["sent", "sent", state, "sent", "sent"]
    row = scene.rows()[2]
    assert row.attempts == attempts
    with scene.sessions() as session:
        in_s = session.scalars(
            select(text("extract(epoch FROM due_at - clock_timestamp())"))
            .select_from(Email)
            .where(Email.id == row.id)
        ).one()
    assert (in_s > 30) is waits


def break_off_at(monkeypatch: pytest.MonkeyPatch, *, after: int, reply: Reply | None) -> None:
    """Let the server break off when so many mails were sent, before the dot could leave."""
    finish = Connection.finish

    def break_off(connection: Connection, then: Envelope | None = None, **others: Any) -> Reply:
        if connection.mails_sent == after:
            connection.abort()
            raise SmtpTrouble(Phase.DOT, reply, "the server broke off")
        return finish(connection, then, **others)

    monkeypatch.setattr(Connection, "finish", break_off)


def test_server_that_closes_its_service_before_the_dot_charges_nobody(
    set_scene: SetScene, recorder: StartRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_off_at(monkeypatch, after=2, reply=Reply(421, "4.3.2", "closing"))
    scene = set_scene(recorder())
    report = scene.deliver()
    assert report.trouble is not None
    assert (report.trouble.reason, report.trouble.slows) == ("connection", True)
    assert states(scene) == ["sent", "sent", "deferred", "pending", "pending"]
    assert [row.attempts for row in scene.rows()] == [1, 1, 0, 0, 0]


@pytest.mark.parametrize("phase", ["rcpt", "data", "dot"])
@pytest.mark.parametrize("is_suspect", [False, True])
def test_mail_at_which_the_server_always_closes_its_service_bears_it_in_the_end(
    set_scene: SetScene, recorder: StartRecorder, phase: str, is_suspect: bool
) -> None:
    refusing = Rule(phase, Action.HANG_UP, "421 4.3.0 Not now", recipient="^r1@", received=False)
    scene = set_scene(recorder(refusing))
    with scene.sessions.begin() as session:
        email_id = session.scalars(select(Email.id).order_by(Email.recipient_id)).all()[1]
        session.add_all(
            Attempt(email_id=email_id, number=0, outcome="deferred", phase=phase, reply_code=421)
            for _ in range(CLOSED_AT_MOST - (not is_suspect))
        )
    report = scene.deliver()
    others = "sent" if is_suspect else "pending"
    assert states(scene) == ["sent", "deferred", *[others] * 3]
    assert scene.rows()[1].attempts == is_suspect
    assert (report.trouble is None) is is_suspect


def test_idle_connection_that_says_421_is_replaced_and_blames_nobody(
    set_scene: SetScene, recorder: StartRecorder
) -> None:
    scene = set_scene(recorder(Rule("mail", reply="421 4.4.2 Idle too long", every=3)))
    report = scene.deliver()
    assert report.trouble is None
    assert states(scene) == ["sent"] * 5
    assert {row.attempts for row in scene.rows()} == {1}


def test_server_that_breaks_off_at_every_mail_is_the_accounts_trouble(
    set_scene: SetScene, recorder: StartRecorder
) -> None:
    scene = set_scene(recorder(Rule("data", Action.DROP)), 10)
    report = scene.deliver()
    assert report.trouble is not None
    assert report.trouble.reason == "connection"
    assert states(scene) == ["deferred"] * 3 + ["pending"] * 7


@pytest.mark.parametrize("how", ["stop", "yield"])
def test_batch_that_is_told_to_end_gives_its_rest_back(
    set_scene: SetScene, recorder: StartRecorder, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    scene = set_scene(recorder())
    sent: list[int] = []
    before_each_dot(monkeypatch, sent.append)
    if how == "stop":
        before_each_dot(monkeypatch, lambda number: scene.stop.set() if number == 1 else None)
    report = scene.deliver(must_yield=lambda: how == "yield" and len(sent) == 2)
    assert report.accepted == 2
    assert states(scene) == ["sent", "sent", "pending", "pending", "pending"]
    with scene.sessions() as session:
        assert not miscounted(session, scene.campaign)


def test_batch_without_a_free_connection_is_refused_before_its_first_mail(
    set_scene: SetScene, recorder: StartRecorder
) -> None:
    scene = set_scene(recorder())
    assert scene.slots.acquire(scene.taken.account.mailbox_id, cap=1)
    with pytest.raises(NoConnectionFree):
        scene.run()
    assert states(scene) == ["claimed"] * 5


def test_connection_is_not_handed_on_after_an_unexpected_error(
    set_scene: SetScene, recorder: StartRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = set_scene(recorder())

    def fail_in_mid_message(number: int) -> None:
        if number == 2:
            raise RuntimeError("a defect")

    before_each_dot(monkeypatch, fail_in_mid_message)
    with pytest.raises(RuntimeError):
        scene.run()
    scene.recorder.flush()
    assert states(scene) == ["sent", "sent", "claimed", "claimed", "claimed"]
    scene.server.wait_for(lambda events: any(e.name == "closed" for e in events))
    assert scene.slots.acquire(scene.taken.account.mailbox_id, cap=1)


def test_reply_that_never_comes_makes_one_unknown(
    set_scene: SetScene, recorder: StartRecorder
) -> None:
    drop = Rule("dot", Action.DROP, recipient="r2@", received=True)
    scene = set_scene(recorder(behaviour=Behaviour(rules=(drop,))))
    report = scene.deliver()
    assert report.trouble is None
    assert states(scene) == ["sent", "sent", "unknown", "sent", "sent"]
    assert len(scene.server.events("opened")) == 2
