"""Another campaign like this one, or one that says the same in another way."""

from collections.abc import Mapping

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from dakiya.campaigns import convert as converting
from dakiya.campaigns.content import ContentError, content_of
from dakiya.campaigns.duplicate import duplicate_campaign
from dakiya.contacts import audience
from dakiya.errors import NotFound
from dakiya.models import ContentKind
from dakiya_web.pages.compose.blueprint import compose, find_own
from dakiya_web.pages.compose.ways import way_word
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


@compose.get("/campaigns/<id:campaign_id>/convert")
@login_required
def ask_convert(campaign_id: int) -> ResponseReturnValue:
    """Say what a copy loses that is written in another way."""
    campaign = find_own(campaign_id)
    if campaign.content is None:
        raise NotFound(gettext("The campaign has no content yet."))
    to = _way_in(request.args, present=campaign.content.kind)
    try:
        losses = converting.convert(content_of(campaign.content), to).lost
    except ContentError as error:
        return _cannot(campaign_id, error)
    return render_template(
        "compose/convert.html", campaign=campaign, to=to, losses=losses, way_word=way_word
    )


@compose.post("/campaigns/<id:campaign_id>/convert")
@login_required
def convert(campaign_id: int) -> ResponseReturnValue:
    """Make the copy and open it."""
    session, campaign = request_session(), find_own(campaign_id)
    if campaign.content is None:
        raise NotFound(gettext("The campaign has no content yet."))
    to = _way_in(request.form, present=campaign.content.kind)
    try:
        copy, _ = converting.convert_copy(session, campaign, to, with_recipients=True)
    except ContentError as error:
        session.rollback()
        return _cannot(campaign_id, error)
    session.commit()
    words = gettext(
        "This is a copy of “%(name)s”, written as %(way)s. Nothing of it has been sent.",
        name=campaign.name,
        way=way_word(to),
    )
    flash(words, "success")
    return redirect(url_for("compose.content", campaign_id=copy.id), 303)


def _way_in(values: Mapping[str, str], *, present: ContentKind) -> ContentKind:
    """Return the way that is asked for, if none is another than the present. Raises NotFound."""
    asked = values.get("to", "")
    if not asked:
        return next(kind for kind in ContentKind if kind is not present)
    if asked not in list(ContentKind):
        raise NotFound(gettext("There is no such way to write a mail."))
    return ContentKind(asked)


def _cannot(campaign_id: int, error: ContentError) -> ResponseReturnValue:
    flash(gettext("This mail cannot be converted: %(reason)s", reason=str(error)), "danger")
    return redirect(url_for("compose.content", campaign_id=campaign_id), 303)
