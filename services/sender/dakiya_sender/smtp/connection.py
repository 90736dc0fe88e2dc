"""A connection to one SMTP server, with a DATA step of our own.

Sending a mail is `begin`, `write_body`, `finish`. Until `finish` nothing has been accepted
and the caller may still change its mind with `abort`; the caller commits its intent between
`write_body` and `finish`.

Where the server offers PIPELINING, MAIL, RCPT and DATA go out in one write; and `finish` takes
the envelope of the next mail along with the dot, so that a mail costs one round trip. There is
never more than one body in flight.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum

from dakiya.mail.replies import SERVICE_CLOSING

from .body import wire_form
from .envelope import Envelope, Ready, Refusal, refuse_locally, size_limit
from .opening import StepListener, open_wire
from .reply import Reply
from .server import Server
from .transaction import (
    Answers,
    ask_in_turn,
    commands_of,
    in_one_write,
    read_answers,
)
from .transcript import LineListener
from .trouble import OutcomeUnknown, Phase, SmtpTrouble, plain_words
from .wire import Wire

QUIT_TIMEOUT_S = 2.0
NOOP_TIMEOUT_S = 10.0
# Slower than this and a body is given up: what a server may hold us for has a bound.
SLOWEST_BODY_BYTES_PER_S = 16_384

_DOT = b".\r\n"


class _Stage(StrEnum):
    IDLE = "idle"  # between two mails
    BODY = "body"  # the server has said 354
    DOT = "dot"  # the body is written, the dot is not
    ASKED = "asked"  # the next mail was offered with the dot of the one before
    CLOSED = "closed"


class Connection:
    """An open connection; used by one thread at a time.

    `idle_since` is a monotonic time, since wall clocks step. `mails_sent` counts final
    dots, which is what servers count against their mails per connection. `lost_step`: the server
    offered PIPELINING and did not keep up with it.
    """

    def __init__(self, server: Server, wire: Wire, *, pipelining: bool = True) -> None:
        self._server = server
        self._wire = wire
        self._stage = _Stage.IDLE
        self.extensions: Mapping[str, str] = dict(wire.esmtp_features)
        self.max_size_bytes = size_limit(self.extensions)
        self.takes_eight_bit = "8bitmime" in self.extensions
        self.pipelines = pipelining and "pipelining" in self.extensions
        self.lost_step = False
        self._asked: tuple[Envelope, Answers] | None = None
        self.mails_sent = 0
        self.opened_since = self.idle_since = time.monotonic()

    @classmethod
    def open(
        cls,
        server: Server,
        *,
        on_step: StepListener | None = None,
        on_line: LineListener | None = None,
        pipelining: bool = True,
    ) -> "Connection":
        """Connect, greet, encrypt and log in; `opening.open_wire` has the rules.

        Raises SmtpTrouble.
        """
        return cls(server, open_wire(server, on_step, on_line), pipelining=pipelining)

    @property
    def is_open(self) -> bool:
        """Say whether another mail can be tried on this connection."""
        return self._stage is not _Stage.CLOSED

    @property
    def is_idle(self) -> bool:
        """Say whether no mail is under way, not even an offered one."""
        return self._stage is _Stage.IDLE

    @property
    def was_used(self) -> bool:
        """Say whether it has carried or offered anything since it was opened."""
        return self.has_offer or self.idle_since != self.opened_since

    @property
    def has_offer(self) -> bool:
        """Say whether the next mail was offered together with the dot of the one before."""
        return self._asked is not None

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
        if self._asked is not None and self._asked[0] == envelope:
            (_, answers), self._asked = self._asked, None
            return self._take(answers)
        self._expect(_Stage.IDLE)
        refusal = refuse_locally(envelope, self.extensions)
        if refusal is not None:
            return refusal
        timeout_s = self._server.reply_timeout_s
        if not self.pipelines:
            return self._take(
                ask_in_turn(self._wire, self._commands(envelope), timeout_s=timeout_s)
            )
        with self._trouble(Phase.MAIL):
            self._wire.allow(timeout_s)
            self._wire.send(in_one_write(self._commands(envelope)))
        return self._take(read_answers(self._wire, timeout_s=timeout_s))

    def _commands(self, envelope: Envelope) -> Sequence[str]:
        return commands_of(envelope, with_size="size" in self.extensions)

    def _take(self, answers: Answers) -> Ready | Refusal:
        """Go where the answers to MAIL, RCPT and DATA lead."""
        refusal = answers.refusal
        if answers.trouble is not None:
            if self.pipelines and (answers.trouble.reply is None or answers.out_of_step):
                self.lost_step = True
            self.abort()
            if refusal is None:
                raise answers.trouble
            return Refusal(*refusal)
        if refusal is None:
            self._stage = _Stage.BODY
            return Ready(answers.replies[-1])
        if answers.wants_body and not self._end_empty_mail(refusal[0]):
            return Refusal(*refusal)
        return self._refused(*refusal)

    def _end_empty_mail(self, refused: Phase) -> bool:
        """End a message that has no recipient by a lone dot (RFC 2920, 3.1); False: hung up.

        The reply belongs to no mail. Only a refused RCPT makes it certain that nobody gets it.
        """
        try:
            if refused is Phase.RCPT:
                self._wire.allow(self._server.reply_timeout_s)
                self._wire.send(_DOT)
                if self._wire.read_reply().code != SERVICE_CLOSING:
                    return True
        except OSError:
            pass
        self.abort()
        return False

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

    def finish(
        self, then: Envelope | None = None, *, meanwhile: Callable[[], object] | None = None
    ) -> Reply:
        """Send the final dot and return the reply to it: 2xx, 4xx or 5xx, also 421.

        ``then`` is offered in the same write if the server takes that (see ``takes_along``);
        `begin` with the same envelope goes on with it, and nothing else may. ``meanwhile`` is
        called while the reply is on its way; it may not raise.
        Raises OutcomeUnknown if the dot left and no usable reply came, SmtpTrouble if the
        server was gone before the dot could leave (not accepted for certain).
        """
        self._expect(_Stage.DOT)
        self._refuse_news(Phase.DOT)
        if then is not None and not self.takes_along(then):
            then = None
        with self._trouble(Phase.DOT):
            self._wire.allow(self._server.reply_timeout_s)
            # A write that fails has not handed the whole dot to the kernel.
            self._wire.send_head(_DOT, in_one_write(self._commands(then)) if then else b"")
        self.mails_sent += 1
        if meanwhile is not None:
            meanwhile()
        reply = self._read_verdict()
        if reply.code == SERVICE_CLOSING:
            self.abort()
        elif then is None:
            self._rest()
        else:
            self._hear_along(then)
        return reply

    def takes_along(self, envelope: Envelope) -> bool:
        """Say whether a mail can be offered together with the dot of the one before."""
        return self.pipelines and refuse_locally(envelope, self.extensions) is None

    def _hear_along(self, envelope: Envelope) -> None:
        """Read what the server says to the mail that was offered with a dot.

        Raises OutcomeUnknown if it lost its step: the verdict was perhaps the answer to MAIL.
        """
        answers = read_answers(self._wire, timeout_s=self._server.reply_timeout_s)
        if answers.out_of_step:
            self.lost_step = True
            self.abort()
            raise OutcomeUnknown(f"the server's answers do not fit: {answers.trouble}")
        self._stage = _Stage.ASKED
        self._asked = envelope, answers
        self.idle_since = time.monotonic()

    def abort(self) -> None:
        """Close the socket at once, without the dot and without QUIT; never raises.

        In mid-message this is what keeps the server from accepting it.
        """
        self._stage = _Stage.CLOSED
        self._asked = None
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
