"""The dot of one mail and the commands of the next in one write, and all that can go wrong."""

import pytest

from dakiya_sender.smtp import (
    Connection,
    Envelope,
    OutcomeUnknown,
    Phase,
    Refusal,
    Server,
    SmtpTrouble,
)
from tests.recorder import Action, Behaviour, Rule
from tests.recorder.plugin import StartRecorder

from .conftest import OpenTo, server_at
from .mails import FIRST, MESSAGE, NEXT, up_to_the_dot, wait_until_closed
from .scripted import Line, ScriptedServer

READY: Line = (b"DATA\r\n", b"250 2.1.0 m\r\n250 2.1.5 r\r\n354 go\r\n")
DOT_AND_ALL = b"\r\n.\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c2@d.test>\r\nDATA\r\n"


def open_scripted(server: ScriptedServer) -> Connection:
    return Connection.open(server_at(server, reply_timeout_s=3, dot_timeout_s=3))


def test_dot_and_the_next_mails_commands_are_one_write() -> None:
    script = (READY, (DOT_AND_ALL, b"250 2.0.0 taken\r\n250 m\r\n250 r\r\n354 go\r\n"))
    with ScriptedServer(*script, (b"\r\n.\r\n", b"250 2.0.0 taken too\r\n")) as server:
        connection = open_scripted(server)
        up_to_the_dot(connection)
        assert connection.finish(NEXT).text == "taken"
        assert (connection.has_offer, connection.is_idle) == (True, False)
        up_to_the_dot(connection, NEXT)
        assert connection.finish().text == "taken too"
        assert (connection.has_offer, connection.is_idle) == (False, True)
        connection.abort()
    assert server.heard.count(MESSAGE) == 2


def test_hundred_mails_go_out_one_behind_the_other(
    recorder: StartRecorder, open_to: OpenTo
) -> None:
    server = recorder()
    connection = open_to(server)
    envelopes = [Envelope("a@b.test", f"c{n}@d.test", len(MESSAGE)) for n in range(100)]
    for envelope, following in zip(envelopes, [*envelopes[1:], None], strict=True):
        up_to_the_dot(connection, envelope)
        assert connection.finish(following).code == 250
    assert [mail.recipient for mail in server.received()] == [e.rcpt_to for e in envelopes]
    assert len(server.events("opened")) == 1


def test_server_that_does_not_offer_it_gets_one_command_at_a_time(
    recorder: StartRecorder, open_to: OpenTo
) -> None:
    server = recorder(behaviour=Behaviour(extensions=("8BITMIME",)))
    connection = open_to(server)
    up_to_the_dot(connection)
    assert connection.finish(NEXT).code == 250
    assert not connection.has_offer
    up_to_the_dot(connection, NEXT)
    assert connection.finish().code == 250
    assert len(server.received()) == 2


def test_connection_that_is_told_to_speak_plainly_does(recorder: StartRecorder) -> None:
    server = recorder()
    plain = Server("localhost", server.port, "none", ("127.0.0.1",), "sender.test")
    connection = Connection.open(plain, pipelining=False)
    up_to_the_dot(connection)
    assert connection.finish(NEXT).code == 250
    assert not connection.has_offer
    connection.close()


@pytest.mark.parametrize(
    "envelope",
    [
        Envelope("a@b.test", "c@d.test>\r\nDATA", 1),
        Envelope("a@b.test", "c@d.test", 10**9),
    ],
    ids=["address", "size"],
)
def test_mail_that_is_refused_by_us_is_not_taken_along(
    recorder: StartRecorder, open_to: OpenTo, envelope: Envelope
) -> None:
    connection = open_to(recorder())
    up_to_the_dot(connection)
    assert connection.finish(envelope).code == 250
    assert connection.is_idle
    assert isinstance(connection.begin(envelope), Refusal)


@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT, Phase.DATA])
def test_refusal_of_the_mail_taken_along_is_its_own(
    recorder: StartRecorder, open_to: OpenTo, phase: Phase
) -> None:
    server = recorder(Rule(phase.value, reply="550 5.1.1 User unknown", every=2))
    connection = open_to(server)
    up_to_the_dot(connection)
    assert connection.finish(NEXT).code == 250
    refusal = connection.begin(NEXT)
    assert isinstance(refusal, Refusal)
    assert (refusal.phase, str(refusal.reply)) == (phase, "550 5.1.1 User unknown")
    assert connection.is_idle
    up_to_the_dot(connection, Envelope("a@b.test", "c3@d.test", len(MESSAGE)))
    assert connection.finish().code == 250
    assert [mail.recipient for mail in server.received()] == ["c1@d.test", "c3@d.test"]


@pytest.mark.parametrize("said", [b"554 5.5.1 nobody\r\n", b"250 2.0.0 so what\r\n"])
def test_body_asked_for_after_a_refused_recipient_is_ended_by_a_lone_dot(said: bytes) -> None:
    script: tuple[Line, ...] = (
        READY,
        (DOT_AND_ALL, b"250 taken\r\n250 m\r\n550 5.1.1 nobody\r\n354 go\r\n"),
        (b".\r\n", said),
        (b"RSET\r\n", b"250 reset\r\n"),
        (DOT_AND_ALL[5:], b"250 m\r\n250 r\r\n354 go\r\n"),
    )
    with ScriptedServer(*script) as server:
        connection = open_scripted(server)
        up_to_the_dot(connection)
        assert connection.finish(NEXT).text == "taken"
        refusal = connection.begin(NEXT)
        assert isinstance(refusal, Refusal)
        assert (refusal.phase, refusal.reply.code) == (Phase.RCPT, 550)
        assert server.heard.endswith(DOT_AND_ALL + b".\r\nRSET\r\n")
        up_to_the_dot(connection, NEXT)
        connection.abort()


