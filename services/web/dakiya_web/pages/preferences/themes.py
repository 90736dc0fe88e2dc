"""Light, dark, or as the system has it: the user's choice, and a cookie for the log-in page."""

from datetime import timedelta

from flask import g, request
from werkzeug.wrappers import Response

from dakiya.models.people import Theme
from dakiya_web.pages.people.sessions import present_user
from dakiya_web.wiring import wiring

THEME_COOKIE = "dakiya_theme"
LASTS = timedelta(days=365)


def present_theme() -> Theme:
    """Return the theme of who is logged in, else the one last used in this browser."""
    user = None if g.get("plain_page") else present_user()
    return read_theme(user.theme if user is not None else request.cookies.get(THEME_COOKIE, ""))


def read_theme(text: str) -> Theme:
    """Return the theme of this name, ``auto`` for anything else."""
    return Theme(text) if text in set(Theme) else Theme.AUTO


def keep_theme(response: Response, theme: str) -> None:
    """Have this browser remember a theme, for when nobody is logged in."""
    response.set_cookie(
        THEME_COOKIE,
        theme,
        max_age=LASTS,
        httponly=True,
        samesite="Lax",
        secure=wiring().settings.https,
    )
