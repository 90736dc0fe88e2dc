"""MAIL, RCPT and DATA: one after the other, or in one write (RFC 2920)."""

from collections.abc import Sequence
from dataclasses import dataclass

from dakiya.mail.replies import SERVICE_CLOSING

from .envelope import Envelope
from .reply import Reply, ReplyGarbled
from .trouble import Phase, SmtpTrouble, plain_words
from .wire import Wire

# Each command, and the class of the answer that lets the dialogue go on.
_STEPS = ((Phase.MAIL, 2), (Phase.RCPT, 2), (Phase.DATA, 3))


@dataclass(frozen=True, slots=True)
class Answers:
    """What a server said to the three commands, in their order.

    ``trouble`` stands for the first answer that is missing. ``out_of_step``: it said something that
    answers nothing that was asked, so perhaps its answers belong to other commands.
    """

    replies: tuple[Reply, ...]
    trouble: SmtpTrouble | None = None
    out_of_step: bool = False

    @property
    def refusal(self) -> tuple[Phase, Reply] | None:
        """The first command that was refused."""
        for (phase, wanted), reply in zip(_STEPS, self.replies, strict=False):
            if reply.code // 100 != wanted:
                return phase, reply
        return None

    @property
    def wants_body(self) -> bool:
        """Whether the server waits for a message now, whatever it said before."""
        return len(self.replies) == len(_STEPS) and self.replies[-1].code // 100 == _STEPS[-1][1]


def commands_of(envelope: Envelope, *, with_size: bool) -> Sequence[str]:
    """Return the three commands."""
    parameters = f" SIZE={envelope.size_bytes}" if with_size else ""
    if envelope.eight_bit:
        parameters += " BODY=8BITMIME"
    if envelope.is_international:
        parameters += " SMTPUTF8"
    return (
        f"MAIL FROM:<{envelope.mail_from}>{parameters}",
        f"RCPT TO:<{envelope.rcpt_to}>",
        "DATA",
    )


def in_one_write(commands: Sequence[str]) -> bytes:
    """Return commands as they go onto the wire together."""
    return "".join(f"{command}\r\n" for command in commands).encode()


def ask_in_turn(wire: Wire, commands: Sequence[str], *, timeout_s: float) -> Answers:
    """Send each command after the answer to the one before; ends with the first refusal."""
    replies: list[Reply] = []
    for (phase, wanted), command in zip(_STEPS, commands, strict=True):
        try:
            wire.allow(timeout_s)
            reply = wire.ask(command)
        except OSError as error:
            return _missing(replies, phase, error)
        if (trouble := _unusable(phase, reply, wanted=wanted)) is not None:
            return Answers(tuple(replies), trouble)
        replies.append(reply)
        if reply.code // 100 != wanted:
            break
    return Answers(tuple(replies))


def read_answers(wire: Wire, *, timeout_s: float) -> Answers:
    """Read the answers to commands that went out together."""
    replies: list[Reply] = []
    for phase, wanted in _STEPS:
        try:
            wire.allow(timeout_s)
            reply = wire.read_reply()
        except OSError as error:
            return _missing(replies, phase, error)
        if (trouble := _unusable(phase, reply, wanted=wanted)) is not None:
            return Answers(tuple(replies), trouble, reply.code != SERVICE_CLOSING)
        replies.append(reply)
    return Answers(tuple(replies))


def _missing(replies: list[Reply], phase: Phase, error: OSError) -> Answers:
    trouble = SmtpTrouble(phase, None, plain_words(error))
    # Silence after some answers: perhaps one before is missing, and they belong to other commands.
    silent = bool(replies) and isinstance(error, TimeoutError)
    return Answers(tuple(replies), trouble, silent or isinstance(error, ReplyGarbled))


def _unusable(phase: Phase, reply: Reply, *, wanted: int) -> SmtpTrouble | None:
    """Say what is wrong with a reply that is neither of the wanted class nor a refusal."""
    if reply.code == SERVICE_CLOSING:
        return SmtpTrouble(phase, reply, f"the server is closing the connection: {reply}")
    if reply.code // 100 not in (wanted, 4, 5):
        return SmtpTrouble(phase, reply, f"the server gave an impossible answer: {reply}")
    return None
