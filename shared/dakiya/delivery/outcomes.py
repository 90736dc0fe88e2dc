"""What can become of one mail in a sender's hands, and when a deferred one is tried again."""

import random
from dataclasses import dataclass
from enum import StrEnum

from dakiya.models import EmailState

MAX_BACKOFF_S = 4 * 3600


class Reason(StrEnum):
    """Reasons that Dakiya itself gives, beside those of ``dakiya.mail.replies``."""

    CONNECTION = "connection"
    GAVE_UP = "gave_up"
    NO_REPLY = "no_reply"
    SENDER_LOST = "sender_lost"
    TEMPLATE = "template"
    SUPPRESSED = "suppressed"
    SAID_BY_USER = "said_by_user"


@dataclass(frozen=True)
class Outcome:
    """The end of one attempt. ``phase`` names the SMTP step, or ``build``.

    ``retry_in_s`` is for DEFERRED only. ``charged`` is False where the recipient is not to
    blame (trouble of the account): the attempt does not count.
    """

    state: EmailState
    phase: str = ""
    reply_code: int | None = None
    reply_text: str | None = None
    reason: str | None = None
    retry_in_s: float = 0
    charged: bool = True


def backoff_s(attempts: int, *, base_s: float, jitter: float | None = None) -> float:
    """Return the seconds before the next attempt, after so many (1 or more).

    base, 2 base, 4 base ... at most four hours, times a jitter of 0.75 to 1.25, so that
    mails deferred together do not come back together.
    """
    factor = random.uniform(0.75, 1.25) if jitter is None else jitter
    return float(min(base_s * 2 ** min(attempts - 1, 16), MAX_BACKOFF_S) * factor)
