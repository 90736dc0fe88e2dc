"""The blueprint of the gallery; all but the starters' pictures want a log-in."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dakiya_web.pages.people.sessions import send_to_login

templates = Blueprint("templates", __name__)
# In a mail nobody is logged in.
PUBLIC = "templates.picture"


@templates.before_request
def _only_logged_in() -> ResponseReturnValue | None:
    if request.endpoint == PUBLIC or current_user.is_authenticated:
        return None
    return send_to_login()
