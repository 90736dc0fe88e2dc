"""Light, dark, or as the system has it: kept in a cookie, so that the server knows it at once."""

from datetime import timedelta
from enum import StrEnum

from flask import request
from werkzeug.wrappers import Response

from dakiya_web.wiring import wiring

THEME_COOKIE = "dakiya_theme"
LASTS = timedelta(days=365)


class Theme(StrEnum):
    """How the pages look."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


def present_theme() -> Theme:
    """Return the theme of this browser."""
    return read_theme(request.cookies.get(THEME_COOKIE, ""))


def read_theme(text: str) -> Theme:
    """Return the theme of this name, ``auto`` for anything else."""
    return Theme(text) if text in set(Theme) else Theme.AUTO


def keep_theme(response: Response, theme: Theme) -> None:
    """Have this browser remember a theme."""
    response.set_cookie(
        THEME_COOKIE,
        theme,
        max_age=LASTS,
        httponly=True,
        samesite="Lax",
        secure=wiring().settings.https,
    )
