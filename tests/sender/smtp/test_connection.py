"""Mails over a connection, and every way in which one can go wrong."""

import time
from dataclasses import replace

import pytest

from dakiya_sender.smtp import (
    Connection,
    Envelope,
    OutcomeUnknown,
    Phase,
    Ready,
    Refusal,
    Reply,
    SmtpTrouble,
)
from tests.recorder import Action, Behaviour, Rule
from tests.recorder.plugin import StartRecorder

from .conftest import OpenTo

MESSAGE = b"Message-ID: <1@a.test>\r\nSubject: Diwali\r\n\r\nA mail.\r\n"


def envelope(recipient: str = "c@d.test") -> Envelope:
    return Envelope("a@b.test", recipient, len(MESSAGE))


def send(connection: Connection, recipient: str = "c@d.test", message: bytes = MESSAGE) -> Reply:
    assert isinstance(connection.begin(envelope(recipient)), Ready)
    connection.write_body(message)
    return connection.finish()


def test_mail_arrives_as_it_is_with_its_envelope(recorder: StartRecorder, open_to: OpenTo) -> None:
    server = recorder(keep_bodies=True)

    reply = send(open_to(server), "o'brien+tag=1%x{}!#$&*/?^_`|~-@d.test")

    assert (reply.code, reply.enhanced) == (250, "2.0.0")
    (mail,) = server.received()
    assert (mail.sender, mail.recipient) == ("a@b.test", "o'brien+tag=1%x{}!#$&*/?^_`|~-@d.test")
    assert mail.message_id == "<1@a.test>"
    assert server.body(mail) == MESSAGE


def test_hundred_mails_share_a_connection(recorder: StartRecorder, open_to: OpenTo) -> None:
    server = recorder()
    connection = open_to(server)

    for n in range(100):
        assert send(connection, f"c{n}@d.test").code == 250

    assert connection.mails_sent == 100
    received = server.received()
    assert [mail.recipient for mail in received] == [f"c{n}@d.test" for n in range(100)]
    assert len({mail.connection for mail in received}) == 1


@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT, Phase.DATA])
@pytest.mark.parametrize("words", ["450 4.2.0 Greylisted", "550 5.1.1 User unknown", "552 Full"])
def test_refusal_before_the_body_is_returned_and_the_next_mail_goes_out(
    recorder: StartRecorder, open_to: OpenTo, phase: Phase, words: str
) -> None:
    server = recorder(Rule(phase.value, reply=words, times=1))
    connection = open_to(server)

    refusal = connection.begin(envelope())

    assert isinstance(refusal, Refusal)
    assert (refusal.phase, str(refusal.reply), refusal.local) == (phase, words, False)
    assert connection.is_open
    assert send(connection).code == 250
    assert len(server.received()) == 1


def test_refusal_stands_when_the_server_hangs_up_behind_it(
    recorder: StartRecorder, open_to: OpenTo
) -> None:
    server = recorder(Rule("rcpt", Action.HANG_UP, reply="550 5.1.1 User unknown"))
    connection = open_to(server)

    refusal = connection.begin(envelope())

    assert isinstance(refusal, Refusal)
    assert refusal.reply.code == 550
    assert not connection.is_open


@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT, Phase.DATA])
@pytest.mark.parametrize(
    "misbehaviour",
    [
        Rule("", reply="421 4.4.2 Timeout"),
        Rule("", reply="250-one\r\n550 another"),
        Rule("", Action.DROP),
        Rule("", Action.SILENCE),
        Rule("", Action.DRIP, reply="250 a reply that takes its time", delay_s=0.05),
        Rule("", Action.GARBAGE),
    ],
    ids=lambda rule: f"{rule.action} {rule.reply[:3]}",
)
def test_server_that_fails_before_the_body_is_trouble_and_has_accepted_nothing(
    recorder: StartRecorder, open_to: OpenTo, phase: Phase, misbehaviour: Rule
) -> None:
    server = recorder(replace(misbehaviour, phase=phase.value))
    connection = open_to(server, reply_timeout_s=0.5)

    with pytest.raises(SmtpTrouble) as caught:
        connection.begin(envelope())

    assert caught.value.phase is phase
    assert not connection.is_open
    assert server.received() == []


