import smtplib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dakiya_sender.smtp.body import wire_form

PIECES = st.lists(st.sampled_from([b".", b"..", b"\r", b"\n", b"\r\n", b"a", b"\r\n.\r\n"]))


def unstuffed(wire: bytes) -> bytes:
    """Read the wire as RFC 5321 section 4.5.2 tells a server to."""
    lines = wire.split(b"\r\n")
    return b"\r\n".join(line.removeprefix(b".") for line in lines)


@given(PIECES.map(b"".join))
@example(b".")
@example(b"")
def test_wire_form_is_what_a_server_reads_back(message: bytes) -> None:
    wire = wire_form(message)

    normal = smtplib._fix_eols(message.decode()).encode()  # type: ignore[attr-defined]
    assert unstuffed(wire) in (normal, normal + b"\r\n")


@given(PIECES.map(b"".join))
def test_wire_form_never_ends_the_mail_early(message: bytes) -> None:
    wire = wire_form(message)

    assert b"\r\n.\r\n" not in b"\r\n" + wire
    assert wire == b"" or wire.endswith(b"\r\n")
    assert wire.count(b"\r\n") == wire.count(b"\r") == wire.count(b"\n")


def test_wire_form_adds_no_second_line_end_when_there_is_one() -> None:
    assert wire_form(b"text\r\n") == b"text\r\n"
    assert wire_form(b"text") == b"text\r\n"


def test_wire_form_refuses_nul() -> None:
    with pytest.raises(ValueError, match="NUL"):
        wire_form(b"Subject: a\0b\r\n\r\n")
