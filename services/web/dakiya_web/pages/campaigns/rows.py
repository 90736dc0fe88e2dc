"""Campaigns with their figures, as the lists and the monitor show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from dakiya.campaigns import reading
from dakiya.delivery.counters import WAITING, read_counts
from dakiya.models import Campaign, CampaignStatus, EmailState
from dakiya_web.pages.campaigns.words import TONES, say_otherwise, say_sending, say_status
from dakiya_web.wording import number

SENT = (EmailState.SENT, EmailState.BOUNCED)
# Somebody who looks sees these change from second to second.
MOVING = (
    CampaignStatus.PREPARING,
    CampaignStatus.SENDING,
    CampaignStatus.PAUSING,
    CampaignStatus.CANCELLING,
)


@dataclass(frozen=True)
class Row:
    """One campaign and how many of its mails are in each state."""

    campaign: Campaign
    counts: Mapping[EmailState, int]
    total: int

    def count(self, *states: EmailState) -> int:
        """Sum the mails in some states; a sum of slots read between two writes is never below 0."""
        return max(0, sum(self.counts[state] for state in states))

    @property
    def sent(self) -> int:
        """Mails that a server accepted."""
        return self.count(*SENT)

    @property
    def waiting(self) -> int:
        """Mails that are still to go."""
        return self.count(*WAITING)

    @property
    def failed(self) -> int:
        """Mails that were refused for good."""
        return self.count(EmailState.FAILED)

    @property
    def unknown(self) -> int:
        """Mails of which nobody knows."""
        return self.count(EmailState.UNKNOWN)

    @property
    def done(self) -> int:
        """Mails that have ended one way or another."""
        return max(0, min(self.total, sum(self.counts.values()) - self.waiting))

    @property
    def otherwise(self) -> int:
        """Mails that have ended without being sent."""
        return max(0, self.done - self.sent)

    @property
    def words(self) -> str:
        """How far it is, in words."""
        return say_sending(self.sent, self.total, otherwise=self.otherwise)

    @property
    def otherwise_words(self) -> str:
        """What has ended without being sent, in words."""
        return say_otherwise(self.otherwise)

    @property
    def tone(self) -> str:
        """The tone of its status."""
        return TONES[self.campaign.status]

    @property
    def is_moving(self) -> bool:
        """Whether its figures change from second to second."""
        return self.campaign.status in MOVING


def read_rows(session: Session, campaigns: Sequence[Campaign]) -> list[Row]:
    """Add the figures to some campaigns."""
    counts = read_counts(session, [campaign.id for campaign in campaigns])
    unprepared = [campaign.id for campaign in campaigns if campaign.prepared_at is None]
    recipients = reading.count_recipients(session, unprepared) if unprepared else {}
    return [
        Row(
            campaign,
            counts[campaign.id],
            recipients.get(campaign.id, sum(counts[campaign.id].values())),
        )
        for campaign in campaigns
    ]


def live_row(row: Row) -> dict[str, object]:
    """Write a row as polled answers have it; texts as the page shows them."""
    return {
        "status": say_status(row.campaign.status),
        "tone": row.tone,
        "done": row.done,
        "total": row.total,
        "progress": row.words,
        "sent": number(row.sent),
        "sent_mails": row.sent,
        "otherwise": row.otherwise_words,
        "has_otherwise": row.otherwise > 0,
        "waiting": number(row.waiting),
        "failed": number(row.failed),
        "unknown": number(row.unknown),
    }
