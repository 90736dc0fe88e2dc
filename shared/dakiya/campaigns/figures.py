"""Figures by the quarter of an hour, taken from the ledger by the scheduler.

The senders write nothing for them. Once a minute the campaigns whose counters have moved
since are read once (1,000,000 mails: see FIGURES_EVERY), and their figures replaced.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, text, update
from sqlalchemy.orm import Session

from dakiya.models import Campaign, CampaignFigure

QUARTER = timedelta(minutes=15)
# A campaign of a million mails is read in about a second: a larger one more rarely.
FIGURES_EVERY = timedelta(minutes=1)
MAILS_PER_INTERVAL = 1_000_000
CAMPAIGNS_AT_ONCE = 20

# What the counters and the figures of a campaign differ in has to be taken anew; a campaign
# that came to an end is read once more, for what moved in time and not in number.
_DUE = text("""
    SELECT campaign.id FROM campaign
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(sent), 0) AS sent, coalesce(sum(bounced), 0) AS bounced,
                  coalesce(sum(failed), 0) AS failed, coalesce(sum(unknown), 0) AS unknown
             FROM campaign_counter WHERE campaign_id = campaign.id) AS counted
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(sent), 0) AS sent, coalesce(sum(bounced), 0) AS bounced,
                  coalesce(sum(failed), 0) AS failed, coalesce(sum(unknown), 0) AS unknown
             FROM campaign_figure WHERE campaign_id = campaign.id) AS figured
     WHERE campaign.started_at IS NOT NULL
       AND (figures_at IS NULL
            OR figures_at <= :now - :every * greatest(1, counted.sent / :mails_per_interval))
       AND (ROW(counted.*) IS DISTINCT FROM ROW(figured.*) OR finished_at > figures_at)
     ORDER BY figures_at NULLS FIRST, campaign.id LIMIT :most
""")
# Of those not sent, the attempts tell when; only the last one counts.
_TAKE = text("""
    SELECT date_bin('15 minutes', ended_at, 'epoch') AS begins_at,
           count(*) FILTER (WHERE state = 'sent') AS sent,
           count(*) FILTER (WHERE state = 'bounced') AS bounced,
           count(*) FILTER (WHERE state = 'failed') AS failed,
           count(*) FILTER (WHERE state = 'unknown') AS unknown
      FROM (SELECT state, sent_at AS ended_at FROM email
             WHERE campaign_id = :campaign_id AND state IN ('sent', 'bounced')
             UNION ALL
            SELECT state, coalesce(last.ended_at, email.due_at) FROM email
              LEFT JOIN LATERAL (SELECT max(ended_at) AS ended_at FROM attempt
                                  WHERE email_id = email.id) AS last ON true
             WHERE campaign_id = :campaign_id AND state IN ('failed', 'unknown')) AS mail
     GROUP BY 1
""")


def figures_due(session: Session, *, now: datetime) -> Sequence[int]:
    """Return some campaigns whose figures have to be taken anew, the longest waiting first."""
    return session.scalars(
        _DUE,
        {
            "now": now,
            "every": FIGURES_EVERY,
            "mails_per_interval": MAILS_PER_INTERVAL,
            "most": CAMPAIGNS_AT_ONCE,
        },
    ).all()


def take_figures(session: Session, campaign_id: int, *, now: datetime) -> None:
    """Replace a campaign's figures by what the ledger says now; may be repeated."""
    rows = [
        {"campaign_id": campaign_id, **row}
        for row in session.execute(_TAKE, {"campaign_id": campaign_id}).mappings()
    ]
    # The row is locked after the reading, which may take a second, and before the writing:
    # two schedulers at once would insert the same quarters.
    session.execute(update(Campaign).where(Campaign.id == campaign_id).values(figures_at=now))
    session.execute(delete(CampaignFigure).where(CampaignFigure.campaign_id == campaign_id))
    if rows:
        session.execute(insert(CampaignFigure), rows)
