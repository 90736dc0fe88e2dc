"""The switch of the theme; works without JavaScript."""

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from dakiya.accounts.users import set_theme
from dakiya_web.navigation import home_url
from dakiya_web.pages.people.sessions import present_user
from dakiya_web.pages.people.views import local_path
from dakiya_web.pages.preferences.themes import keep_theme, read_theme
from dakiya_web.wiring import request_session

preferences = Blueprint("preferences", __name__)


@preferences.post("/theme")
def change_theme() -> ResponseReturnValue:
    """Remember a theme for the user and in this browser, and go back to the page."""
    theme, user = read_theme(request.form.get("theme", "")), present_user()
    if user is not None:
        set_theme(user, theme)
        request_session().commit()
    response = redirect(local_path(request.form.get("next", "")) or home_url(), 303)
    keep_theme(response, theme)
    return response
