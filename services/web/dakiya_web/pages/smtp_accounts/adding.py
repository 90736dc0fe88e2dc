"""Adding an SMTP account: a known server fills the form in, or its limits where none were typed."""

from dataclasses import replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dakiya.accounts.users import workspace_of
from dakiya.models.smtp import DEFAULT_CONNECTIONS
from dakiya.smtp_accounts import accounts
from dakiya.smtp_accounts.accounts import AccountValues
from dakiya.smtp_accounts.mailboxes import accounts_on
from dakiya.smtp_accounts.providers import provider_of_account
from dakiya_web.input.reader import InvalidFields
from dakiya_web.input.smtp_account import PACES
from dakiya_web.pages.people.sessions import logged_in_user
from dakiya_web.pages.smtp_accounts import wording
from dakiya_web.pages.smtp_accounts.blueprint import smtp_accounts
from dakiya_web.pages.smtp_accounts.domain import ask_for_domain
from dakiya_web.pages.smtp_accounts.forms import AccountForm, form_of_preset, read_form
from dakiya_web.pages.smtp_accounts.presets import find_preset, offered_presets
from dakiya_web.pages.smtp_accounts.suggesting import address_asked_for, suggest
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session, wiring


@smtp_accounts.route("/smtp-accounts/new", methods=["GET", "POST"])
def create() -> ResponseReturnValue:
    """Add an account."""
    presets = offered_presets(wiring().settings)
    preset = find_preset(request.args.get("preset", ""), presets)
    if request.method != "POST":
        address, given = address_asked_for(), {}
        if preset is not None:
            region = request.args.get("region", "")
            given = form_of_preset(preset.provider, address=address, host=region)
        form = AccountForm(data={"from_email": address, **given})
        return render_template(
            "smtp_accounts/new.html",
            form=form,
            presets=presets,
            chosen=preset,
            suggestion=suggest(address) if preset is None else None,
        )
    session, wired, form = request_session(), wiring(), AccountForm()
    try:
        sent = read_form(form)
    except InvalidFields as error:
        form.note(error.errors)
        page = render_template("smtp_accounts/new.html", form=form, presets=presets, chosen=preset)
        return page, 422
    workspace_id = workspace_of(session, logged_in_user().id)
    sharing = accounts_on(
        session,
        workspace_id=workspace_id,
        host=sent.values.host,
        username=sent.values.username,
    )
    if sharing and not request.form.get("shares"):
        page = render_template(
            "smtp_accounts/new.html", form=form, presets=presets, chosen=preset, sharing=sharing
        )
        return page, 422
    values, filled_in = (sent.values, "") if preset else _with_limits(sent.values)
    account = accounts.create_account(
        session,
        values,
        workspace_id=workspace_id,
        password=sent.password,
        box=wired.box,
    )
    session.commit()
    ask_for_domain(account)
    flash(
        gettext(
            "“%(name)s” is saved. Now send a test mail to see that it works.", name=account.name
        ),
        "success",
    )
    if filled_in:
        limits = wording.limits(account)
        flash(
            gettext(
                "You typed no limits, so those of %(provider)s are filled in: %(limits)s. Edit the "
                "account if yours are others.",
                provider=filled_in,
                limits=limits,
            ),
            "info",
        )
    return redirect(url_for("smtp_accounts.show", account_id=account.id), 303)


def _with_limits(values: AccountValues) -> tuple[AccountValues, str]:
    """Take the limits of a known server for an account without any; say whose they are."""
    provider = provider_of_account(values.host, values.username or "", values.from_email)
    known = {name: getattr(provider, name) for name in PACES} if provider else {}
    if not any(known.values()) or any(getattr(values, name) for name in PACES):
        return values, ""
    assert provider is not None  # noqa: S101 - it has limits
    connections = values.connections
    if connections == DEFAULT_CONNECTIONS:
        connections = provider.connections
    return replace(values, **known, connections=connections), provider.label
