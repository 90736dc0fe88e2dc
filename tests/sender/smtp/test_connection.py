"""Mails over a connection, and how it is checked, closed and left."""

import time

import pytest

from dakiya_sender.smtp import (
    Ready,
)
from tests.recorder import Behaviour, Rule
from tests.recorder.plugin import StartRecorder

from .conftest import OpenTo
from .mails import MESSAGE, envelope, send, up_to_the_dot, wait_until_closed


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


def test_abort_keeps_the_server_from_accepting_the_mail(
    recorder: StartRecorder, open_to: OpenTo
) -> None:
    server = recorder()
    connection = open_to(server)
    up_to_the_dot(connection)

    connection.abort()

    events = wait_until_closed(server)
    unfinished = [event for event in events if event.name == "unfinished"]
    assert [event.message_id for event in unfinished] == ["<1@a.test>"]
    assert server.received() == []


def test_close_in_mid_mail_does_not_put_quit_into_the_body(
    recorder: StartRecorder, open_to: OpenTo
) -> None:
    server = recorder()
    connection = open_to(server)
    up_to_the_dot(connection)

    connection.close()

    events = wait_until_closed(server)
    (unfinished,) = [event for event in events if event.name == "unfinished"]
    assert unfinished.size_bytes == len(MESSAGE)


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

    events = wait_until_closed(server)
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
