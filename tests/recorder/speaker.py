"""What a session says and when: answers in order, and every way of not giving them."""

import asyncio
from abc import abstractmethod

from .behaviour import Action, Conduct, Rule
from .journal import Event, Journal

GARBAGE = b"\x16\x03\x01 this is no SMTP \xff\r\n"


class Speaker(asyncio.Protocol):
    """The writing half of a session; nothing is read while an answer is being prepared."""

    def __init__(self, connection: str, conduct: Conduct, journal: Journal) -> None:
        self.connection = connection
        self.conduct = conduct
        self.journal = journal
        self.transport = asyncio.Transport()
        self.sender: str | None = None
        self.recipient = ""
        self.encrypted = False
        self.waiting = False

    @abstractmethod
    def read_on(self) -> None:
        """Go on with what the client has sent meanwhile."""

    def record(self, name: str, *, phase: str = "", reply: str = "", detail: str = "") -> None:
        """Journal an event that no answer waits for."""
        event = Event(
            name,
            self.connection,
            phase=phase,
            reply=reply,
            detail=detail,
            encrypted=self.encrypted,
            sender=self.sender or "",
            recipient=self.recipient,
        )
        self.journal.record(event)

    def rule(self, phase: str) -> Rule | None:
        """Return the rule for this phase of the present mail."""
        return self.conduct.rule_for(phase, recipient=self.recipient, sender=self.sender or "")

    def answer(self, phase: str, reply: str) -> bool:
        """Answer as the rules want it; say whether the client may go on (2xx, 3xx)."""
        rule = self.rule(phase)
        if rule is not None and rule.reply:
            reply = rule.reply
        agreed = reply[0] in "23" and not is_quiet(rule)
        if reply[0] in "45":
            self.record("refused", phase=phase, reply=reply)
        self.perform(phase, reply, rule)
        return agreed

    def perform(self, phase: str, reply: str, rule: Rule | None) -> None:
        """Give the answer in the rule's way."""
        action = rule.action if rule else Action.REPLY
        delay_s = rule.delay_s if rule else self.conduct.behaviour.delays.get(phase, 0.0)
        self.waiting = True
        if action is Action.DROP:
            self.transport.abort()
        elif action is Action.DRIP:
            self._drip(reply.encode() + b"\r\n", delay_s)
        elif action is not Action.SILENCE:
            raw = reply.encode() + b"\r\n"
            if action is Action.GARBAGE:
                raw = raw + GARBAGE if rule and rule.reply else GARBAGE
            hang_up = action is Action.HANG_UP or reply.startswith("421")
            if delay_s:
                asyncio.get_running_loop().call_later(delay_s, self._say_late, raw, hang_up)
            else:
                self._say(raw, hang_up)

    def _say(self, raw: bytes, hang_up: bool) -> None:
        self.waiting = False
        if not self.transport.is_closing():
            self.transport.write(raw)
            if hang_up:
                self.transport.close()

    def _say_late(self, raw: bytes, hang_up: bool) -> None:
        self._say(raw, hang_up)
        self.read_on()

    def _drip(self, raw: bytes, delay_s: float) -> None:
        if raw and not self.transport.is_closing():
            self.transport.write(raw[:1])
            asyncio.get_running_loop().call_later(delay_s, self._drip, raw[1:], delay_s)
        else:
            self.waiting = False
            self.read_on()


def is_quiet(rule: Rule | None) -> bool:
    """Say whether the client will not learn the answer."""
    return rule is not None and rule.action in (Action.DROP, Action.SILENCE, Action.GARBAGE)
