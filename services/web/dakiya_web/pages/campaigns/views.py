"""The list of campaigns."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from dakiya.campaigns import reading
from dakiya.delivery.counters import read_counts
from dakiya.models import EmailState
from dakiya_web.input.query import read_page
from dakiya_web.pages.people.sessions import present_user
from dakiya_web.wiring import request_session

campaigns = Blueprint("campaigns", __name__)

PER_PAGE = 50
MAX_SEARCH_CHARS = 200
DONE = (
    EmailState.SENT,
    EmailState.FAILED,
    EmailState.UNKNOWN,
    EmailState.BOUNCED,
    EmailState.CANCELLED,
    EmailState.SUPPRESSED,
)


@campaigns.get("/campaigns")
@campaigns.get("/")
@login_required
def index() -> ResponseReturnValue:
    """The user's campaigns, newest first, with what became of their mails."""
    session = request_session()
    user = present_user()
    assert user is not None  # noqa: S101 - login_required has seen to it
    page = read_page(request.args)
    wanted = request.args.get("q", "").replace("\0", "").strip()[:MAX_SEARCH_CHARS]
    found = reading.list_campaigns(
        session, user_id=user.id, name_part=wanted, before_id=page.cursor, limit=PER_PAGE
    )
    counts = read_counts(session, [campaign.id for campaign in found])
    unprepared = [campaign.id for campaign in found if campaign.prepared_at is None]
    recipients = reading.count_recipients(session, unprepared) if unprepared else {}
    rows = [
        {
            "campaign": campaign,
            "counts": counts[campaign.id],
            "total": recipients.get(campaign.id, sum(counts[campaign.id].values())),
            "done": sum(counts[campaign.id][state] for state in DONE),
        }
        for campaign in found
    ]
    following = found[-1].id if len(found) == PER_PAGE else None
    return render_template(
        "campaigns/index.html", rows=rows, following=following, states=EmailState
    )
