"""The blueprint of the campaigns' pages: everything here is for people who are logged in."""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_login import login_required

from dakiya.campaigns import reading
from dakiya.models import Campaign
from dakiya_web.pages.people.sessions import present_user
from dakiya_web.wiring import request_session

campaigns = Blueprint("campaigns", __name__)


@campaigns.before_request
@login_required
def _only_logged_in() -> ResponseReturnValue | None:
    return None


def asking_user_id() -> int:
    """Return the id of the person who asks."""
    user = present_user()
    assert user is not None  # noqa: S101 - the blueprint lets nobody else in
    return user.id


def find_own(campaign_id: int, *, lock: bool = False) -> Campaign:
    """Return a campaign of the person who asks. Raises NotFound."""
    return reading.find_campaign(
        request_session(), campaign_id, user_id=asking_user_id(), lock=lock
    )
