"""One connection to the recording server: reading commands and mails."""

import asyncio
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from .behaviour import Conduct
from .journal import Event, Journal
from .login import Login
from .speaker import Speaker, is_quiet

_PATH = re.compile(r"(?:MAIL FROM|RCPT TO):<([^<>]*)>(?: (.*))?", re.IGNORECASE)
_SIZE = re.compile(r"\bSIZE=(\d+)", re.IGNORECASE)
_MESSAGE_ID = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(slots=True)
class House:
    """What all sessions of one server share; `run` keeps their ids apart over restarts."""

    conduct: Conduct
    journal: Journal
    tls_context: ssl.SSLContext | None
    run: str
    sessions: set["Session"] = field(default_factory=set)
    opened: int = 0


class Session(Speaker):
    """The dialogue of RFC 5321, strict: only CRLF ends a line, only CRLF . CRLF a mail."""

    def __init__(self, house: House) -> None:
        house.opened += 1
        super().__init__(f"{house.run}.{house.opened}", house.conduct, house.journal)
        self._house = house
        self._buffer = bytearray()
        self._reading = False
        self._next_line: Callable[[str], None] | None = None
        self._in_body = False
        self._body_judged = False
        self._searched = 0
        self._logged_in = False
        self._mails = 0
        self._parameters = ""
        self._upgrade: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, unless there are too many."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.encrypted = transport.get_extra_info("ssl_object") is not None
        self._house.sessions.add(self)
        self.record("opened")
        limit = self.conduct.behaviour.max_connections
        if limit is not None and len(self._house.sessions) > limit:
            self.answer("connect", "421 4.7.0 Too many connections, try again later")
        else:
            self.answer("connect", "220 recorder.test ESMTP")

    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        self._buffer += data
        self.read_on()

    def connection_lost(self, exc: Exception | None) -> None:
        """Journal how it ended."""
        self._house.sessions.discard(self)
        if self._in_body:
            self.journal.record(self._mail_event("unfinished", bytes(self._buffer)))
        self.record("closed")

    def read_on(self) -> None:
        """Read until something is missing or an answer is being prepared."""
        if self._reading:
            return
        self._reading = True
        while not self.waiting and not self.transport.is_closing():
            if not (self._read_body() if self._in_body else self._read_line()):
                break
        self._reading = False

    def _read_line(self) -> bool:
        end = self._buffer.find(b"\r\n")
        if end < 0:
            return False
        line = self._buffer[:end].decode("utf-8", "replace")
        del self._buffer[: end + 2]
        if self.conduct.behaviour.commands:
            self.record("command", detail=line)
        if self._next_line is not None:
            take, self._next_line = self._next_line, None
            take(line)
            return True
        command = _COMMANDS.get(line.partition(" ")[0].upper())
        if command is None:
            self.answer("other", "502 5.5.2 Command not recognised")
        else:
            command(self, line)
        return True

    def _read_body(self) -> bool:
        if not self._buffer:
            return False
        if not self._body_judged:
            self._body_judged = True
            rule = self.rule("body")
            if rule is not None:
                self.perform("body", rule.reply, rule)
                return True
        if self._buffer.startswith(b".\r\n"):
            body_end, end = 0, 3
        else:
            found = self._buffer.find(b"\r\n.\r\n", max(0, self._searched - 4))
            if found < 0:
                self._searched = len(self._buffer)
                return False
            body_end, end = found + 2, found + 5
        body = bytes(self._buffer[:body_end])
        del self._buffer[:end]
        self._end_of_mail(body)
        return True

    def hello(self, line: str) -> None:
        self._forget_mail()
        behaviour = self.conduct.behaviour
        if line[:4].upper() == "HELO":
            self.answer("ehlo", "250 recorder.test")
            return
        if not behaviour.ehlo:
            self.answer("ehlo", "502 5.5.1 EHLO not implemented")
            return
        lines = ["recorder.test", *behaviour.extensions]
        if behaviour.size_bytes is not None:
            lines.append(f"SIZE {behaviour.size_bytes}")
        if behaviour.starttls and not self.encrypted:
            lines.append("STARTTLS")
        if behaviour.users:
            lines.append("AUTH " + " ".join(behaviour.mechanisms))
        *first, last = lines
        self.answer("ehlo", "".join(f"250-{each}\r\n" for each in first) + f"250 {last}")

    def start_tls(self, line: str) -> None:
        context = self._house.tls_context
        if context is None or self.encrypted or not self.conduct.behaviour.starttls:
            self.answer("tls", "502 5.5.1 Not here")
        elif self.answer("tls", "220 2.0.0 Go ahead") and not self.transport.is_closing():
            self.waiting = True
            self._upgrade = asyncio.get_running_loop().create_task(self._encrypt(context))

    async def _encrypt(self, context: ssl.SSLContext) -> None:
        loop = asyncio.get_running_loop()
        self._buffer.clear()
        try:
            encrypted = await loop.start_tls(self.transport, self, context, server_side=True)
        except OSError as error:
            self.record("refused", phase="tls", detail=str(error))
            return
        if encrypted is not None:
            self.transport = encrypted
            self.encrypted = True
            self.waiting = False
            self.read_on()

    def auth(self, line: str) -> None:
        behaviour = self.conduct.behaviour
        login = Login(behaviour.users, behaviour.mechanisms)
        self._go_on_with(login, login.start(line))

    def _go_on_with(self, login: Login, reply: str) -> None:
        if reply.startswith("334"):
            self._next_line = lambda line: self._go_on_with(login, login.go_on(line))
            self.perform("challenge", reply, None)
            return
        self.record("login", detail=login.user)
        self._logged_in = self.answer("auth", reply) and login.succeeded

    def mail(self, line: str) -> None:
        behaviour = self.conduct.behaviour
        match = _PATH.fullmatch(line)
        limit = behaviour.mails_per_connection
        self._parameters = (match[2] or "").upper() if match else ""
        size = _SIZE.search(self._parameters)
        reply = "250 2.1.0 Ok"
        if behaviour.users and not self._logged_in:
            reply = "530 5.7.0 Authentication required"
        elif self.sender is not None:
            reply = "503 5.5.1 Nested MAIL command"
        elif match is None:
            reply = "501 5.5.4 Syntax error in MAIL"
        elif limit is not None and self._mails >= limit:
            reply = "421 4.7.0 Too many mails on this connection"
        elif not self._offered(self._parameters) or self._is_beyond_ascii(match[1]):
            reply = "555 5.5.4 Parameters that were not offered, or that are missing"
        elif size and behaviour.size_bytes and int(size[1]) > behaviour.size_bytes:
            reply = "552 5.3.4 Message size exceeds fixed limit"
        self.sender = match[1] if match else None
        if not self.answer("mail", reply):
            self.sender = None

    def _offered(self, parameters: str) -> bool:
        """Whether all parameters belong to extensions that were offered."""
        extensions = self.conduct.behaviour.extensions
        return all(
            word.startswith("SIZE=")
            or (word == "BODY=8BITMIME" and "8BITMIME" in extensions)
            or (word == "SMTPUTF8" and "SMTPUTF8" in extensions)
            for word in parameters.split()
        )

    def _is_beyond_ascii(self, address: str) -> bool:
        """Whether an address has letters that only SMTPUTF8 allows, and it was not asked for."""
        return not address.isascii() and "SMTPUTF8" not in self._parameters

    def rcpt(self, line: str) -> None:
        match = _PATH.fullmatch(line)
        if self.sender is None or match is None:
            words = "503 5.5.1 MAIL first" if match else "501 5.1.3 Bad recipient address syntax"
            self.answer("rcpt", words)
            return
        self.recipient = match[1]
        beyond = self._is_beyond_ascii(match[1])
        reply = "553 5.6.7 Letters beyond ASCII without SMTPUTF8" if beyond else "250 2.1.5 Ok"
        if not self.answer("rcpt", reply):
            self.recipient = ""

    def data(self, line: str) -> None:
        if not self.recipient:
            self.answer("data", "554 5.5.1 No valid recipients")
        elif self.answer("data", "354 End data with <CR><LF>.<CR><LF>"):
            self._in_body, self._body_judged, self._searched = True, False, 0

    def reset(self, line: str) -> None:
        self._forget_mail()
        self.answer("rset", "250 2.0.0 Ok")

    def noop(self, line: str) -> None:
        self.answer("noop", "250 2.0.0 Ok")

    def quit(self, line: str) -> None:
        self.answer("quit", "221 2.0.0 Bye")
        self.transport.close()

    def _end_of_mail(self, body: bytes) -> None:
        self._in_body = False
        self._mails += 1
        rule = self.rule("dot")
        reply = f"250 2.0.0 Ok: queued as {self.connection}.{self._mails}"
        limit = self.conduct.behaviour.size_bytes
        if limit and len(body) > limit:
            reply = "552 5.3.4 Message size exceeds fixed limit"
        if not body.isascii() and not {"BODY=8BITMIME", "SMTPUTF8"} & {*self._parameters.split()}:
            reply = "554 5.6.1 Eight-bit octets without BODY=8BITMIME"
        if rule is not None and rule.reply:
            reply = rule.reply
        received = reply.startswith("2") or (is_quiet(rule) and reply[0] not in "45")
        if rule is not None and rule.received is not None:
            received = rule.received
        event = self._mail_event("received" if received else "refused", body, reply=reply)
        self._forget_mail()

        def answer() -> None:
            self.perform("dot", reply, rule)
            self.read_on()

        self.waiting = True
        self.journal.record(event, answer)

    def _mail_event(self, name: str, body: bytes, *, reply: str = "") -> Event:
        header = body[: body.find(b"\r\n\r\n") + 2]
        match = _MESSAGE_ID.search(header)
        return Event(
            name,
            self.connection,
            phase="dot" if reply else "body",
            reply=reply,
            sender=self.sender or "",
            recipient=self.recipient,
            message_id=match[1].decode("utf-8", "replace") if match else "",
            size_bytes=len(body),
            body_at=self.journal.keep_body(body) if name == "received" else -1,
            bare_breaks=not body.count(b"\r\n") == body.count(b"\r") == body.count(b"\n"),
            encrypted=self.encrypted,
        )

    def _forget_mail(self) -> None:
        self.sender, self.recipient = None, ""


_COMMANDS: dict[str, Callable[[Session, str], None]] = {
    "HELO": Session.hello,
    "EHLO": Session.hello,
    "STARTTLS": Session.start_tls,
    "AUTH": Session.auth,
    "MAIL": Session.mail,
    "RCPT": Session.rcpt,
    "DATA": Session.data,
    "RSET": Session.reset,
    "NOOP": Session.noop,
    "QUIT": Session.quit,
}
