import pytest

from dakiya_sender.smtp.reply import TEXT_LENGTH, Reply, ReplyGarbled, reply_of, split_line


def read(*lines: bytes) -> Reply:
    parts = [split_line(line) for line in lines]
    return reply_of(parts[0][0], [text for _, _, text in parts])


def test_reply_of_many_lines_is_joined_and_loses_its_repeated_status() -> None:
    reply = read(
        b"550-5.1.1 The email account that you tried to reach",
        b"550-5.1.1 does not exist. Please try",
        b"550 5.1.1 again.",
    )

    text = "The email account that you tried to reach does not exist. Please try again."
    assert reply == Reply(550, "5.1.1", text)
    assert str(reply) == f"550 5.1.1 {text}"


@pytest.mark.parametrize(
    ("line", "enhanced", "text"),
    [
        (b"250 2.0.0 Ok: queued as 4F1", "2.0.0", "Ok: queued as 4F1"),
        (b"250 Ok", None, "Ok"),
        (b"250", None, ""),
        (b"250 ", None, ""),
        (b"550 #5.1.0 Address rejected.", "5.1.0", "Address rejected."),
        (b"554 5.7.1: Rejected", "5.7.1", "Rejected"),
        (b"421 4.7.500 Server busy", "4.7.500", "Server busy"),
        (b"250 2.0 is our version", None, "2.0 is our version"),
        (b"250 2.0.0.1 is an address", None, "2.0.0.1 is an address"),
    ],
)
def test_enhanced_status_is_taken_out_of_the_text(
    line: bytes, enhanced: str | None, text: str
) -> None:
    reply = read(line)

    assert (reply.enhanced, reply.text) == (enhanced, text)


def test_text_is_bounded_and_printable() -> None:
    reply = read(b"550 \x1b[31mred\x07 \xe2\x80\xa8line\xc2\x85 \xff" + b"x" * 5000)

    assert reply.text.startswith("[31mred line \N{REPLACEMENT CHARACTER}xxx")
    assert len(reply.text) == TEXT_LENGTH
    assert reply.text.isprintable()


@pytest.mark.parametrize(
    "line", [b"", b"25", b"hello", b"2500 Ok", b"150 Ok", b"650 Ok", b"HTTP/1.1 400", b"250_Ok"]
)
def test_other_lines_are_garbage(line: bytes) -> None:
    with pytest.raises(ReplyGarbled):
        split_line(line)
