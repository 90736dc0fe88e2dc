"""How everything stands: the user's figures, what goes out now and next, and what is wrong."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import login_required

from dakiya.campaigns import reading
from dakiya.campaigns.statistics import read_days, read_heat_map, read_totals
from dakiya.campaigns.waiting import why_waiting
from dakiya.delivery.usage import Quota, remaining_quota
from dakiya.models import CampaignStatus, SmtpAccount
from dakiya.smtp_accounts.accounts import latest_test, list_accounts
from dakiya_web.pages.campaigns.rows import read_rows
from dakiya_web.pages.dashboard.charts import draw_bars, shade
from dakiya_web.pages.dashboard.checklist import read_checklist
from dakiya_web.pages.dashboard.troubles import find_troubles
from dakiya_web.pages.people.sessions import present_user
from dakiya_web.pages.smtp_accounts.wording import health
from dakiya_web.wiring import request_session, wiring
from dakiya_web.wording import weekdays

dashboard = Blueprint("dashboard", __name__)

NOW = (CampaignStatus.SENDING, CampaignStatus.PAUSING, CampaignStatus.CANCELLING)
PAUSED = (CampaignStatus.PAUSED,)
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
    paused = reading.list_campaigns(session, user_id=user.id, statuses=PAUSED, limit=SHOWN)
    following = reading.list_campaigns(session, user_id=user.id, statuses=NEXT, limit=LATEST)
    latest = reading.list_campaigns(
        session, user_id=user.id, statuses=(*NOW, *PAUSED, CampaignStatus.FINISHED), limit=LATEST
    )
    now = wiring().clock()
    totals = read_totals(session, user_id=user.id, timezone=user.timezone, now=now)
    week = read_heat_map(session, user_id=user.id, timezone=user.timezone, now=now)
    days = read_days(session, user_id=user.id, timezone=user.timezone, now=now)
    steps = read_checklist(session, user_id=user.id)
    return render_template(
        "dashboard/index.html",
        steps=steps,
        todo=next((step for step in steps if not step.done), None),
        running=read_rows(session, running),
        paused=read_rows(session, paused),
        whys={one.id: why_waiting(session, one, now=now) for one in running},
        now_statuses=[status.value for status in NOW],
        paused_statuses=[status.value for status in PAUSED],
        following=sorted(
            read_rows(session, following),
            key=lambda row: (row.campaign.scheduled_at is None, row.campaign.scheduled_at),
        )[:SHOWN],
        troubles=find_troubles(read_rows(session, latest), accounts),
        accounts=[
            (
                account,
                _longest_quota(account),
                health(account, latest_test(session, account), now=now),
            )
            for account in accounts
        ],
        totals=totals,
        bars=draw_bars(days),
        week=shade(week, weekdays()),
        has_figures=any(day.figures.ended for day in days),
    )


def _longest_quota(account: SmtpAccount) -> Quota | None:
    """What is left of an account's day or hour; shorter limits are over before one has read."""
    quotas = remaining_quota(request_session(), account, now=wiring().clock())
    return quotas[-1] if quotas and quotas[-1].name in ("per_day", "per_hour") else None
