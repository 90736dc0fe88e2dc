"""Campaigns for the browser tests, as the engine would have left them."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.campaigns.lifecycle import pause_refused
from dakiya.campaigns.progress import prepare_chunk
from dakiya.clock import utc_now
from dakiya.delivery.content_trouble import REFUSALS_IN_A_ROW, note_refusal
from dakiya.delivery.counters import WEB_SLOT, Moves
from dakiya.models import (
    Attempt,
    Campaign,
    CampaignFigure,
    CampaignStatus,
    Email,
    EmailState,
    ProgressSample,
)
from tests.e2e.conftest import Site
from tests.engine.world import make_account, make_campaign

MAILS = 240
REFUSALS = (
    (550, "unknown_user", "5.1.1 <r@example.net>: Recipient address rejected: User unknown"),
    (552, "mailbox_full", "5.2.2 The mailbox is over its quota"),
    (550, "policy", "5.7.26 This mail is unauthenticated, SPF and DKIM did not pass"),
)


@dataclass(frozen=True)
class World:
    """Ids of a campaign that is sending, and of one that has finished with trouble."""

    sending: int
    finished: int


def move(session: Session, email: Email, to: EmailState, moves: Moves, **values: object) -> None:
    """Put a mail into a state, as the engine would have left it."""
    moves.add(email.state, to)
    email.state = to
    email.attempts = 1
    for name, value in values.items():
        setattr(email, name, value)


def make_world(session: Session, site: Site) -> World:
    account = make_account(session, site.workspace_id, 1025, name="Office relay", per_day=500)
    now = utc_now()
    sending = make_campaign(session, account, MAILS)
    sending.name = "Diwali offer to all our customers"
    finished = make_campaign(session, account, MAILS)
    finished.name = "Monsoon newsletter"
    for campaign in (sending, finished):
        while prepare_chunk(session, campaign.id):
            pass
        campaign.started_at = now - timedelta(minutes=4)
        campaign.status = CampaignStatus.SENDING
    spread(session, sending, sent=150)
    spread(session, finished, sent=MAILS)
    finished.status = CampaignStatus.FINISHED
    finished.finished_at = now - timedelta(minutes=1)
    later = make_campaign(session, account, 12, in_s=86_400)
    later.name = "<script>alert(1)</script>"
    draft = make_campaign(session, account, 3, start=False)
    draft.name = "दिवाली की शुभकामनाएँ"
    session.add(
        ProgressSample(campaign_id=sending.id, taken_at=now - timedelta(seconds=40), done=1)
    )
    for day in range(25):
        session.add(
            CampaignFigure(
                campaign_id=finished.id,
                begins_at=(now - timedelta(days=day, hours=day % 7)).replace(
                    minute=0, second=0, microsecond=0
                ),
                sent=100 + 37 * (day % 9),
                failed=3 * (day % 4),
            )
        )
    session.commit()
    return World(sending.id, finished.id)


def spread(session: Session, campaign: Campaign, *, sent: int) -> None:
    """Let some mails of a campaign be sent, refused, put off and lost."""
    moves, now = Moves(), utc_now()
    rows = session.scalars(select(Email).where(Email.campaign_id == campaign.id)).all()
    for number, email in enumerate(rows[:sent]):
        if number % 12 == 5:
            code, reason, text = REFUSALS[number // 12 % 3]
            move(
                session, email, EmailState.FAILED, moves,
                reply_code=code, reason=reason, reply_text=text,
            )  # fmt: skip
        elif number % 60 == 7:
            move(session, email, EmailState.UNKNOWN, moves, fence=1, reason="no_reply")
            session.add(
                Attempt(
                    email_id=email.id, number=1, outcome=EmailState.UNKNOWN, phase="dot",
                    reason="no_reply",
                )
            )  # fmt: skip
        else:
            move(
                session, email, EmailState.SENT, moves,
                sent_at=now - timedelta(minutes=3), reply_code=250, reply_text="2.0.0 Ok: queued",
            )  # fmt: skip
    moves.store(session, campaign_id=campaign.id, slot=WEB_SLOT)
    session.flush()


def refuse(session: Session, site: Site) -> int:
    account = make_account(session, site.workspace_id, 1025, name="Office relay")
    campaign = make_campaign(session, account, 40)
    while prepare_chunk(session, campaign.id):
        pass
    assert campaign.content is not None
    campaign.content.created_at = utc_now() - timedelta(minutes=5)
    campaign.started_at = utc_now() - timedelta(minutes=4)
    campaign.status = CampaignStatus.SENDING
    moves = Moves()
    mails = session.scalars(select(Email).where(Email.campaign_id == campaign.id)).all()
    for email in mails[:REFUSALS_IN_A_ROW]:
        move(
            session, email, EmailState.FAILED, moves,
            reply_code=554, reason="content", reply_text="5.6.0 Content rejected",
        )  # fmt: skip
        session.add(
            Attempt(
                email_id=email.id, number=1, outcome=EmailState.FAILED, phase="dot",
                reason="content",
            )
        )  # fmt: skip
        note_refusal(session, campaign.id, words="554 5.6.0 Content rejected")
    moves.store(session, campaign_id=campaign.id, slot=WEB_SLOT)
    session.refresh(campaign)
    assert pause_refused(session, campaign)
    session.commit()
    return campaign.id
