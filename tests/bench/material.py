"""What is sent in a measurement: a personalised mail of 6 KB HTML, and campaigns of any size."""

from datetime import timedelta

from sqlalchemy import func, select, text

from dakiya.campaigns.lifecycle import schedule
from dakiya.campaigns.progress import prepare_chunk
from dakiya.db import SessionFactory, database_now
from dakiya.models import Campaign, CampaignStatus, ContentVersion, Email, SmtpAccount
from tests.engine.world import make_account, make_workspace

# Enough to prepare some thousand mails; up to a tick later they begin.
SOON = timedelta(seconds=5)
SUBJECT = "{{ name | default('Friend') }}, the harvest of {{ city }} is in"
_STYLE = "margin:0 0 16px;font-family:Georgia,serif;font-size:16px;line-height:1.5;color:#222222"
_PARAGRAPHS = """\
Namaste {{ name | default('friend') }}, this week our growers around {{ city }} have \
brought in the first mangoes, and we have put a box aside for you.
Every box holds twelve fruits, picked by hand on the day before they travel, and comes \
with a card that says from whose trees they are.
If you would rather have them sent to somebody else, answer this mail with the address \
and we shall see to it; there is nothing to pay before they have arrived.\
""".splitlines()
HTML = (
    "<!doctype html><html><head><title>Harvest</title></head><body>"
    + "".join(
        f'<table role="presentation" width="100%"><tr><td><p style="{_STYLE}">{_PARAGRAPHS[n % 3]}'
        f'</p><a href="https://shop.example.org/box/{n}?for={{{{ city }}}}">Box {n}</a>'
        "</td></tr></table>"
        for n in range(14)
    )
    + "</body></html>"
)

_RECIPIENTS = text("""
    INSERT INTO recipient (workspace_id, campaign_id, email, email_normalised, name, fields)
    SELECT :workspace_id, :campaign_id, 'r' || n || '@example.net', 'r' || n || '@example.net',
           'पाठक ' || n, jsonb_build_object('city', 'Kozhikode')
      FROM generate_series(1, :recipients) AS n
""")


def add_account(sessions: SessionFactory, port: int, email: str, **values: object) -> int:
    """Add a user with an account on a server of this machine; returns the account's id."""
    with sessions.begin() as session:
        return make_account(session, make_workspace(session, email), port, **values).id


def add_campaign(
    sessions: SessionFactory, account_id: int, recipients: int, *, ahead: timedelta | None
) -> int:
    """Add a campaign; it is prepared and due so far ahead, or a draft without ``ahead``."""
    with sessions.begin() as session:
        account = session.get_one(SmtpAccount, account_id)
        campaign = Campaign(
            workspace_id=account.workspace_id,
            name="bench",
            smtp_account_id=account.id,
            token=f"{account.id:032d}",
        )
        session.add(campaign)
        session.flush()
        version = ContentVersion(campaign_id=campaign.id, number=1, subject=SUBJECT, html=HTML)
        session.add(version)
        session.flush()
        campaign.content_version_id = version.id
        session.execute(
            _RECIPIENTS,
            {
                "workspace_id": account.workspace_id,
                "campaign_id": campaign.id,
                "recipients": recipients,
            },
        )
        campaign_id = campaign.id
    if ahead is not None:
        schedule_ahead(sessions, campaign_id, ahead)
        prepare(sessions, campaign_id)
    return campaign_id


def schedule_ahead(sessions: SessionFactory, campaign_id: int, ahead: timedelta) -> None:
    """Schedule a campaign."""
    with sessions.begin() as session:
        now = database_now(session)
        campaign = session.get_one(Campaign, campaign_id)
        schedule(session, campaign, at=now + ahead, timezone="Asia/Kolkata", now=now)


def prepare(sessions: SessionFactory, campaign_id: int) -> None:
    """Write a campaign's ledger rows, as the scheduler does."""
    while True:
        with sessions.begin() as session:
            if not prepare_chunk(session, campaign_id):
                return


def is_finished(sessions: SessionFactory, campaign_id: int) -> bool:
    """Tell whether a campaign has come to its end."""
    with sessions() as session:
        return session.get_one(Campaign, campaign_id).status is CampaignStatus.FINISHED


def seconds_to_send(sessions: SessionFactory, campaign_id: int) -> float:
    """Return the time from a campaign's instant to the last outcome that was committed."""
    with sessions() as session:
        first, last = session.execute(
            select(func.min(Email.due_at), func.max(Email.sent_at)).where(
                Email.campaign_id == campaign_id
            )
        ).one()
    if last is None:
        raise LookupError("nothing was sent")
    return (last - first).total_seconds()


def rate(sessions: SessionFactory, campaign_id: int) -> float:
    """Return the mails per second between a campaign's first outcome and its last."""
    with sessions() as session:
        mails, first, last = session.execute(
            select(func.count(), func.min(Email.sent_at), func.max(Email.sent_at)).where(
                Email.campaign_id == campaign_id
            )
        ).one()
    if mails < 2 or first is None or last is None:
        raise LookupError("not enough was sent")
    return (int(mails) - 1) / (last - first).total_seconds()
