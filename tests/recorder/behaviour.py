"""How the recording server behaves, and misbehaves, per phase and recipient."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum


class Action(StrEnum):
    """What a rule does instead of giving the ordinary answer at once."""

    REPLY = "reply"  # answer, with the rule's reply if it has one, after delay_s
    HANG_UP = "hang_up"  # answer, then close
    DROP = "drop"  # close without an answer
    SILENCE = "silence"  # keep the connection open and never answer
    DRIP = "drip"  # answer one byte every delay_s
    GARBAGE = "garbage"  # send something that is not SMTP, after the rule's reply if it has one


@dataclass(frozen=True, slots=True)
class Rule:
    """One misbehaviour; the first rule that fits decides.

    `phase` is connect, ehlo, tls, auth, mail, rcpt, data, body (the body has begun, the dot
    has not come) or dot. `recipient` and `sender` are searched as regular expressions;
    before RCPT the recipient is empty. `times` limits the rule per recipient, `every`
    takes only each n-th time that it fits. At the dot, what is answered with 2xx, dropped or
    met with silence counts as received, unless `received` says otherwise.
    """

    phase: str
    action: Action = Action.REPLY
    reply: str = ""
    recipient: str = ""
    sender: str = ""
    delay_s: float = 0.0
    times: int | None = None
    every: int = 1
    received: bool | None = None


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A server's whole conduct; the default takes every mail.

    `starttls`: offered; `tls`: encrypted from the first byte. `users` maps names to
    passwords and makes logging in necessary. `delays` adds seconds to the answers of a
    phase. `commands`: every command line is journalled too.
    """

    rules: tuple[Rule, ...] = ()
    delays: Mapping[str, float] = field(default_factory=dict)
    extensions: tuple[str, ...] = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES")
    ehlo: bool = True
    size_bytes: int | None = 35_882_577
    starttls: bool = False
    tls: bool = False
    users: Mapping[str, str] = field(default_factory=dict)
    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN", "CRAM-MD5")
    max_connections: int | None = None
    mails_per_connection: int | None = None
    commands: bool = False

    def to_json(self) -> str:
        """Return the behaviour on one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Behaviour":
        """Read what `to_json` wrote, or a shorter form made by hand."""
        fields = json.loads(text)
        for name in ("extensions", "mechanisms"):
            if name in fields:
                fields[name] = tuple(fields[name])
        fields["rules"] = tuple(
            Rule(**{**rule, "action": Action(rule.get("action", "reply"))})
            for rule in fields.get("rules", ())
        )
        return cls(**fields)


class Conduct:
    """A behaviour with the counts that its rules need; one per server process."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self._patterns = [
            (rule, re.compile(rule.recipient), re.compile(rule.sender)) for rule in behaviour.rules
        ]
        self._fitted: Counter[int] = Counter()
        self._applied: Counter[tuple[int, str]] = Counter()

    def rule_for(self, phase: str, *, recipient: str = "", sender: str = "") -> Rule | None:
        """Return the rule that decides here, and count it."""
        for position, (rule, to, by) in enumerate(self._patterns):
            if rule.phase != phase or not to.search(recipient) or not by.search(sender):
                continue
            self._fitted[position] += 1
            if self._fitted[position] % rule.every:
                continue
            applied = (position, recipient)
            if rule.times is not None and self._applied[applied] >= rule.times:
                continue
            self._applied[applied] += 1
            return rule
        return None