@pytest.mark.parametrize(
    ("phase", "reply"),
    [(Phase.MAIL, "354 Go on"), (Phase.RCPT, "334 Go on"), (Phase.DATA, "250 Ok")],
)
def test_answer_of_the_wrong_class_never_lets_a_body_out(
    recorder: StartRecorder, open_to: OpenTo, phase: Phase, reply: str
) -> None:
    connection = open_to(recorder(Rule(phase.value, reply=reply)))

    with pytest.raises(SmtpTrouble) as caught:
        connection.begin(envelope())

    assert (caught.value.phase, str(caught.value.reply)) == (phase, reply)
    assert not connection.is_open


def test_abort_keeps_the_server_from_accepting_the_mail(
    recorder: StartRecorder, open_to: OpenTo
) -> None:
    server = recorder()
    connection = open_to(server)
    assert isinstance(connection.begin(envelope()), Ready)
    connection.write_body(MESSAGE)

    connection.abort()

    events = server.wait_for(lambda events: any(event.name == "closed" for event in events))
    unfinished = [event for event in events if event.name == "unfinished"]
    assert [event.message_id for event in unfinished] == ["<1@a.test>"]
    assert server.received() == []


def test_close_in_mid_mail_does_not_put_quit_into_the_body(
    recorder: StartRecorder, open_to: OpenTo
) -> None:
    server = recorder()
    connection = open_to(server)
    assert isinstance(connection.begin(envelope()), Ready)
    connection.write_body(MESSAGE)

    connection.close()

    events = server.wait_for(lambda events: any(event.name == "closed" for event in events))
    (unfinished,) = [event for event in events if event.name == "unfinished"]
    assert unfinished.size_bytes == len(MESSAGE)


def test_server_gone_before_the_dot_is_known_not_to_have_accepted(
    recorder: StartRecorder, open_to: OpenTo
) -> None:
    server = recorder()
    connection = open_to(server)
    assert isinstance(connection.begin(envelope()), Ready)
    connection.write_body(MESSAGE)
    server.stop()

    with pytest.raises(SmtpTrouble) as caught:
        connection.finish()

    assert caught.value.phase is Phase.DOT
    assert connection.mails_sent == 0
    assert server.received() == []


def test_server_that_drops_during_the_body_has_not_accepted(
    recorder: StartRecorder, open_to: OpenTo
) -> None:
    server = recorder(Rule("body", Action.DROP))
    connection = open_to(server)
    assert isinstance(connection.begin(envelope()), Ready)

    with pytest.raises(SmtpTrouble) as caught:
        connection.write_body(MESSAGE * 100_000)

    assert caught.value.phase is Phase.BODY
    assert server.received() == []


def test_server_that_stops_reading_the_body_is_left(
    recorder: StartRecorder, open_to: OpenTo
) -> None:
    server = recorder()
    connection = open_to(server, reply_timeout_s=0.5)
    assert isinstance(connection.begin(envelope()), Ready)
    server.pause()

    with pytest.raises(SmtpTrouble) as caught:
        # More than both kernels hold, less than would make the time long.
        connection.write_body(b"x" * 70 + b"\r\n" + b"y" * 12_000_000)

    assert caught.value.phase is Phase.BODY


def test_words_of_a_server_that_breaks_off_the_body_are_kept(
    recorder: StartRecorder, open_to: OpenTo
) -> None:
    server = recorder(Rule("body", Action.HANG_UP, reply="552 5.3.4 Too big for us"))
    connection = open_to(server)
    assert isinstance(connection.begin(envelope()), Ready)

    def write_and_finish() -> None:
        connection.write_body(MESSAGE)
        server.wait_for(lambda events: any(event.name == "closed" for event in events))
        connection.finish()

    with pytest.raises(SmtpTrouble) as caught:
        write_and_finish()

    assert caught.value.phase in (Phase.BODY, Phase.DOT)
    assert str(caught.value.reply) == "552 5.3.4 Too big for us"
    assert server.received() == []


