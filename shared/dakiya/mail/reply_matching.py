"""What a rule about replies looks at: the phase, the code, the status and the words."""

import re
from dataclasses import dataclass, field

from .verdict import Verdict

TEMPORARY = range(400, 500)
PERMANENT = range(500, 600)
BEFORE_BODY = frozenset({"connect", "greeting", "ehlo", "auth", "mail", "rcpt", "data"})
AFTER_MAIL = frozenset({"rcpt", "data", "body", "dot"})
WITH_BODY = frozenset({"data", "body", "dot"})
ANYWHERE = BEFORE_BODY | WITH_BODY | {"tls", "noop"}
# A status, or none, that leaves open what the matter is: then the words decide.
VAGUE = frozenset({None, "5.0.0", "5.1.0", "5.5.0", "5.5.1"})

_ANYTHING = re.compile("")


def words(*alternatives: str) -> re.Pattern[str]:
    """Match any of some patterns, in any letter case."""
    return re.compile("|".join(alternatives), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rule:
    """A verdict for replies that match in every given respect; no statuses means any."""

    verdict: Verdict
    words: re.Pattern[str] = _ANYTHING
    codes: range | frozenset[int] = range(400, 600)
    statuses: frozenset[str | None] = frozenset()
    phases: frozenset[str] = field(default=ANYWHERE)

    def fits(self, phase: str, code: int, enhanced: str | None, text: str) -> bool:
        """Say whether this rule decides."""
        return (
            phase in self.phases
            and code in self.codes
            and (not self.statuses or enhanced in self.statuses)
            and self.words.search(text) is not None
        )
