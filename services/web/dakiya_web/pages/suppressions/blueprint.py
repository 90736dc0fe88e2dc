"""The blueprint of the suppressions' pages: everything here is for people who are logged in."""

from flask import Blueprint
from flask_login import login_required

suppressions = Blueprint("suppressions", __name__)


@suppressions.before_request
@login_required
def _only_logged_in() -> None:
    return None
