"""Mails that the server refuses, and those that it is not even asked about."""

import pytest

from dakiya_sender.smtp import (
    Envelope,
    Phase,
    Ready,
    Refusal,
)
from tests.recorder import Action, Behaviour, Rule
from tests.recorder.plugin import StartRecorder

from .conftest import OpenTo
from .mails import envelope, send


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
