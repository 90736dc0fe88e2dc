"""Servers that fail in mid-mail: before the dot nothing was accepted, after it nobody knows."""

from dataclasses import replace

import pytest

from dakiya_sender.smtp import (
    OutcomeUnknown,
    Phase,
    Ready,
    SmtpTrouble,
)
from tests.recorder import Action, Rule
from tests.recorder.plugin import StartRecorder

from .conftest import OpenTo
from .mails import MESSAGE, envelope, send, up_to_the_dot, wait_until_closed


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


def test_server_gone_before_the_dot_is_known_not_to_have_accepted(
    recorder: StartRecorder, open_to: OpenTo
) -> None:
    server = recorder()
    connection = open_to(server)
    up_to_the_dot(connection)
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
        wait_until_closed(server)
        connection.finish()

    with pytest.raises(SmtpTrouble) as caught:
        write_and_finish()

    assert caught.value.phase in (Phase.BODY, Phase.DOT)
    assert str(caught.value.reply) == "552 5.3.4 Too big for us"
    assert server.received() == []


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
