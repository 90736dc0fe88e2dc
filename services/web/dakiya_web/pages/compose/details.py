"""The first step: name, account, and the recipients so far."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from dakiya.accounts.users import workspace_of
from dakiya.campaigns import drafts
from dakiya.contacts import audience
from dakiya.errors import NotFound
from dakiya.models import Campaign, SmtpAccount
from dakiya.smtp_accounts.accounts import find_account, list_accounts
from dakiya_web.input.reader import FieldReader, InvalidFields
from dakiya_web.pages.compose.blueprint import (
    ANOTHER_TAB,
    asking_user,
    compose,
    find_draft,
    stamp,
    steps_of,
)
from dakiya_web.pages.compose.forms import DetailsForm, PasteForm
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session, wiring

FIRST_RECIPIENTS = 5
_MAX_ID_DIGITS = 18


@compose.route("/campaigns/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    """Begin a campaign: a draft with a name and an account."""
    session, user = request_session(), asking_user()
    form = _make_form(None)
    if request.method == "POST" and _is_valid(form):
        campaign = drafts.create_campaign(
            session,
            workspace_id=workspace_of(session, user.id),
            name=form.name.data.strip(),
            content=None,
            account=_chosen_account(form),
            timezone=user.timezone,
        )
        session.commit()
        return redirect(url_for("compose.edit", campaign_id=campaign.id), 303)
    page = render_template("compose/new.html", form=form, steps=steps_of(None, recipients=0))
    return page, 422 if request.method == "POST" else 200


@compose.route("/campaigns/<id:campaign_id>/edit", methods=["GET", "POST"])
@login_required
def edit(campaign_id: int) -> ResponseReturnValue:
    """Change a draft's name and account; see and add its recipients."""
    posted = request.method == "POST"
    session = request_session()
    campaign = find_draft(campaign_id, lock=posted)
    form = _make_form(campaign)
    changed_elsewhere = False
    if posted and _is_valid(form):
        changed_elsewhere = form.seen.data != _seen(campaign)
        if not changed_elsewhere:
            account = _chosen_account(form)
            campaign.name = form.name.data.strip()
            campaign.smtp_account_id = account.id if account else None
            session.commit()
            return redirect(url_for("compose.content", campaign_id=campaign.id), 303)
        form.form_errors.append(ANOTHER_TAB)
    form.seen.data = _seen(campaign)
    return details_page(campaign, form=form), 422 if posted else 200


def details_page(
    campaign: Campaign,
    *,
    form: DetailsForm | None = None,
    paste: PasteForm | None = None,
    **more: object,
) -> str:
    """Render the step, with a form that was refused or others that are fresh."""
    session = request_session()
    if form is None:
        form = _make_form(campaign, formdata=False)
        form.seen.data = _seen(campaign)
    total = audience.count_audience(session, campaign)
    return render_template(
        "compose/details.html",
        campaign=campaign,
        form=form,
        paste=paste or PasteForm(formdata=None),
        steps=steps_of(campaign, recipients=total),
        total=total,
        first=audience.list_audience(session, campaign, limit=FIRST_RECIPIENTS),
        imports=audience.list_imports(session, campaign),
        max_upload_mb=wiring().settings.max_upload_mb,
        **more,
    )


def _make_form(campaign: Campaign | None, *, formdata: bool = True) -> DetailsForm:
    accounts = list_accounts(request_session(), user_id=asking_user().id)
    stored = {"name": campaign.name} if campaign else {}
    form = DetailsForm(**({} if formdata else {"formdata": None}), data=stored)
    form.account.choices = [
        (str(account.id), f"{account.name} · {account.from_email}") for account in accounts
    ]
    present = campaign.smtp_account_id if campaign else None
    known = {account.id for account in accounts}
    if not accounts or (campaign is not None and present not in known):
        form.account.choices.insert(0, ("", gettext("Choose an account")))
    if not form.is_submitted() or not formdata:
        chosen = present if present in known else None
        form.account.data = (
            str(chosen or "") if campaign else next(iter(form.account.choices), ("",))[0]
        )
    return form


def _is_valid(form: DetailsForm) -> bool:
    """Check the form; a name in one line, an account of one's own."""
    valid = form.validate()
    try:
        reader = FieldReader({"name": form.name.data or "x"})
        reader.line("name", max_chars=10**6)
        reader.finish()
    except InvalidFields as error:
        form.name.errors = [f"The name {' '.join(error.errors['name'])}"]
        return False
    return bool(valid)


def _chosen_account(form: DetailsForm) -> SmtpAccount | None:
    chosen = form.account.data or ""
    if not chosen.isdecimal() or len(chosen) > _MAX_ID_DIGITS:
        return None
    try:
        return find_account(request_session(), int(chosen), user_id=asking_user().id)
    except NotFound:
        return None


def _seen(campaign: Campaign) -> str:
    return stamp(campaign.name, campaign.smtp_account_id)
