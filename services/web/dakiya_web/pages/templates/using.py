"""A campaign that begins with a template."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from dakiya.accounts.users import workspace_of
from dakiya.campaigns import drafts
from dakiya.campaigns.content import Content
from dakiya.smtp_accounts.accounts import list_accounts
from dakiya_web.pages.people.sessions import logged_in_user
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session


def begin_campaign(name: str, content: Content) -> ResponseReturnValue:
    """Make a draft with this content and lead to it; where there is one account, it sends."""
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
