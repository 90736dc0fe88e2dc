"""The second step: what the campaign says, seen as one of its recipients."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from dakiya.campaigns import changing, drafts
from dakiya.campaigns.testing import latest_campaign_tests
from dakiya.contacts import audience
from dakiya.models import Campaign, CampaignStatus, ContentKind
from dakiya_web.headers import show_foreign_pictures
from dakiya_web.pages.compose.blueprint import ANOTHER_TAB, compose, find_changeable, steps_of
from dakiya_web.pages.compose.fields import fields_offered, formats_offered
from dakiya_web.pages.compose.forms import ContentForm, TestForm
from dakiya_web.pages.compose.outlook import concerns_of
from dakiya_web.pages.compose.preview import preview_of
from dakiya_web.pages.compose.ways import ways
from dakiya_web.pages.compose.written import (
    read_written,
    seen_of,
    stored_content,
    stored_form,
    why_other_way,
)
from dakiya_web.pages.people.sessions import logged_in_user, present_user, send_to_login
from dakiya_web.pictures.prepare import MAX_BYTES
from dakiya_web.rendering import zone
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session, wiring
from dakiya_web.wording import instant


@compose.get("/campaigns/<id:campaign_id>/edit/content")
@login_required
def content(campaign_id: int) -> ResponseReturnValue:
    """Write the mail and see it as a recipient; first of all choose how it is written."""
    campaign = find_changeable(campaign_id)
    way = request.args.get("way", "")
    if campaign.content is None and way not in list(ContentKind):
        total = audience.count_audience(request_session(), campaign)
        return render_template(
            "compose/ways.html",
            campaign=campaign,
            ways=ways(),
            steps=steps_of(campaign, recipients=total),
        )
    kind = ContentKind(way) if campaign.content is None else campaign.content.kind
    return content_page(campaign, stored_form(campaign, kind=kind))


@compose.post("/campaigns/<id:campaign_id>/edit/content")
def save_content(campaign_id: int) -> ResponseReturnValue:
    """Save what was written.

    Its form checks the CSRF token itself (install.py exempts the view), so that a session
    which ended while somebody wrote costs them no text.
    """
    form = ContentForm()
    if present_user() is None:
        return send_to_login()
    campaign = find_changeable(campaign_id, lock=True)
    goes_on = "go_on" in request.form
    is_draft = campaign.status is CampaignStatus.DRAFT
    written = read_written(form, complete=goes_on or not is_draft)
    if written is None:
        return content_page(campaign, form), 422
    if words := why_other_way(form, campaign):
        form.form_errors.append(words)
        return content_page(campaign, form, other=campaign.content), 422
    if form.seen.data != seen_of(campaign) and written != stored_content(campaign):
        form.form_errors.append(ANOTHER_TAB)
        form.seen.data = seen_of(campaign)
        return content_page(campaign, form, other=campaign.content), 422
    if is_draft:
        drafts.set_content(request_session(), campaign, written)
    elif errors := changing.change_content(request_session(), campaign, written):
        request_session().rollback()
        form.form_errors.extend(text for messages in errors.values() for text in messages)
        return content_page(find_changeable(campaign_id), form), 422
    request_session().commit()
    if goes_on:
        following = "compose.schedule" if is_draft else "campaigns.show"
        return redirect(url_for(following, campaign_id=campaign.id), 303)
    place = url_for("compose.content", campaign_id=campaign.id)
    return redirect(f"{place}#preview", 303)


def content_page(
    campaign: Campaign,
    form: ContentForm | None = None,
    *,
    test: TestForm | None = None,
    **more: object,
) -> str:
    """Render the step."""
    session = request_session()
    form = form or stored_form(campaign)
    total = audience.count_audience(session, campaign)
    tested = latest_campaign_tests(session, campaign)
    test_to = ", ".join(test.to_email for test in tested) or logged_in_user().email
    show_foreign_pictures()
    return render_template(
        "compose/content.html",
        form=form,
        test=test or TestForm(formdata=None, to=test_to),
        steps=steps_of(campaign, recipients=total),
        fields=fields_offered(campaign, total),
        formats=formats_offered(),
        automatic_text_url=url_for("compose.text_part", campaign_id=campaign.id),
        ways=[(way, label, picture) for way, label, picture, _ in ways()],
        saved_words=saved_words(campaign),
        media_max_mb=MAX_BYTES // 1024 // 1024,
        tested=tested,
        **checks_of(campaign, total),
        **preview_of(campaign),
        **more,
    )


def checks_of(campaign: Campaign, total: int) -> dict[str, object]:
    """Return what the checks below the mail show."""
    has_content = campaign.content is not None
    concerns = concerns_of(request_session(), campaign) if has_content else None
    return {"concerns": concerns, "total": total}


def saved_words(campaign: Campaign) -> str:
    """Say since when the mail is saved: "Saved today, 10:42 IST"."""
    if campaign.content is None:
        return ""
    at = instant(campaign.content.created_at, zone(), now=wiring().clock(), inside=True)
    return gettext("Saved %(when)s", when=at)
