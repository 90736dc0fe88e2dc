"""How everything stands: the user's figures, what goes out now and next, and what is wrong."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import login_required

from dakiya.campaigns import reading
from dakiya.models import CampaignStatus
from dakiya.smtp_accounts.accounts import list_accounts
from dakiya_web.pages.campaigns.rows import read_rows
from dakiya_web.pages.dashboard.checklist import read_checklist
from dakiya_web.pages.dashboard.troubles import find_troubles
from dakiya_web.pages.people.sessions import present_user
from dakiya_web.wiring import request_session

dashboard = Blueprint("dashboard", __name__)

NOW = (
    CampaignStatus.SENDING,
    CampaignStatus.PAUSING,
    CampaignStatus.PAUSED,
    CampaignStatus.CANCELLING,
)
NEXT = (CampaignStatus.PREPARING, CampaignStatus.SCHEDULED)
SHOWN = 5
LATEST = 20


@dashboard.get("/")
@login_required
def index() -> ResponseReturnValue:
    """The dashboard."""
    session, user = request_session(), present_user()
    assert user is not None  # noqa: S101 - login_required has seen to it
    accounts = list_accounts(session, user_id=user.id)
    running = reading.list_campaigns(session, user_id=user.id, statuses=NOW, limit=SHOWN)
    following = reading.list_campaigns(session, user_id=user.id, statuses=NEXT, limit=LATEST)
    latest = reading.list_campaigns(
        session, user_id=user.id, statuses=(*NOW, CampaignStatus.FINISHED), limit=LATEST
    )
    steps = read_checklist(session, user_id=user.id)
    return render_template(
        "dashboard/index.html",
        steps=steps,
        todo=next((step for step in steps if not step.done), None),
        running=read_rows(session, running),
        following=sorted(
            read_rows(session, following),
            key=lambda row: (row.campaign.scheduled_at is None, row.campaign.scheduled_at),
        )[:SHOWN],
        troubles=find_troubles(read_rows(session, latest), accounts),
        accounts=accounts,
    )
