"""A mail compiled and filled, and read again with the standard library."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import compat32
from email.policy import default as modern
from email.utils import parseaddr

from hypothesis import strategies as st

from dakiya.mail.compiled import (
    Addressee,
    CompiledMessage,
    Content,
    Sender,
    compile_message,
)

URL = "https://mail.example.com/u/12.34.abcdefghijklmnopqrstuvwxyz"
MAILTO = "unsubscribe+12.34@example.com"
MESSAGE_ID = "<12.34.tag@mail.example.com>"
SENT_AT = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)
LINK = "{{ unsubscribe_url }}"

# Every script, emoji, right to left and control characters; no braces (they are the merge
# language's), no NUL and no half characters (both are refused).
PROSE = st.text(st.characters(codec="utf-8", exclude_characters="{}\0"), max_size=300)
LONG_PROSE = st.builds(lambda text, times: text * times, PROSE, st.integers(1, 20))


def compiled(
    *,
    subject: str = "Diwali",
    html: str | None = f"<p>Hello</p><a href='{LINK}'>stop</a>",
    text: str | None = f"Hello {LINK}",
    reply_to: str | None = None,
    from_name: str = "",
    list_id: str = "c12.w5.example.com",
    preheader: str = "",
    postal_address: str = "",
    language: str = "en",
    is_test: bool = False,
) -> CompiledMessage:
    content = Content(
        subject=subject,
        html=html,
        text=text,
        list_id=list_id,
        campaign_id=12,
        workspace_id=5,
        reply_to=reply_to,
        preheader=preheader,
        postal_address=postal_address,
        language=language,
        is_test=is_test,
    )
    return compile_message(content, Sender("shop@example.com", from_name))


def filled(
    message: CompiledMessage,
    *,
    name: str | None = None,
    values: Mapping[str, str] | None = None,
    envelope: str = "ravi@example.com",
    message_id: str = MESSAGE_ID,
    date: datetime = SENT_AT,
    unsubscribe_url: str = URL,
    unsubscribe_mailto: str | None = MAILTO,
    eight_bit: bool = False,
) -> bytes:
    return message.fill(
        Addressee(envelope, name, values or {}),
        message_id=message_id,
        date=date,
        unsubscribe_url=unsubscribe_url,
        unsubscribe_mailto=unsubscribe_mailto,
        eight_bit=eight_bit,
    )


def read(mail: bytes, *, eight_bit: bool = False) -> EmailMessage:
    """Parse a mail, after checking what must hold for every one of them."""
    head, _, _ = mail.partition(b"\r\n\r\n")
    (head if eight_bit else mail).decode("ascii")
    assert b"\0" not in mail
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", mail)
    assert mail.endswith(b"\r\n")
    # The unsubscribe link is one word: it cannot be folded.
    assert all(
        len(line) <= (998 if eight_bit else 78) or line.startswith(b"List-Unsubscribe: ")
        for line in mail.split(b"\r\n")
    )
    message = BytesParser(policy=modern).parsebytes(mail)
    assert message.defects == []
    assert all(part.defects == [] for part in message.iter_parts())
    return message


def part(message: EmailMessage, subtype: str) -> str:
    body = message.get_body((subtype,))
    assert body is not None
    assert body.get_content_charset() == "utf-8"
    payload = body.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode("utf-8")


def crlf(text: str) -> str:
    return re.sub(r"\r\n|\r|\n", "\r\n", text)


def mailbox(mail: bytes, header: str) -> tuple[str, str]:
    """Read a display name and an address with the older parser.

    The newer one leaves blanks between the encoded words of a display name before CPython 3.11.10
    and 3.12.5.
    """
    raw = BytesParser(policy=compat32).parsebytes(mail)[header]
    name, address = parseaddr(raw.replace("\r\n", ""))
    return str(make_header(decode_header(name))), address