def test_body_asked_for_after_a_refused_sender_gets_no_dot() -> None:
    script = (READY, (DOT_AND_ALL, b"250 taken\r\n550 5.1.8 no\r\n250 r\r\n354 go\r\n"))
    with ScriptedServer(*script) as server:
        connection = open_scripted(server)
        up_to_the_dot(connection)
        assert connection.finish(NEXT).code == 250
        refusal = connection.begin(NEXT)
        assert isinstance(refusal, Refusal)
        assert (refusal.phase, refusal.reply.code) == (Phase.MAIL, 550)
        assert not connection.is_open
    assert server.heard.endswith(DOT_AND_ALL)


@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT, Phase.DATA])
@pytest.mark.parametrize(
    ("action", "reply"), [(Action.REPLY, "421 4.3.2 Going down"), (Action.DROP, "")]
)
def test_connection_that_ends_behind_the_verdict_leaves_the_verdict(
    recorder: StartRecorder, open_to: OpenTo, phase: Phase, action: Action, reply: str
) -> None:
    server = recorder(Rule(phase.value, action, reply=reply, every=2))
    connection = open_to(server)
    up_to_the_dot(connection)
    assert connection.finish(NEXT).code == 250
    with pytest.raises(SmtpTrouble) as caught:
        connection.begin(NEXT)
    assert caught.value.phase is phase
    assert not connection.is_open
    assert connection.lost_step is (action is Action.DROP)
    assert [mail.recipient for mail in server.received()] == ["c1@d.test"]


@pytest.mark.parametrize(
    "rule", [Rule("dot", Action.DROP), Rule("dot", Action.GARBAGE)], ids=["drop", "garbage"]
)
def test_connection_that_ends_before_the_verdict_leaves_one_unknown(
    recorder: StartRecorder, open_to: OpenTo, rule: Rule
) -> None:
    server = recorder(rule)
    connection = open_to(server)
    up_to_the_dot(connection)
    with pytest.raises(OutcomeUnknown):
        connection.finish(NEXT)
    assert not connection.is_open
    assert not connection.has_offer
    assert [mail.recipient for mail in server.received()] == ["c1@d.test"]


def test_server_that_closes_with_its_verdict_is_left(
    recorder: StartRecorder, open_to: OpenTo
) -> None:
    server = recorder(Rule("dot", reply="421 4.3.2 Going down"))
    connection = open_to(server)
    up_to_the_dot(connection)
    assert connection.finish(NEXT).code == 421
    assert not connection.is_open
    assert not connection.has_offer


@pytest.mark.parametrize(
    "answers",
    [
        b"250 m\r\n250 r\r\n354 go\r\n",
        b"250 m\r\n550 r\r\n554 d\r\n",
        b"250 taken\r\n250 r\r\n354 go\r\n",
        b"250 taken\r\n250 m\r\n250 r\r\n250 what\r\n",
        b"250 taken\r\n354 go\r\n250 m\r\n250 r\r\n",
        b"250 taken\r\nnonsense\r\n",
    ],
    ids=[
        "no-verdict",
        "no-verdict-and-refused",
        "no-answer-to-mail",
        "no-354",
        "out-of-order",
        "garbage",
    ],
)
def test_server_that_loses_its_step_makes_the_mail_unknown_and_gets_no_body(
    answers: bytes,
) -> None:
    with ScriptedServer(READY, (DOT_AND_ALL, answers)) as server:
        connection = open_scripted(server)
        up_to_the_dot(connection)
        with pytest.raises(OutcomeUnknown):
            connection.finish(NEXT)
        assert connection.lost_step
        assert not connection.is_open
    assert server.heard.endswith(DOT_AND_ALL)


def test_server_that_forgets_what_came_with_the_dot_is_left_for_its_silence() -> None:
    with ScriptedServer(READY, (DOT_AND_ALL, b"250 taken\r\n")) as server:
        connection = open_scripted(server)
        up_to_the_dot(connection)
        assert connection.finish(NEXT).code == 250
        with pytest.raises(SmtpTrouble) as caught:
            connection.begin(NEXT)
        assert caught.value.phase is Phase.MAIL
        assert connection.lost_step
        assert not connection.is_open


def test_answer_too_many_keeps_the_dot_back() -> None:
    many = b"250 taken\r\n250 m\r\n250 r\r\n354 go\r\n250 and more\r\n"
    with ScriptedServer(READY, (DOT_AND_ALL, many)) as server:
        connection = open_scripted(server)
        up_to_the_dot(connection)
        assert connection.finish(NEXT).code == 250

        def go_on() -> None:
            up_to_the_dot(connection, NEXT)
            connection.finish()

        with pytest.raises(SmtpTrouble):
            go_on()
        assert not connection.is_open
    assert not server.heard.endswith(b"\r\n.\r\n")


def test_mail_taken_along_can_be_left_without_being_accepted(
    recorder: StartRecorder, open_to: OpenTo
) -> None:
    server = recorder()
    connection = open_to(server)
    up_to_the_dot(connection)
    assert connection.finish(NEXT).code == 250
    connection.close()
    wait_until_closed(server)
    assert [mail.recipient for mail in server.received()] == ["c1@d.test"]


def test_nothing_but_the_mail_taken_along_may_follow(
    recorder: StartRecorder, open_to: OpenTo
) -> None:
    connection = open_to(recorder())
    up_to_the_dot(connection)
    connection.finish(NEXT)
    with pytest.raises(RuntimeError):
        connection.begin(FIRST)