@pytest.mark.parametrize("words", ["451 4.3.0 Later", "550 5.7.1 Spam", "421 4.3.2 Going down"])
def test_refusal_of_the_body_is_returned(
    recorder: StartRecorder, open_to: OpenTo, words: str
) -> None:
    server = recorder(Rule("dot", reply=words, times=1))
    connection = open_to(server)

    assert str(send(connection)) == words

    assert server.received() == []
    assert connection.is_open is not words.startswith("421")
    if connection.is_open:
        assert send(connection).code == 250


@pytest.mark.parametrize(
    "rule",
    [
        Rule("dot", Action.DROP),
        Rule("dot", Action.SILENCE),
        Rule("dot", Action.DRIP, reply="250 a reply that takes its time", delay_s=0.05),
        Rule("dot", Action.GARBAGE),
        Rule("dot", reply="354 Go on", received=True),
        Rule("dot", reply="250-one\r\n550 another"),
    ],
    ids=lambda rule: f"{rule.action} {rule.reply[:3]}",
)
def test_outcome_is_unknown_when_the_dot_gets_no_usable_reply(
    recorder: StartRecorder, open_to: OpenTo, rule: Rule
) -> None:
    server = recorder(rule)
    connection = open_to(server, dot_timeout_s=0.5)

    with pytest.raises(OutcomeUnknown):
        send(connection)

    assert not connection.is_open
    assert len(server.received()) == 1


def test_slow_verdict_is_waited_for_beyond_the_time_of_other_replies(
    recorder: StartRecorder, open_to: OpenTo
) -> None:
    server = recorder(Rule("dot", delay_s=0.6))

    assert send(open_to(server, reply_timeout_s=0.3)).code == 250


def test_mail_that_is_too_large_is_refused_without_asking(
    recorder: StartRecorder, open_to: OpenTo
) -> None:
    server = recorder(behaviour=Behaviour(size_bytes=1000, commands=True))
    connection = open_to(server)

    refusal = connection.begin(Envelope("a@b.test", "c@d.test", 1001))

    assert isinstance(refusal, Refusal)
    assert (refusal.local, refusal.reply.code, refusal.reply.enhanced) == (True, 552, "5.3.4")
    assert isinstance(connection.begin(Envelope("a@b.test", "c@d.test", 1000)), Ready)
    said = [event.detail for event in server.events("command")]
    assert said == [
        "EHLO sender.test",
        "MAIL FROM:<a@b.test> SIZE=1000",
        "RCPT TO:<c@d.test>",
        "DATA",
    ]


@pytest.mark.parametrize("extension", ["SIZE", "SIZE 0", "SIZE many"])
def test_size_without_a_limit_refuses_nothing(
    recorder: StartRecorder, open_to: OpenTo, extension: str
) -> None:
    server = recorder(behaviour=Behaviour(extensions=(extension,), size_bytes=None))
    connection = open_to(server)

    assert connection.max_size_bytes is None
    assert isinstance(connection.begin(Envelope("a@b.test", "c@d.test", 10**9)), Ready)


@pytest.mark.parametrize(
    "address",
    [
        '"b\r\nRCPT TO:<evil@z.test>"@y.test',
        "c@d.test>\r\nRCPT TO:<evil@z.test",
        "c@d.test\r\nDATA",
        "c@d.test\n",
        "c@d.test\0",
        "c@d.test> NOTIFY=NEVER",
        "<c@d.test>",
        "C <c@d.test>",
        "c d@e.test",
        '"c d"@e.test',
        "c\u2028@d.test",
        "c\x85@d.test",
        "चिट्ठी@d.test",
        "c@d.test,evil@z.test,x@",
        "@relay.test:c@d.test",
        "c",
        "@d.test",
        "c@",
        "",
        "c" * 320 + "@d.test",
    ],
)
def test_address_that_would_have_to_be_rewritten_is_never_told(
    recorder: StartRecorder, open_to: OpenTo, address: str
) -> None:
    server = recorder(behaviour=Behaviour(commands=True))
    connection = open_to(server)

    as_recipient = connection.begin(envelope(address))
    as_sender = connection.begin(Envelope(address, "c@d.test", 1))

    assert isinstance(as_recipient, Refusal)
    assert isinstance(as_sender, Refusal)
    assert (as_recipient.phase, as_recipient.local) == (Phase.RCPT, True)
    assert (as_sender.phase, as_sender.local) == (Phase.MAIL, True)
    assert connection.check()
    assert [event.detail for event in server.events("command")] == ["EHLO sender.test", "NOOP"]


