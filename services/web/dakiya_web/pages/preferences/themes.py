"""Light, dark, or as the system has it: kept in a cookie, so that the server knows it at once."""

from enum import StrEnum

from flask import request

THEME_COOKIE = "dakiya_theme"


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
