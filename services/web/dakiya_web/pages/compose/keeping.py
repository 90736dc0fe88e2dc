"""What a page saves by itself while somebody writes, and what Ctrl+S saves; answers are JSON."""

from flask import jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from dakiya.campaigns.autosaving import autosave_content
from dakiya.campaigns.drafts import set_content
from dakiya.contacts import audience
from dakiya.errors import NotFound
from dakiya.mail.plain import text_from_html
from dakiya.models import Campaign
from dakiya_web.pages.compose.blueprint import ANOTHER_TAB, NoDraft, compose, find_draft, find_own
from dakiya_web.pages.compose.content import checks_of
from dakiya_web.pages.compose.forms import ContentForm
from dakiya_web.pages.compose.written import (
    mistakes_of,
    read_written,
    seen_of,
    stored_content,
    why_other_way,
)
from dakiya_web.pages.people.sessions import present_user, send_to_login
from dakiya_web.rendering import zone
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session, wiring
from dakiya_web.wording import clock_time


@compose.post("/campaigns/<id:campaign_id>/edit/content/keep")
def keep_content(campaign_id: int) -> ResponseReturnValue:
    """Save a draft's content from its page; ``by_hand``: somebody asked, so the version stays.

    200: ``seen`` (for the next time), ``words``, ``checks`` (HTML). 401: log in. 409: no draft
    any more, or with ``other`` and ``number`` the version that another tab saved meanwhile. 422:
    ``error`` and ``mistakes`` by field. Like `save_content` it checks its token itself.
    """
    form = ContentForm()
    if present_user() is None:
        return send_to_login()
    try:
        campaign = find_draft(campaign_id, lock=True)
    except NoDraft:
        return jsonify(error=gettext("This campaign is no draft any more.")), 409
    written = read_written(form, complete=False)
    if written is None:
        return _refuse(form)
    if words := why_other_way(form, campaign):
        return jsonify(error=words, mistakes={}), 422
    if form.seen.data != seen_of(campaign) and written != stored_content(campaign):
        number = campaign.content.number if campaign.content else None
        return jsonify(error=str(ANOTHER_TAB), other=seen_of(campaign), number=number), 409
    session, now = request_session(), wiring().clock()
    if "by_hand" in request.form:
        set_content(session, campaign, written)
    else:
        autosave_content(session, campaign, written, now=now)
    session.commit()
    return jsonify(
        seen=seen_of(campaign),
        words=gettext("Saved %(time)s", time=clock_time(now, zone())),
        checks=_checks(campaign),
    )


@compose.get("/campaigns/<id:campaign_id>/edit/content/text")
@login_required
def text_part(campaign_id: int) -> ResponseReturnValue:
    """Return the plain text that is made from the saved HTML, with its merge tags."""
    campaign = find_own(campaign_id)
    if campaign.content is None:
        raise NotFound(gettext("The campaign has no content yet."))
    return jsonify(text=text_from_html(campaign.content.html))


def _checks(campaign: Campaign) -> str:
    total = audience.count_audience(request_session(), campaign)
    found = checks_of(campaign, total)
    return render_template("compose/checks.html", campaign=campaign, **found)


def _refuse(form: ContentForm) -> ResponseReturnValue:
    mistakes = mistakes_of(form)
    return jsonify(error=" ".join(mistakes.values()), mistakes=mistakes), 422
