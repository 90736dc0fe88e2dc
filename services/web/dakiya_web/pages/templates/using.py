"""A campaign that begins with a template: a new one, or a draft that has no mail yet."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dakiya.accounts.users import workspace_of
from dakiya.campaigns import drafts
from dakiya.campaigns.content import Content
from dakiya.campaigns.convert import convert
from dakiya.campaigns.reading import find_campaign
from dakiya.models import Campaign, ContentKind
from dakiya.smtp_accounts.accounts import list_accounts
from dakiya_web.pages.people.sessions import logged_in_user
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session

_MAX_ID_DIGITS = 18


def wanted_for() -> Campaign | None:
    """Return the draft that somebody looks for a template for, if they do. Raises NotFound."""
    asked = request.values.get("campaign", "")
    if not asked.isascii() or not asked.isdigit() or len(asked) > _MAX_ID_DIGITS:
        return None
    campaign = find_campaign(
        request_session(), int(asked), user_id=logged_in_user().id, lock=request.method == "POST"
    )
    drafts.require_draft(campaign, gettext("given a template"))
    return campaign


def begin_campaign(name: str, content: Content) -> ResponseReturnValue:
    """Give the draft that was asked for this content, or make a new one with it.

    ``as=html``: somebody without JavaScript, who could not change rich text.
    """
    if request.form.get("as") == ContentKind.HTML.value:
        content = convert(content, ContentKind.HTML).content
    campaign = wanted_for()
    if campaign is not None:
        # What it said before stays among its versions.
        drafts.set_content(request_session(), campaign, content)
        request_session().commit()
        flash(gettext("The mail begins with this template. Make it yours."), "success")
        return redirect(url_for("compose.content", campaign_id=campaign.id), 303)
    return _begin_new(name, content)


def _begin_new(name: str, content: Content) -> ResponseReturnValue:
    """Make a draft and lead to it; where there is one account, that one sends."""
    session, user = request_session(), logged_in_user()
    accounts = list_accounts(session, user_id=user.id)
    campaign = drafts.create_campaign(
        session,
        workspace_id=workspace_of(session, user.id),
        name=name,
        content=content,
        account=accounts[0] if len(accounts) == 1 else None,
        timezone=user.timezone,
    )
    session.commit()
    flash(gettext("A new draft begins with this template. The template stays as it is."), "success")
    return redirect(url_for("compose.edit", campaign_id=campaign.id), 303)
