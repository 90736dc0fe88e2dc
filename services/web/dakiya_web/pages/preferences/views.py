"""The switch of the theme; works without JavaScript."""

from datetime import timedelta

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from dakiya_web.navigation import home_url
from dakiya_web.pages.people.views import local_path
from dakiya_web.pages.preferences.themes import THEME_COOKIE, read_theme
from dakiya_web.wiring import wiring

preferences = Blueprint("preferences", __name__)

LASTS = timedelta(days=365)


@preferences.post("/theme")
def change_theme() -> ResponseReturnValue:
    """Remember a theme in this browser, and go back to the page."""
    response = redirect(local_path(request.form.get("next", "")) or home_url(), 303)
    response.set_cookie(
        THEME_COOKIE,
        read_theme(request.form.get("theme", "")),
        max_age=LASTS,
        httponly=True,
        samesite="Lax",
        secure=wiring().settings.https,
    )
    return response
