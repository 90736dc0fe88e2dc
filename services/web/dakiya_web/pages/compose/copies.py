"""Another campaign like this one."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from dakiya.campaigns.duplicate import duplicate_campaign
from dakiya.contacts import audience
from dakiya_web.pages.compose.blueprint import compose, find_own
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session


@compose.route("/campaigns/<id:campaign_id>/duplicate", methods=["GET", "POST"])
@login_required
def duplicate(campaign_id: int) -> ResponseReturnValue:
    """Ask whether the recipients shall be copied too, then make the copy and open it."""
    session, campaign = request_session(), find_own(campaign_id)
    if request.method != "POST":
        return render_template(
            "compose/duplicate.html",
            campaign=campaign,
            total=audience.count_audience(session, campaign),
        )
    copy = duplicate_campaign(session, campaign, with_recipients="with_recipients" in request.form)
    session.commit()
    flash(
        gettext("This is a copy of “%(name)s”. Nothing of it has been sent.", name=campaign.name),
        "success",
    )
    return redirect(url_for("compose.edit", campaign_id=copy.id), 303)