@pytest.mark.parametrize(
    ("message", "read"),
    [
        (b"A: b\r\n\r\n.\r\n..\r\n.x\r\n", b"A: b\r\n\r\n.\r\n..\r\n.x\r\n"),
        (b"A: b\n\n.\n", b"A: b\r\n\r\n.\r\n"),
        (b"A: b\r\rno end", b"A: b\r\n\r\nno end\r\n"),
        (b".", b".\r\n"),
        (b"", b""),
        (
            b"A: b\n\nx\n.\r\nMAIL FROM:<evil@z.test>\r\n",
            b"A: b\r\n\r\nx\r\n.\r\nMAIL FROM:<evil@z.test>\r\n",
        ),
    ],
)
def test_body_is_one_mail_whatever_its_lines_and_dots(
    recorder: StartRecorder, open_to: OpenTo, message: bytes, read: bytes
) -> None:
    server = recorder(keep_bodies=True)
    connection = open_to(server)

    send(connection, message=message)
    send(connection)

    first, second = server.received()
    assert server.body(first) == read
    assert server.body(second) == MESSAGE
    assert not first.bare_breaks


def test_nul_is_refused_before_a_byte_of_the_body_is_written(
    recorder: StartRecorder, open_to: OpenTo
) -> None:
    server = recorder()
    connection = open_to(server)
    assert isinstance(connection.begin(envelope()), Ready)

    with pytest.raises(ValueError, match="NUL"):
        connection.write_body(MESSAGE + b"\0")
    connection.abort()

    events = server.wait_for(lambda events: any(event.name == "closed" for event in events))
    assert [e.size_bytes for e in events if e.name == "unfinished"] == [0]


def test_check_notices_a_server_that_left(recorder: StartRecorder, open_to: OpenTo) -> None:
    server = recorder()
    connection = open_to(server)
    assert connection.check()
    server.stop()

    assert not connection.check()
    assert not connection.is_open


def test_check_notices_a_server_that_refuses(recorder: StartRecorder, open_to: OpenTo) -> None:
    connection = open_to(recorder(Rule("noop", reply="421 4.4.2 Idle for too long")))

    assert not connection.check()


def test_idle_time_starts_again_with_every_mail(recorder: StartRecorder, open_to: OpenTo) -> None:
    connection = open_to(recorder())
    opened_since = connection.idle_since

    send(connection)

    assert connection.idle_since > opened_since
    assert connection.idle_s >= 0


def test_close_is_polite(recorder: StartRecorder, open_to: OpenTo) -> None:
    server = recorder(behaviour=Behaviour(commands=True))

    open_to(server).close()

    assert [event.detail for event in server.events("command")][-1] == "QUIT"


def test_close_does_not_wait_for_a_silent_server(recorder: StartRecorder, open_to: OpenTo) -> None:
    server = recorder()
    connection = open_to(server, reply_timeout_s=600)
    server.pause()
    started = time.monotonic()

    connection.close()

    assert time.monotonic() - started < 60
    assert not connection.is_open


def test_steps_out_of_order_are_a_mistake_of_ours(recorder: StartRecorder, open_to: OpenTo) -> None:
    connection = open_to(recorder())

    with pytest.raises(RuntimeError):
        connection.finish()
    assert isinstance(connection.begin(envelope()), Ready)
    with pytest.raises(RuntimeError):
        connection.finish()
    connection.write_body(MESSAGE)
    with pytest.raises(RuntimeError):
        connection.begin(envelope())
    assert connection.finish().code == 250
