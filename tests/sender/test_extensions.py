"""8BITMIME and SMTPUTF8: used where the server offers them, done without where it does not."""

from email.parser import BytesParser
from email.policy import default as modern
from typing import Any

import pytest
from sqlalchemy import select, update

from dakiya.models import ContentVersion, Suppression
from dakiya_sender.smtp import Connection, Reply
from tests.recorder import Behaviour
from tests.recorder.plugin import StartRecorder
from tests.sender.conftest import SetScene
from tests.sender.scene import SenderScene, states

HINDI = "<p>नमस्ते {{ email }}</p>\n"
PLAIN = ("PIPELINING", "ENHANCEDSTATUSCODES")
ALL = (*PLAIN, "8BITMIME", "SMTPUTF8")


def write_in_hindi(scene: SenderScene) -> None:
    with scene.sessions.begin() as session:
        session.execute(update(ContentVersion).values(html=HINDI))


def commands(scene: SenderScene, verb: str) -> list[str]:
    return [e.detail for e in scene.server.events("command") if e.detail.startswith(verb)]


@pytest.mark.parametrize("pipelining", [True, False])
def test_bodies_go_out_as_they_are_where_that_is_offered(
    set_scene: SetScene, recorder: StartRecorder, pipelining: bool
) -> None:
    extensions = ALL if pipelining else ("8BITMIME",)
    behaviour = Behaviour(extensions=extensions, commands=True)
    scene = set_scene(recorder(behaviour=behaviour, keep_bodies=True), mails=3)
    write_in_hindi(scene)
    scene.deliver()
    assert states(scene) == ["sent"] * 3
    assert len(scene.server.events("opened")) == 1
    asked = commands(scene, "MAIL")
    assert len(asked) == 3
    assert all(line.endswith(" BODY=8BITMIME") for line in asked)
    for mail in scene.server.received():
        assert HINDI.partition(" ")[0].encode() in scene.server.body(mail)


def test_bodies_are_encoded_where_that_is_not_offered(
    set_scene: SetScene, recorder: StartRecorder
) -> None:
    behaviour = Behaviour(extensions=PLAIN, commands=True)
    scene = set_scene(recorder(behaviour=behaviour, keep_bodies=True), mails=3)
    write_in_hindi(scene)
    scene.deliver()
    assert states(scene) == ["sent"] * 3
    assert not any("BODY" in line for line in commands(scene, "MAIL"))
    for mail in scene.server.received():
        raw = scene.server.body(mail)
        assert raw.isascii()
        message = BytesParser(policy=modern).parsebytes(raw)
        body = message.get_body(("html",))
        assert body is not None
        assert "नमस्ते" in body.get_content()


def test_next_connection_without_it_gets_encoded_bodies(
    set_scene: SetScene, recorder: StartRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = set_scene(recorder(behaviour=Behaviour(extensions=ALL), keep_bodies=True), mails=3)
    write_in_hindi(scene)
    finish = Connection.finish

    def finish_and_change(connection: Connection, *args: Any, **others: Any) -> Reply:
        reply = finish(connection, *args, **others)
        scene.server.behave(extensions=PLAIN, mails_per_connection=1)
        return reply

    monkeypatch.setattr(Connection, "finish", finish_and_change)
    scene.deliver()
    assert states(scene) == ["sent"] * 3
    raw = [scene.server.body(mail).isascii() for mail in scene.server.received()]
    assert raw in ([False, True, True], [False, False, True])  # the second was perhaps offered


def test_international_addresses_go_where_the_server_takes_them(
    set_scene: SetScene, recorder: StartRecorder
) -> None:
    behaviour = Behaviour(extensions=ALL, commands=True)
    scene = set_scene(
        recorder(behaviour=behaviour, keep_bodies=True), mails=["आशा@example.net", "b@example.net"]
    )
    scene.deliver()
    assert states(scene) == ["sent", "sent"]
    assert scene.addresses() == ["आशा@example.net", "b@example.net"]
    first, second = commands(scene, "MAIL")
    assert first.endswith(" SMTPUTF8")
    assert "SMTPUTF8" not in second
    raw = scene.server.body(scene.server.received()[0])
    message = BytesParser(policy=modern).parsebytes(raw)
    assert " <आशा@example.net>\r\n".encode() in raw
    assert message["Subject"]


def test_international_address_fails_alone_where_the_server_takes_none(
    set_scene: SetScene, recorder: StartRecorder
) -> None:
    scene = set_scene(
        recorder(behaviour=Behaviour(extensions=(*PLAIN, "8BITMIME"))),
        mails=["a@example.net", "आशा@example.net", "b@example.net"],
    )
    report = scene.deliver()
    assert report.trouble is None
    assert states(scene) == ["sent", "failed", "sent"]
    row = scene.rows()[1]
    assert (row.reason, row.reply_code) == ("bad_address", 553)
    assert "SMTPUTF8" in (row.reply_text or "")
    with scene.sessions() as session:
        assert session.scalars(select(Suppression)).all() == []
