"""A new draft that begins where another campaign stands."""

import secrets

from sqlalchemy import text
from sqlalchemy.orm import Session

from dakiya.campaigns.drafts import copy_content
from dakiya.models import Campaign

_COPY = " (copy)"
_MAX_NAME_CHARS = 200
_RECIPIENTS = text(
    """
    INSERT INTO recipient (workspace_id, campaign_id, email, email_normalised, name, fields)
    SELECT workspace_id, :copy_id, email, email_normalised, name, fields
      FROM recipient WHERE campaign_id = :campaign_id
     ORDER BY id
    """
)


def duplicate_campaign(session: Session, campaign: Campaign, *, with_recipients: bool) -> Campaign:
    """Add a draft with the campaign's content and account, whatever the campaign's status.

    It has links, Message-IDs and a ledger of its own. The caller has authorised, and commits.
    """
    stem = campaign.name.removesuffix(_COPY)[: _MAX_NAME_CHARS - len(_COPY)]
    account = campaign.smtp_account
    usable = account is not None and account.deleted_at is None
    copy = Campaign(
        workspace_id=campaign.workspace_id,
        name=stem + _COPY,
        smtp_account_id=campaign.smtp_account_id if usable else None,
        timezone=campaign.timezone,
        resend_unknown=campaign.resend_unknown,
        token=secrets.token_urlsafe(12),
    )
    session.add(copy)
    session.flush()
    if campaign.content is not None:
        copy_content(session, copy, campaign.content)
    if with_recipients:
        session.execute(_RECIPIENTS, {"copy_id": copy.id, "campaign_id": campaign.id})
    return copy
