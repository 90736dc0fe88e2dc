"""The switch of the theme; works without JavaScript."""

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from dakiya_web.navigation import home_url
from dakiya_web.pages.people.views import local_path
from dakiya_web.pages.preferences.themes import keep_theme, read_theme

preferences = Blueprint("preferences", __name__)


@preferences.post("/theme")
def change_theme() -> ResponseReturnValue:
    """Remember a theme in this browser, and go back to the page."""
    response = redirect(local_path(request.form.get("next", "")) or home_url(), 303)
    keep_theme(response, read_theme(request.form.get("theme", "")))
    return response
