"""The blueprint, and what every step of making a campaign begins with."""

from dataclasses import dataclass
from hashlib import sha256

from flask import Blueprint, abort, flash, jsonify, redirect, url_for
from flask.typing import ResponseReturnValue

from dakiya.campaigns import reading
from dakiya.campaigns.changing import why_fixed
from dakiya.errors import DakiyaError
from dakiya.models import Campaign, CampaignStatus, User
from dakiya_web.origin import wants_json
from dakiya_web.pages.people.sessions import present_user
from dakiya_web.texts import gettext, lazy_gettext
from dakiya_web.wiring import request_session

compose = Blueprint("compose", __name__)

ANOTHER_TAB = lazy_gettext(
    "This draft was changed in another tab meanwhile. What you typed is still here: look at it "
    "and save again to replace the other version."
)


class NoDraft(DakiyaError):
    """A step of a campaign that is no draft any more."""

    def __init__(self, campaign: Campaign) -> None:
        super().__init__(f"The campaign is {campaign.status}.")
        self.campaign = campaign


@dataclass(frozen=True)
class Step:
    """One of the steps, as the bar above the page shows it."""

    name: str
    label: str
    url: str
    done: bool


def asking_user() -> User:
    """Return who asks; the view is for those who are logged in."""
    user = present_user()
    if user is None:
        abort(401)
    return user


def find_draft(campaign_id: int, *, lock: bool = False) -> Campaign:
    """Return the user's draft. Raises NotFound, or NoDraft once it is scheduled."""
    campaign = find_own(campaign_id, lock=lock)
    if campaign.status is not CampaignStatus.DRAFT:
        raise NoDraft(campaign)
    return campaign


def find_changeable(campaign_id: int, *, lock: bool = False) -> Campaign:
    """Return a campaign whose content can be changed. Raises NotFound, or NoDraft."""
    campaign = find_own(campaign_id, lock=lock)
    if why_fixed(request_session(), campaign) is not None:
        raise NoDraft(campaign)
    return campaign


def find_own(campaign_id: int, *, lock: bool = False) -> Campaign:
    """Return the user's campaign, whatever its status. Raises NotFound."""
    return reading.find_campaign(
        request_session(), campaign_id, user_id=asking_user().id, lock=lock
    )


@compose.errorhandler(NoDraft)
def _leave(error: NoDraft) -> ResponseReturnValue:
    """Lead back buttons, old tabs and second clicks to what became of the campaign."""
    why = why_fixed(request_session(), error.campaign)
    words = gettext(
        "Nothing was changed. %(reason)s",
        reason=why or gettext("This campaign is no draft any more."),
    )
    if wants_json():
        return jsonify(error=words), 409
    flash(words, "info")
    return redirect(url_for("compose.scheduled", campaign_id=error.campaign.id), 303)


def steps_of(campaign: Campaign | None, *, recipients: int) -> list[Step]:
    """Return the three steps; without a campaign only the first one can be opened."""
    places = (
        ("details", gettext("Details and recipients"), "compose.edit"),
        ("content", gettext("Content"), "compose.content"),
        ("schedule", gettext("Schedule and review"), "compose.schedule"),
    )
    if campaign is None:
        return [Step(name, label, url="", done=False) for name, label, _ in places]
    finished = {
        "details": campaign.smtp_account_id is not None and recipients > 0,
        "content": campaign.content is not None,
        "schedule": False,
    }
    return [
        Step(name, label, url_for(endpoint, campaign_id=campaign.id), finished[name])
        for name, label, endpoint in places
    ]


def stamp(*parts: object) -> str:
    """Return a mark of what a form showed, to notice that it was changed elsewhere."""
    return sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
