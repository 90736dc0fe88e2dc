"""Away with a campaign, after a question."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from dakiya.campaigns import removal
from dakiya_web.confirming import ask
from dakiya_web.pages.compose.blueprint import compose, find_own
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session, wiring


@compose.route("/campaigns/<id:campaign_id>/delete", methods=["GET", "POST"])
@login_required
def delete(campaign_id: int) -> ResponseReturnValue:
    """Ask, then delete a campaign that does not run."""
    posted = request.method == "POST"
    campaign = find_own(campaign_id, lock=posted)
    if not posted:
        return ask(
            gettext("Delete this campaign?"),
            gettext(
                "“%(name)s” goes with its recipients and everything that is known about its "
                "mails. This cannot be undone.",
                name=campaign.name,
            ),
            button=gettext("Delete"),
            action=request.path,
            back=url_for("campaigns.index"),
        )
    name = campaign.name
    removal.delete_campaign(request_session(), campaign, now=wiring().clock())
    request_session().commit()
    flash(gettext("“%(name)s” was deleted.", name=name), "success")
    return redirect(url_for("campaigns.index"), 303)
