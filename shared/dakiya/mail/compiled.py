"""A campaign's mail, compiled once per content version and filled once per recipient.

Building an EmailMessage per recipient takes 1.5 ms. Here all that the recipients share is encoded
beforehand: filling a mail of 6 KB and 5 fields takes 0.04 ms when its HTML has line breaks,
0.10 ms when it is one line. Tests prove with the standard library's parser what the bytes mean.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from typing import Final

from dakiya.mail.bodies import Body, MessageError, compile_body
from dakiya.mail.headers import mailbox_header, text_header
from dakiya.mail.languages import DEFAULT_LANGUAGE, mail_language
from dakiya.mail.merge import Escape, Template, parse
from dakiya.mail.parts import complete_parts
from dakiya.mail.template import settle

__all__ = [
    "Addressee",
    "CompiledMessage",
    "Content",
    "MessageError",
    "Sender",
    "compile_message",
]

_TEXT_ALONE: Final = b"Content-Type: text/plain; charset=utf-8\r\n"
# The names that Gmail's Feedback-ID expects: three of the sender's choice and a constant one.
_FEEDBACK_SENDER: Final = "dakiya"

_ADDRESS = re.compile(r"[!-;=?A-~]+@[!-;=?A-~]+")
# With letters of any script before the @ (RFC 6531 3.3); the domain stands in its ASCII form.
_ANY_ADDRESS = re.compile(r"[!-;=?A-~\u00a0-\U0010ffff]+@[!-;=?A-~]+")
_URI = re.compile(r"[a-z]+:[!-;=?-~]+")
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>")
_LIST_ID = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")

_CRLF: Final = "\r\n"
_MAX_URI_CHARS: Final = 900  # leaves room for the header's name in a line of 998


@dataclass(frozen=True, slots=True)
class Content:
    """One immutable version of what a campaign says.

    `html` None: a mail of plain text alone. `text` None or blank: written from the HTML. `list_id`
    is an ASCII dotted name, without brackets (RFC 2919). `is_test`: marked as such, in the subject
    and with a header.
    """

    subject: str
    html: str | None
    text: str | None
    list_id: str
    campaign_id: int
    workspace_id: int
    reply_to: str | None = None
    preheader: str = ""
    postal_address: str = ""
    language: str = DEFAULT_LANGUAGE
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the mail comes from; `from_email` is the `envelope` of a parsed address."""

    from_email: str
    from_name: str = ""


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom the mail goes to: `Address.envelope`, and merge values by normalised field name."""

    envelope: str
    name: str | None
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CompiledMessage:
    """Everything about a mail but its recipient; immutable, so threads may share it.

    `bodies` are the encoded parts, each behind the bytes that begin it; a mail of one part has no
    boundary.
    """

    subject: Template
    bodies: tuple[tuple[bytes, Body], ...]
    top: bytes
    bottom: bytes
    end: bytes
    boundary: bytes

    def fill(
        self,
        to: Addressee,
        *,
        message_id: str,
        date: datetime,
        unsubscribe_url: str,
        unsubscribe_mailto: str | None,
        eight_bit: bool = False,
    ) -> bytes:
        """Build one recipient's mail: CRLF only, not dot-stuffed.

        It is 7-bit, but for an address with other letters than ASCII's (which only a server with
        SMTPUTF8 takes), and for its bodies where they may be `eight_bit` (for one with 8BITMIME).

        `message_id` has its angle brackets, `date` its zone; `unsubscribe_mailto` is an address
        or a mailto: URI. The fields `email` and `unsubscribe_url` are always ours, `name` is
        `to.name` if it has one. Raises MessageError or TemplateError: this mail alone is bad.
        """
        if not _ANY_ADDRESS.fullmatch(to.envelope):
            raise MessageError("the recipient's address is not a plain address")
        if not _MESSAGE_ID.fullmatch(message_id):
            raise MessageError("the Message-ID is not well-formed")
        if date.tzinfo is None:
            raise ValueError("the date has no zone")
        values = {**to.values, "email": to.envelope, "unsubscribe_url": unsubscribe_url}
        if to.name:
            values["name"] = to.name
        bodies = [body.fill(values, eight_bit=eight_bit) for _, body in self.bodies]
        if eight_bit and self.boundary and any(self.boundary in body for body in bodies):
            bodies = [body.fill(values) for _, body in self.bodies]
        return b"".join(
            (
                self.top,
                mailbox_header("To", to.name or "", to.envelope),
                text_header("Subject", self.subject.render(values, Escape.HEADER)),
                f"Date: {format_datetime(date)}\r\n"
                f"Message-ID: {message_id}\r\n"
                f"X-Dakiya-Message-ID: {message_id}\r\n".encode("ascii"),
                _list_unsubscribe(unsubscribe_url, unsubscribe_mailto),
                self.bottom,
                *(
                    piece
                    for (begin, _), body in zip(self.bodies, bodies, strict=True)
                    for piece in (begin, body)
                ),
                self.end,
            )
        )


def compile_message(content: Content, sender: Sender) -> CompiledMessage:
    """Compile a content version, with its preheader and its footer (dakiya.mail.parts).

    Raises TemplateError for a template, MessageError for text that cannot be encoded and for an
    address or a List-ID that cannot stand in a header.
    """
    for address in (sender.from_email, content.reply_to):
        if address is not None and not _ADDRESS.fullmatch(address):
            raise MessageError("the From or Reply-To address is not a plain ASCII address")
    if not _LIST_ID.fullmatch(content.list_id):
        raise MessageError("the List-ID is not a dotted name in ASCII")
    parts = complete_parts(
        content.html,
        content.text,
        preheader=content.preheader,
        postal_address=content.postal_address,
        language=content.language,
    )
    text = compile_body(parts.text if parts.html else _unended(parts.text), Escape.TEXT)
    html = compile_body(parts.html, Escape.HTML) if parts.html is not None else None
    # "=_" occurs neither in quoted-printable nor in base64 (RFC 2045 6.7).
    digest = hashlib.sha256(f"{content.campaign_id} {content.list_id}".encode("ascii")).hexdigest()
    boundary = f"=_{digest[:24]}"
    feedback = (content.campaign_id, content.workspace_id, "campaign", _FEEDBACK_SENDER)
    test = mail_language(content.language).test
    top = mailbox_header("From", sender.from_name, sender.from_email)
    if content.is_test:
        top += b"X-Dakiya-Test: yes\r\n"
    if content.reply_to is not None:
        top += mailbox_header("Reply-To", "", content.reply_to)
    bodies: tuple[tuple[bytes, Body], ...]
    if html is None:
        mime, bodies, end = b"", ((_TEXT_ALONE, text),), b""
    else:
        mime = f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'.encode(
            "ascii"
        )
        bodies = ((_part_start(boundary, "plain"), text), (_part_start(boundary, "html"), html))
        end = f"--{boundary}--\r\n".encode("ascii")
    return CompiledMessage(
        subject=settle(
            parse(f"[{test}] {content.subject}" if content.is_test else content.subject),
            {"postal_address": content.postal_address},
            Escape.HEADER,
        ),
        bodies=bodies,
        top=top,
        bottom=(
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
            f"List-ID: <{content.list_id}>\r\n"
            f"Feedback-ID: {':'.join(map(str, feedback))}\r\n"
            "MIME-Version: 1.0\r\n"
        ).encode("ascii")
        + mime,
        end=end,
        boundary=b"" if html is None else boundary.encode("ascii"),
    )


def _unended(template: Template) -> Template:
    """Leave out a last line end: a body alone has one anyway, that of the boundary elsewhere."""
    *others, last = template.nodes or ("",)
    if isinstance(last, str):
        last = last.removesuffix("\n").removesuffix("\r")
    return replace(template, nodes=(*others, last))


def _part_start(boundary: str, subtype: str) -> bytes:
    return f"--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\n".encode("ascii")


def _list_unsubscribe(url: str, mailto: str | None) -> bytes:
    """Build List-Unsubscribe (RFC 2369 3.2), one URI per line."""
    uris = [url]
    if mailto is not None:
        uris.append(mailto if mailto.startswith("mailto:") else f"mailto:{mailto}")
    if not all(_URI.fullmatch(uri) and len(uri) <= _MAX_URI_CHARS for uri in uris):
        raise MessageError("the unsubscribe link is not a well-formed URI")
    return f"List-Unsubscribe: {f',{_CRLF} '.join(f'<{uri}>' for uri in uris)}\r\n".encode("ascii")
