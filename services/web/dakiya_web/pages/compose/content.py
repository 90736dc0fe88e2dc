"""The second step: what the campaign says, seen as one of its recipients."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from dakiya.campaigns import changing, drafts
from dakiya.campaigns.content import ContentError, finish_content
from dakiya.campaigns.testing import latest_campaign_test
from dakiya.contacts import audience
from dakiya.errors import IllegalState
from dakiya.mail.merge import TemplateError, parse
from dakiya.models import Campaign, CampaignStatus
from dakiya_web.input.reader import FieldReader, InvalidFields, sentence
from dakiya_web.pages.compose.blueprint import (
    ANOTHER_TAB,
    compose,
    find_changeable,
    stamp,
    steps_of,
)
from dakiya_web.pages.compose.forms import ContentForm, TestForm
from dakiya_web.pages.compose.outlook import missing_in_words
from dakiya_web.pages.compose.preview import preview_of
from dakiya_web.pages.people.sessions import logged_in_user, present_user, send_to_login
from dakiya_web.wiring import request_session

FIELDS_SHOWN = 60


@compose.get("/campaigns/<id:campaign_id>/edit/content")
@login_required
def content(campaign_id: int) -> ResponseReturnValue:
    """Write the mail and see it as a recipient."""
    campaign = find_changeable(campaign_id)
    return content_page(campaign, _stored_form(campaign))


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
    if not _is_valid(form):
        return content_page(campaign, form), 422
    if form.seen.data != _seen(campaign) and _written(form) != _stored(campaign):
        form.form_errors.append(ANOTHER_TAB)
        form.seen.data = _seen(campaign)
        return content_page(campaign, form, other=campaign.content), 422
    is_draft = campaign.status is CampaignStatus.DRAFT
    if is_draft:
        drafts.set_content(request_session(), campaign, _written(form))
    elif errors := changing.change_content(request_session(), campaign, _written(form)):
        request_session().rollback()
        form.form_errors.extend(text for messages in errors.values() for text in messages)
        return content_page(find_changeable(campaign_id), form), 422
    request_session().commit()
    if "go_on" in request.form:
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
    form = form or _stored_form(campaign)
    total = audience.count_audience(session, campaign)
    found = audience.fields_of(session, campaign) if total else []
    tested = latest_campaign_test(session, campaign)
    test_to = tested.to_email if tested else logged_in_user().email
    ready, waits = None, ""
    if campaign.content is not None:
        try:
            ready = drafts.check_ready(session, campaign)
        except IllegalState as error:
            waits = str(error)
    return render_template(
        "compose/content.html",
        form=form,
        test=test or TestForm(formdata=None, to=test_to),
        steps=steps_of(campaign, recipients=total),
        total=total,
        fields=["name", "email", *found][:FIELDS_SHOWN],
        ready=ready,
        waits=waits,
        missing_in_words=missing_in_words,
        tested=tested,
        **preview_of(campaign),
        **more,
    )


def _stored_form(campaign: Campaign) -> ContentForm:
    stored = campaign.content
    return ContentForm(
        formdata=None,
        subject=stored.subject if stored else "",
        html=stored.html if stored else "",
        text=(stored.text if stored else "") or "",
        seen=_seen(campaign),
    )


def _is_valid(form: ContentForm) -> bool:
    """Check all that is wrong with what was written; mistakes stand at their fields."""
    valid = form.validate()
    reader = FieldReader({f.name: f.data or "" for f in (form.subject, form.html, form.text)})
    reader.line("subject", max_chars=10**7, required=False)
    reader.text("html", max_chars=10**7, required=False)
    reader.text("text", max_chars=10**7, required=False)
    try:
        reader.finish()
    except InvalidFields as error:
        for name, messages in error.errors.items():
            words = f"This {' '.join(messages)}"
            form[name].errors = [*form[name].errors, words]
            valid = False
    for field in (form.subject, form.html, form.text):
        try:
            parse(field.data or "")
        except TemplateError as error:
            field.errors = [*field.errors, sentence(str(error))]
            valid = False
    if valid:
        try:
            finish_content(_written(form))
        except ContentError as error:
            place = getattr(form, error.field, form.html)
            place.errors = [*place.errors, *error.messages]
            valid = False
    return bool(valid)


def _written(form: ContentForm) -> drafts.Content:
    text = form.text.data or ""
    return drafts.Content(
        subject=form.subject.data.strip(),
        html=_plain_newlines(form.html.data),
        text=_plain_newlines(text) if text.strip() else None,
    )


def _stored(campaign: Campaign) -> drafts.Content | None:
    return drafts.content_of(campaign.content) if campaign.content is not None else None


def _seen(campaign: Campaign) -> str:
    return stamp(campaign.content_version_id)


def _plain_newlines(text: str) -> str:
    """Undo what a form does to line ends (HTML 4.10.21.4)."""
    return text.replace("\r\n", "\n")
