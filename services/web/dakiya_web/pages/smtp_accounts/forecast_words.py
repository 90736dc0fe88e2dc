"""When an account will have sent what waits for it, and what that takes for granted. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from dakiya.campaigns.estimate import Estimate
from dakiya.delivery.forecast import LEARNED, MAILS_PER_S_PER_CONNECTION
from dakiya_web.pages.smtp_accounts.wording import say_mails
from dakiya_web.texts import gettext, ngettext
from dakiya_web.wording import instant, number

_MINUTE: Final = 1.0
_HOUR: Final = 60.0
_DAY: Final = 1440.0


def say_finish(found: Estimate, *, since: datetime) -> str:
    """Say how long it takes: "about 3 days on this account: 500 mails a day".

    From when a paused account tries again, as `say_assumptions` says.
    """
    about = _about(found.finish_at - max(since, found.tries_at or since))
    if found.limit is not None:
        return gettext(
            "%(about)s: %(limit)s", about=about, limit=say_mails(found.bound_by, found.limit)
        )
    if found.bound_by == LEARNED:
        return gettext("%(about)s: its server has asked for less speed", about=about)
    return about


def say_assumptions(found: Estimate, *, timezone: str, now: datetime) -> Sequence[str]:
    """Say what a forecast takes for granted, the weightiest first."""
    said = []
    if found.needs_owner:
        said.append(
            gettext(
                "The account is paused and needs you: the time counts from when it sends again."
            )
        )
    elif found.tries_at is not None:
        said.append(
            gettext(
                "The account is paused and tries again %(time)s: the time counts from then.",
                time=instant(found.tries_at, timezone, now=now, inside=True),
            )
        )
    if found.slowed is not None:
        said.append(
            gettext(
                "Its server has asked for less speed; the usual pace is back %(time)s.",
                time=instant(found.slowed.over_at, timezone, now=now, inside=True),
            )
        )
    if found.others:
        said.append(
            ngettext(
                "%(num)s other campaign shares the account meanwhile: they take turns.",
                "%(num)s other campaigns share the account meanwhile: they take turns.",
                found.others,
                num=number(found.others),
            )
        )
    if found.is_guess:
        said.append(
            gettext(
                "The server's speed is guessed: %(mails)s mails a second on each connection.",
                mails=number(int(MAILS_PER_S_PER_CONNECTION)),
            )
        )
    said.append(gettext("Mails that servers put off take longer."))
    return said


def _about(distance: timedelta) -> str:
    """Say a length of time in one rounded unit."""
    minutes = max(distance.total_seconds(), 0) / 60
    if (days := _rounded(minutes, _DAY)) is not None:
        return ngettext(
            "about %(num)s day on this account",
            "about %(num)s days on this account",
            days,
            num=number(days),
        )
    if (hours := _rounded(minutes, _HOUR)) is not None:
        return ngettext(
            "about %(num)s hour on this account",
            "about %(num)s hours on this account",
            hours,
            num=number(hours),
        )
    if (found := _rounded(minutes, _MINUTE)) is not None:
        return ngettext(
            "about %(num)s minute on this account",
            "about %(num)s minutes on this account",
            found,
            num=number(found),
        )
    return gettext("about a minute on this account")


def _rounded(minutes: float, length: float) -> int | None:
    # 80 minutes are no hour, 59 are.
    if minutes >= length * 1.5 or 0.95 * length <= minutes <= 1.1 * length:
        return round(minutes / length)
    return None
