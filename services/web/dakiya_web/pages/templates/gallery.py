"""The gallery: what people kept for themselves, and what comes with Dakiya."""

from flask import render_template
from flask.typing import ResponseReturnValue

from dakiya.templates.own import list_templates
from dakiya.templates.starters import KEYS
from dakiya_web.pages.people.sessions import logged_in_user
from dakiya_web.pages.templates.blueprint import templates
from dakiya_web.pages.templates.using import wanted_for
from dakiya_web.pages.templates.words import STARTERS
from dakiya_web.wiring import request_session


@templates.get("/templates")
def index() -> ResponseReturnValue:
    """All of them, each as it really looks."""
    return render_template(
        "templates/index.html",
        own=list_templates(request_session(), user_id=logged_in_user().id),
        campaign=wanted_for(),
        starters=[(key, *STARTERS[key]) for key in KEYS],
    )
