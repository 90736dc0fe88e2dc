"""The list of campaigns: by status, by name, page after page, and live."""

from collections.abc import Mapping
from typing import Final

from flask import jsonify, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from dakiya.accounts.users import visible_to
from dakiya.campaigns import reading
from dakiya.models import Campaign, CampaignStatus
from dakiya_web.input.query import read_page
from dakiya_web.input.reader import MAX_ID
from dakiya_web.pages.campaigns.blueprint import asking_user_id, campaigns
from dakiya_web.pages.campaigns.rows import live_row, read_rows
from dakiya_web.texts import Text, lazy_gettext
from dakiya_web.wiring import request_session

PER_PAGE = 25
MAX_SEARCH_CHARS = 200
# People ask for these, not for single statuses.
GROUPS: Final[Mapping[str, tuple[Text, tuple[CampaignStatus, ...]]]] = {
    "drafts": (lazy_gettext("Drafts"), (CampaignStatus.DRAFT,)),
    "scheduled": (lazy_gettext("Scheduled"), (CampaignStatus.PREPARING, CampaignStatus.SCHEDULED)),
    "sending": (lazy_gettext("Sending"), (CampaignStatus.SENDING, CampaignStatus.PAUSING)),
    "paused": (lazy_gettext("Paused"), (CampaignStatus.PAUSED,)),
    "finished": (lazy_gettext("Finished"), (CampaignStatus.FINISHED,)),
    "cancelled": (lazy_gettext("Cancelled"), (CampaignStatus.CANCELLING, CampaignStatus.CANCELLED)),
}


@campaigns.get("/campaigns")
def index() -> ResponseReturnValue:
    """The user's campaigns, newest first, with what became of their mails."""
    session = request_session()
    page = read_page(request.args)
    group = request.args.get("show", "")
    wanted = request.args.get("q", "").replace("\0", "").strip()[:MAX_SEARCH_CHARS]
    found = reading.list_campaigns(
        session,
        user_id=asking_user_id(),
        name_part=wanted,
        statuses=GROUPS[group][1] if group in GROUPS else (),
        before_id=page.cursor,
        limit=PER_PAGE + 1,
    )
    shown = found[:PER_PAGE]
    return render_template(
        "campaigns/index.html",
        rows=read_rows(session, shown),
        following=shown[-1].id if len(found) > PER_PAGE else None,
        first_page=page.cursor is None,
        groups=GROUPS,
        group=group if group in GROUPS else "",
        wanted=wanted,
    )


@campaigns.get("/campaigns/progress")
def progress_of_many() -> ResponseReturnValue:
    """How far some campaigns are, for the list that shows them; others' ids are passed over.

    A page that groups them by ``seen``, their statuses, is asked to load anew when one moved on.
    """
    session = request_session()
    ids = [int(text) for text in request.args.getlist("id") if text.isdecimal()][:PER_PAGE]
    found = session.scalars(
        select(Campaign).where(
            Campaign.id.in_([number for number in ids if number <= MAX_ID]),
            Campaign.deleted_at.is_(None),
            visible_to(asking_user_id(), Campaign.workspace_id),
        )
    ).all()
    rows = read_rows(session, found)
    busy = any(row.is_moving for row in rows)
    seen = set(request.args.getlist("seen"))
    moved_on = bool(seen) and any(row.campaign.status not in seen for row in rows)
    return jsonify(
        {
            "busy": busy,
            "reload": moved_on,
            **{str(row.campaign.id): live_row(row) for row in rows},
        }
    )
