"""Which limit lets an account's next mail go last, in plain words, and when that is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from dakiya.delivery.limits import limits_of, pace_of, shared_limits, told_limits
from dakiya.delivery.pacing import Limits, Pace, Window
from dakiya.delivery.usage import load_usage
from dakiya.models import SmtpAccount

_WORDS: Final = {
    "per_second": "a second",
    "per_minute": "a minute",
    "per_hour": "an hour",
    "per_day": "a day",
}


@dataclass(frozen=True)
class Reached:
    """``words`` go on from "the account has reached": "its limit of 500 mails a day"."""

    words: str
    next_at: datetime


def reached_limit(session: Session, account: SmtpAccount, *, now: datetime) -> Reached | None:
    """Find the limit that holds an account up most; None when its next mail may go now."""
    limits = pace_of(session, account, now=now)
    usage = load_usage(session, account, limits=limits, now=now)
    waits: list[tuple[datetime, Window]] = []
    for window in limits.windows:
        slot = Pace(Limits(**{window.name: window.limit}), usage).next_slot(now, at_most=1)
        if slot is not None and slot.start_at > now:
            waits.append((slot.start_at, window))
    if not waits:
        return None
    next_at, window = max(waits, key=lambda wait: (wait[0], wait[1].seconds))
    return Reached(_say(session, account, window), next_at)


def _say(session: Session, account: SmtpAccount, window: Window) -> str:
    """Say whose limit it is; nothing of what another workspace has set."""
    mails = "1 mail" if window.limit == 1 else f"{window.limit:,} mails"
    pace = f"{mails} {_WORDS[window.name]}"
    if getattr(limits_of(account), window.name) == window.limit:
        return f"its limit of {pace}"
    if getattr(shared_limits(session, account), window.name) != window.limit:
        return f"the pace of {pace} that its server has asked for"
    if getattr(told_limits(session, account), window.name) == window.limit:
        return f"the limit of {pace} that another account of the same mailbox has"
    return "a limit of its mailbox, which is used elsewhere too"
