"""A batch over a server that takes PIPELINING: which dots take the next mail along."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from dakiya.delivery.pacing import Limits
from dakiya.models import Batch
from dakiya_sender.smtp import Connection, Envelope, Reply
from tests.engine.world import miscounted
from tests.recorder import Action, Behaviour, Rule
from tests.recorder.plugin import StartRecorder
from tests.sender.conftest import SetScene
from tests.sender.scene import SenderScene, states

Look = Callable[[int, Envelope | None], None]


@pytest.fixture
def taken_along(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """Whom each dot offered a mail to."""
    seen: list[str | None] = []
    finish = Connection.finish

    def look_and_finish(
        connection: Connection, then: Envelope | None = None, **others: Any
    ) -> Reply:
        seen.append(then.rcpt_to.partition("@")[0] if then else None)
        return finish(connection, then, **others)

    monkeypatch.setattr(Connection, "finish", look_and_finish)
    return seen


def counted(scene: SenderScene) -> bool:
    with scene.sessions() as session:
        return not miscounted(session, scene.campaign)


def test_each_dot_takes_the_next_mail_along(
    set_scene: SetScene, recorder: StartRecorder, taken_along: list[str | None]
) -> None:
    scene = set_scene(recorder())
    assert scene.deliver().accepted == 5
    assert taken_along == ["r1", "r2", "r3", "r4", None]
    assert scene.addresses() == [f"r{n}@example.net" for n in range(5)]
    assert len(scene.server.events("opened")) == 1


def test_server_without_pipelining_takes_nothing_along(
    set_scene: SetScene, recorder: StartRecorder
) -> None:
    behaviour = Behaviour(extensions=(), commands=True)
    scene = set_scene(recorder(behaviour=behaviour))
    assert scene.deliver().accepted == 5
    assert states(scene) == ["sent"] * 5


def test_connection_that_is_nearly_worn_out_takes_nothing_along(
    set_scene: SetScene, recorder: StartRecorder, taken_along: list[str | None]
) -> None:
    scene = set_scene(recorder(behaviour=Behaviour(mails_per_connection=2)))
    scene.taken.account.mails_per_connection = 2
    assert scene.deliver().accepted == 5
    assert taken_along == ["r1", None, "r3", None, None]
    assert {row.attempts for row in scene.rows()} == {1}


@pytest.mark.parametrize("how", ["stop", "yield"])
def test_batch_that_has_to_end_takes_nothing_along(
    set_scene: SetScene, recorder: StartRecorder, taken_along: list[str | None], how: str
) -> None:
    scene = set_scene(recorder())

    def end_at_the_second() -> bool:
        if len(taken_along) == 1 and how == "stop":
            scene.stop.set()
        return len(taken_along) == 1 and how == "yield"

    assert scene.deliver(must_yield=end_at_the_second).accepted == 2
    assert taken_along == ["r1", None]
    assert states(scene) == ["sent", "sent", "pending", "pending", "pending"]
    assert not scene.server.events("unfinished")


def test_mail_that_cannot_be_built_is_not_taken_along(
    set_scene: SetScene,
    recorder: StartRecorder,
    taken_along: list[str | None],
    third_cannot_be_built: None,
) -> None:
    scene = set_scene(recorder())
    scene.deliver()
    assert taken_along == ["r1", None, "r4", None]
    assert states(scene) == ["sent", "sent", "failed", "sent", "sent"]


def test_account_with_limits_takes_nothing_along(
    set_scene: SetScene, recorder: StartRecorder, taken_along: list[str | None]
) -> None:
    """The leave of a mail would be older than the reply to the one before."""
    scene = set_scene(recorder())
    scene.taken = replace(scene.taken, limits=Limits(per_day=4))
    report = scene.deliver()
    assert (report.accepted, report.waits) == (4, True)
    assert taken_along == [None] * 4
    assert states(scene) == ["sent"] * 4 + ["pending"]
    assert not scene.server.events("unfinished")


@pytest.mark.parametrize("phase", ["rcpt", "data"])
def test_refusal_of_a_mail_taken_along_touches_no_neighbour(
    set_scene: SetScene, recorder: StartRecorder, phase: str
) -> None:
    scene = set_scene(recorder(Rule(phase, reply="450 4.2.1 Mailbox busy", every=3)))
    scene.deliver()
    assert states(scene) == ["sent", "sent", "deferred", "sent", "sent"]
    assert {row.attempts for row in scene.rows()} == {1}
    assert len(scene.server.events("opened")) == 1
    assert counted(scene)


@pytest.mark.parametrize(
    "broken",
    [
        Rule("mail", reply="421 4.3.2 Going down", every=3),
        *(Rule(phase, Action.DROP, every=3) for phase in ("mail", "rcpt", "data")),
    ],
    ids=["421", "drop at mail", "drop at rcpt", "drop at data"],
)
def test_connection_lost_between_verdict_and_next_mail_costs_nobody_anything(
    set_scene: SetScene, recorder: StartRecorder, broken: Rule
) -> None:
    scene = set_scene(recorder(broken), 4)
    report = scene.deliver()
    assert report.trouble is None
    assert states(scene) == ["sent"] * 4
    assert {row.attempts for row in scene.rows()} == {1}
    assert scene.addresses() == [f"r{n}@example.net" for n in range(4)]


@pytest.mark.parametrize("phase", ["rcpt", "data"])
def test_server_that_closes_at_a_mail_taken_along_slows_the_account_and_charges_nobody(
    set_scene: SetScene, recorder: StartRecorder, phase: str
) -> None:
    scene = set_scene(recorder(Rule(phase, reply="421 4.3.2 Going down", every=3)), 4)
    report = scene.deliver()
    assert report.trouble is not None
    assert report.trouble.slows
    assert states(scene) == ["sent", "sent", "deferred", "pending"]
    assert [row.attempts for row in scene.rows()] == [1, 1, 0, 0]


def test_unknown_mail_leaves_the_one_that_went_along_to_another_connection(
    set_scene: SetScene, recorder: StartRecorder
) -> None:
    drop = Rule("dot", Action.DROP, recipient="r2@", received=False)
    scene = set_scene(recorder(behaviour=Behaviour(rules=(drop,))))
    scene.deliver()
    assert states(scene) == ["sent", "sent", "unknown", "sent", "sent"]
    assert len(scene.server.events("opened")) == 2
    assert scene.addresses() == [f"r{n}@example.net" for n in (0, 1, 3, 4)]


def test_server_that_loses_its_step_is_spoken_to_plainly_from_then_on(
    set_scene: SetScene, recorder: StartRecorder, taken_along: list[str | None]
) -> None:
    garbage = Rule("rcpt", Action.GARBAGE, recipient="", every=3, times=1)
    scene = set_scene(recorder(garbage))
    scene.deliver()
    # What was accepted behind answers that do not fit is not known to be accepted.
    assert states(scene) == ["sent", "unknown", "sent", "sent", "sent"]
    assert taken_along == ["r1", "r2", None, None, None]
    assert scene.addresses() == [f"r{n}@example.net" for n in range(5)]


def test_trouble_of_the_account_ends_a_connection_that_has_a_mail_under_way(
    set_scene: SetScene, recorder: StartRecorder
) -> None:
    quota = Rule("dot", reply="452 4.5.3 Daily sending quota exceeded", recipient="r1@")
    scene = set_scene(recorder(quota))
    report = scene.deliver()
    assert report.trouble is not None
    assert scene.addresses() == ["r0@example.net"]
    scene.server.wait_for(lambda events: any(event.name == "closed" for event in events))
    assert states(scene)[2:] == ["pending"] * 3
    assert scene.slots.acquire(scene.taken.account.mailbox_id, cap=1)
    assert counted(scene)


def test_refused_intent_leaves_no_trace_of_the_mail_that_would_have_gone_along(
    set_scene: SetScene, recorder: StartRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = set_scene(recorder(behaviour=Behaviour(commands=True)))
    write_body = Connection.write_body

    def lose_the_batch(connection: Connection, message: bytes) -> None:
        write_body(connection, message)
        with scene.sessions.begin() as session:
            session.execute(update(Batch).values(fence=Batch.fence + 1))

    monkeypatch.setattr(Connection, "write_body", lose_the_batch)
    scene.run()
    assert states(scene) == ["claimed"] * 5
    said = [event.detail for event in scene.server.events("command")]
    assert [line for line in said if line.startswith("RCPT")] == ["RCPT TO:<r0@example.net>"]
