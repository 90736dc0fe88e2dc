"""The versions of a mail: listed, looked at, gone back to."""

from flask import flash, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from dakiya.campaigns import versions as stored
from dakiya.campaigns.changing import why_fixed
from dakiya.campaigns.content import ContentError
from dakiya.models import Campaign
from dakiya_web.origin import wants_json
from dakiya_web.pages.compose.blueprint import compose, find_changeable, find_own
from dakiya_web.pages.compose.preview import inert_preview
from dakiya_web.pages.compose.ways import way_word
from dakiya_web.pages.compose.written import seen_of
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session


@compose.get("/campaigns/<id:campaign_id>/versions")
@login_required
def versions(campaign_id: int) -> ResponseReturnValue:
    """The versions of a campaign's mail, the newest first."""
    campaign = find_own(campaign_id)
    return render_template(
        "compose/versions.html",
        campaign=campaign,
        versions=stored.list_versions(request_session(), campaign),
        way_word=way_word,
        can_restore=_can_restore(campaign),
    )


@compose.get("/campaigns/<id:campaign_id>/versions/<id:number>")
@login_required
def version(campaign_id: int, number: int) -> ResponseReturnValue:
    """One version to look at."""
    campaign = find_own(campaign_id)
    found = stored.find_version(request_session(), campaign, number)
    is_present = found.id == campaign.content_version_id
    return render_template(
        "compose/version.html",
        campaign=campaign,
        version=found,
        can_restore=_can_restore(campaign) and not is_present,
    )


@compose.get("/campaigns/<id:campaign_id>/versions/<id:number>/preview")
@login_required
def version_preview(campaign_id: int, number: int) -> ResponseReturnValue:
    """What a version shows to its first recipient, as inert as every preview."""
    campaign = find_own(campaign_id)
    return inert_preview(campaign, stored.find_version(request_session(), campaign, number))


@compose.post("/campaigns/<id:campaign_id>/versions/<id:number>")
@login_required
def restore_version(campaign_id: int, number: int) -> ResponseReturnValue:
    """Go back to a version: it becomes the newest one, and all others stay.

    A module gets JSON: 200 with ``seen``, 409 with ``error``.
    """
    session, campaign = request_session(), find_changeable(campaign_id, lock=True)
    try:
        errors = stored.restore_version(session, campaign, number)
    except ContentError as error:
        errors = {error.field: list(error.messages)}
    if errors:
        session.rollback()
        words = " ".join(text for messages in errors.values() for text in messages)
        if wants_json():
            return jsonify(error=words), 409
        flash(words, "danger")
        return redirect(url_for("compose.version", campaign_id=campaign_id, number=number), 303)
    session.commit()
    if wants_json():
        return jsonify(seen=seen_of(campaign))
    flash(gettext("The mail is version %(number)s again.", number=number), "success")
    return redirect(url_for("compose.content", campaign_id=campaign_id), 303)


def _can_restore(campaign: Campaign) -> bool:
    return why_fixed(request_session(), campaign) is None
