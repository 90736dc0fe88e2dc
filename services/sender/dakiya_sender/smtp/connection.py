"""A connection to one SMTP server, with a DATA step of our own.

Sending a mail is `begin`, `write_body`, `finish`. Until `finish` nothing has been accepted
and the caller may still change its mind with `abort`; the caller commits its intent between
`write_body` and `finish`.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum

from .body import wire_form
from .envelope import Envelope, Ready, Refusal, refuse_locally
from .opening import StepListener, open_wire
from .reply import Reply
from .server import Server
from .trouble import OutcomeUnknown, Phase, SmtpTrouble, plain_words
from .wire import Wire

QUIT_TIMEOUT_S = 2.0
NOOP_TIMEOUT_S = 10.0
# Slower than this and a body is given up: what a server may hold us for has a bound.
SLOWEST_BODY_BYTES_PER_S = 16_384

_SERVICE_CLOSING = 421


class _Stage(StrEnum):
    IDLE = "idle"  # between two mails
    BODY = "body"  # the server has said 354
    DOT = "dot"  # the body is written, the dot is not
    CLOSED = "closed"


class Connection:
    """An open connection; used by one thread at a time.

    `idle_since` is a monotonic time, since wall clocks step. `mails_sent` counts final
    dots, which is what servers count against their mails per connection.
    """

    def __init__(self, server: Server, wire: Wire) -> None:
        self._server = server
        self._wire = wire
        self._stage = _Stage.IDLE
        self.extensions: Mapping[str, str] = dict(wire.esmtp_features)
        self.max_size_bytes = _size_limit(self.extensions)
        self.mails_sent = 0
        self.opened_since = self.idle_since = time.monotonic()

    @classmethod
    def open(cls, server: Server, *, on_step: StepListener | None = None) -> "Connection":
        """Connect, greet, encrypt and log in; `opening.open_wire` has the rules.

        Raises SmtpTrouble.
        """
        return cls(server, open_wire(server, on_step))

    @property
    def is_open(self) -> bool:
        """Say whether another mail can be tried on this connection."""
        return self._stage is not _Stage.CLOSED

    @property
    def idle_s(self) -> float:
        """Return for how long the server has not heard from us."""
        return time.monotonic() - self.idle_since

    def begin(self, envelope: Envelope) -> Ready | Refusal:
        """Open a transaction: MAIL, RCPT, DATA.

        A 4xx or 5xx is returned and the transaction reset; look at `is_open` afterwards,
        a server may hang up behind its refusal. Raises SmtpTrouble for 421, for
        a cut connection and for silence.
        """
        self._expect(_Stage.IDLE)
        refusal = refuse_locally(envelope, self.max_size_bytes)
        if refusal is not None:
            return refusal
        size = f" SIZE={envelope.size_bytes}" if "size" in self.extensions else ""
        for phase, command in (
            (Phase.MAIL, f"MAIL FROM:<{envelope.mail_from}>{size}"),
            (Phase.RCPT, f"RCPT TO:<{envelope.rcpt_to}>"),
        ):
            reply = self._exchange(phase, command, wanted=2)
            if not reply.is_positive:
                return self._refused(phase, reply)
        reply = self._exchange(Phase.DATA, "DATA", wanted=3)
        if reply.code // 100 != 3:
            return self._refused(Phase.DATA, reply)
        self._stage = _Stage.BODY
        return Ready(reply)

    def write_body(self, message: bytes) -> None:
        """Write everything but the final dot: CRLF line ends, dots stuffed.

        Raises ValueError for a NUL byte (nothing is written: `abort` it), and
        SmtpTrouble if the server hung up or spoke before the end; its `reply` is then
        what the server thinks of the mail.
        """
        self._expect(_Stage.BODY)
        body = wire_form(message)
        stall_s = self._server.reply_timeout_s
        with self._trouble(Phase.BODY):
            self._wire.allow(stall_s + len(body) / SLOWEST_BODY_BYTES_PER_S, stall_s=stall_s)
            self._wire.send(body)
        self._refuse_news(Phase.BODY)
        self._stage = _Stage.DOT

    def finish(self) -> Reply:
        """Send the final dot and return the reply to it: 2xx, 4xx or 5xx, also 421.

        Raises OutcomeUnknown if the dot left and no usable reply came, SmtpTrouble if the
        server was gone before the dot could leave (not accepted for certain).
        """
        self._expect(_Stage.DOT)
        self._refuse_news(Phase.DOT)
        with self._trouble(Phase.DOT):
            self._wire.allow(self._server.reply_timeout_s)
            # A write that fails has not handed the whole dot to the kernel.
            self._wire.send(b".\r\n")
        self.mails_sent += 1
        reply = self._read_verdict()
        if reply.code == _SERVICE_CLOSING:
            self.abort()
        else:
            self._rest()
        return reply

    def abort(self) -> None:
        """Close the socket at once, without the dot and without QUIT; never raises.

        In mid-message this is what keeps the server from accepting it.
        """
        self._stage = _Stage.CLOSED
        self._wire.cut()

    def check(self) -> bool:
        """Ask whether the server is still there (NOOP); False closes the connection."""
        self._expect(_Stage.IDLE)
        try:
            self._wire.allow(min(NOOP_TIMEOUT_S, self._server.reply_timeout_s))
            alive = self._wire.ask("NOOP").is_positive
        except OSError:
            alive = False
        if alive:
            self._rest()
        else:
            self.abort()
        return alive

    def close(self) -> None:
        """Leave politely if no mail is under way; never raises, takes 2 s at most."""
        if self._stage is _Stage.IDLE:
            try:
                self._wire.allow(QUIT_TIMEOUT_S)
                self._wire.ask("QUIT")
            except OSError:
                pass  # it is closed either way
        self.abort()

    def _exchange(self, phase: Phase, command: str, *, wanted: int) -> Reply:
        """Send a command and return the reply: of the wanted class, 4xx or 5xx, but not 421."""
        with self._trouble(phase):
            self._wire.allow(self._server.reply_timeout_s)
            reply = self._wire.ask(command)
        if reply.code == _SERVICE_CLOSING:
            self.abort()
            raise SmtpTrouble(phase, reply, f"the server is closing the connection: {reply}")
        if reply.code // 100 not in (wanted, 4, 5):
            self.abort()
            raise SmtpTrouble(phase, reply, f"the server gave an impossible answer: {reply}")
        return reply

    def _refused(self, phase: Phase, reply: Reply) -> Refusal:
        """Reset the refused transaction; a server that will not is left, the refusal stands."""
        try:
            self._wire.allow(self._server.reply_timeout_s)
            reset = self._wire.ask("RSET").is_positive
        except OSError:
            reset = False
        if reset:
            self._rest()
        else:
            self.abort()
        return Refusal(phase, reply)

    def _read_verdict(self) -> Reply:
        try:
            self._wire.allow(self._server.dot_timeout_s)
            reply = self._wire.read_reply()
        except OSError as error:
            self.abort()
            raise OutcomeUnknown(f"after the end of the mail {plain_words(error)}") from error
        if reply.code // 100 == 3:
            self.abort()
            raise OutcomeUnknown(f"the server gave an impossible answer to the mail: {reply}")
        return reply

    def _refuse_news(self, phase: Phase) -> None:
        """Nobody may speak before the dot: whoever does has refused the mail or hung up."""
        if not self._wire.has_news():
            return
        reply = self._wire.last_words()
        self.abort()
        said = f": {reply}" if reply else ""
        raise SmtpTrouble(phase, reply, f"the server broke off before the end of the mail{said}")

    @contextmanager
    def _trouble(self, phase: Phase) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reply = self._wire.last_words() if phase in (Phase.BODY, Phase.DOT) else None
            self.abort()
            said = f": {reply}" if reply else ""
            raise SmtpTrouble(phase, reply, plain_words(error) + said) from error

    def _rest(self) -> None:
        self._stage = _Stage.IDLE
        self.idle_since = time.monotonic()

    def _expect(self, stage: _Stage) -> None:
        if self._stage is not stage:
            raise RuntimeError(f"the connection is {self._stage}, not {stage}")


def _size_limit(extensions: Mapping[str, str]) -> int | None:
    """Read the SIZE extension (RFC 1870): 0 or nothing means no fixed limit."""
    value = extensions.get("size", "")
    return int(value) or None if value.isascii() and value.isdigit() else None
