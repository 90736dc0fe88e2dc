"""The dashboard, the list, the monitor and the ledger: sound in every look, and they lead on."""

from datetime import timedelta

from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.campaigns.lifecycle import pause_refused
from dakiya.campaigns.progress import prepare_chunk
from dakiya.clock import utc_now
from dakiya.db import SessionFactory
from dakiya.delivery.content_trouble import REFUSALS_IN_A_ROW, note_refusal
from dakiya.delivery.counters import WEB_SLOT, Moves
from dakiya.models import (
    Attempt,
    Campaign,
    CampaignFigure,
    CampaignStatus,
    ChanceKind,
    Email,
    EmailState,
    ProgressSample,
    SecondChance,
)
from tests.e2e.conftest import DESKTOP, NO_JAVASCRIPT, OpenPage, Site, assert_every_look_is_sound
from tests.e2e.soundness import assert_page_is_sound
from tests.engine.world import make_account, make_campaign

MAILS = 240
REFUSALS = (
    (550, "unknown_user", "5.1.1 <r@example.net>: Recipient address rejected: User unknown"),
    (552, "mailbox_full", "5.2.2 The mailbox is over its quota"),
    (550, "policy", "5.7.26 This mail is unauthenticated, SPF and DKIM did not pass"),
)


def move(session: Session, email: Email, to: EmailState, moves: Moves, **values: object) -> None:
    """Put a mail into a state, as the engine would have left it."""
    moves.add(email.state, to)
    email.state = to
    email.attempts = 1
    for name, value in values.items():
        setattr(email, name, value)


def make_world(session: Session, site: Site) -> tuple[int, int]:
    """A campaign that is sending, one that has finished with trouble, others; two ids."""
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
    return sending.id, finished.id


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


def test_pages_are_sound_with_a_campaign_on_its_way(
    pages: list[Page], site: Site, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        sending, finished = make_world(session, site)
        lost = session.scalar(
            select(Email.recipient_id).where(
                Email.campaign_id == finished, Email.state == EmailState.UNKNOWN
            )
        )
    for page in pages:
        for path, name in (
            ("/", "dashboard"),
            ("/campaigns", "campaigns-list"),
            (f"/campaigns/{sending}", "monitor-sending"),
            (f"/campaigns/{finished}", "monitor-finished"),
            (f"/campaigns/{finished}/mail", "mail"),
            (f"/campaigns/{finished}/emails?state=failed", "ledger"),
            (f"/campaigns/{finished}/emails/{lost}", "story"),
            (f"/campaigns/{finished}/emails?state=unknown", "ledger-unknown"),
            (f"/campaigns/{sending}/cancel", "cancel"),
        ):
            page.goto(path)
            assert_page_is_sound(page, name)


def test_mail_of_a_campaign_is_read_recipient_by_recipient(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        sending, _ = make_world(session, site)
    page = open_page(DESKTOP)
    page.goto(f"/campaigns/{sending}")
    page.get_by_role("link", name="See the mail").click()
    preview = page.get_by_role("region", name="As a recipient sees it")
    expect(preview.get_by_text("पाठक 0", exact=True)).to_be_visible()
    preview.get_by_role("link", name="The next recipient").click()
    expect(preview.get_by_text("पाठक 1", exact=True)).to_be_visible()
    expect(preview.get_by_text("From", exact=True)).to_be_visible()
    preview.get_by_role("button", name="Text", exact=True).click()
    letter = page.frame_locator("iframe[title='The mail as plain text']")
    expect(letter.locator("body")).not_to_be_empty()


def test_dashboard_is_sound_for_somebody_new(pages: list[Page]) -> None:
    for page in pages:
        page.goto("/")
        expect(page.get_by_role("heading", name="Welcome to Dakiya")).to_be_visible()
        assert_page_is_sound(page, "dashboard-new")


def test_group_of_errors_leads_to_its_mails_and_to_the_story_of_one(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        _, finished = make_world(session, site)
    page = open_page(DESKTOP)
    page.goto(f"/campaigns/{finished}")
    page.get_by_role("link", name="The mailbox does not exist").click()
    expect(page.get_by_text("User unknown").first).to_be_visible()
    expect(page.get_by_text("over its quota")).to_have_count(0)
    page.get_by_role("rowheader").first.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Its story")).to_be_visible()
    expect(page.get_by_text("User unknown").first).to_be_visible()


def test_figures_follow_and_pausing_and_cancelling_answer_honestly(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        sending, _ = make_world(session, site)
    page = open_page(DESKTOP)
    page.goto(f"/campaigns/{sending}")
    sent = page.locator('[data-live="campaign.sent"]')
    before = sent.inner_text()
    with session_factory() as session:
        moves = Moves()
        moves.add(EmailState.PENDING, EmailState.SENT, 5)
        moves.store(session, campaign_id=sending, slot=WEB_SLOT)
        session.commit()
    expect(sent).to_have_text(str(int(before) + 5))
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Nothing more goes out.").first).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("cannot be undone")
    dialog.get_by_role("button", name="Cancel the campaign").click()
    expect(page.get_by_role("status").first).to_contain_text("Cancelled.")
    assert_page_is_sound(page, "monitor-cancelled")


def test_unknown_mails_are_decided_without_scripts(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        _, finished = make_world(session, site)
    page = open_page(NO_JAVASCRIPT)
    page.goto(f"/campaigns/{finished}")
    page.get_by_role("link", name="Count all as sent").click()
    page.get_by_role("button", name="Count as sent").click()
    expect(page.get_by_text("4 mails are counted as sent.")).to_be_visible()
    with session_factory() as session:
        left = session.scalar(
            select(Email.id).where(Email.campaign_id == finished, Email.state == EmailState.UNKNOWN)
        )
    assert left is None


def test_second_chance_of_many_mails_is_followed(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        _, finished = make_world(session, site)
        kind = ChanceKind.COUNT_SENT.value
        chance = SecondChance(
            campaign_id=finished, kind=kind, mails=100_000, moved=42_000, up_to=10**9
        )
        session.add(chance)
        session.commit()
        page = open_page(DESKTOP)
        page.goto(f"/campaigns/{finished}")
        expect(page.get_by_text("42,000 of 100,000")).to_be_visible()
        expect(page.get_by_role("link", name="Count all as sent")).to_be_hidden()
        assert_every_look_is_sound(page, "second-chance")
        chance.moved = 60_000
        session.commit()
        expect(page.get_by_text("60,000 of 100,000")).to_be_visible()
        session.delete(chance)
        session.commit()
    expect(page.get_by_role("link", name="Count all as sent")).to_be_visible()


def refuse(session: Session, site: Site) -> int:
    """A campaign that has paused by itself, as its content was refused."""
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


def test_pages_of_a_campaign_whose_content_is_refused_are_sound(
    pages: list[Page], site: Site, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        refused = refuse(session, site)
    for page in pages:
        page.goto(f"/campaigns/{refused}")
        expect(page.get_by_text("The content is refused")).to_be_visible()
        expect(page.get_by_text("The content was changed")).to_have_count(0)
        assert_page_is_sound(page, "monitor-refused")
        page.get_by_role("link", name="Change the content").first.click()
        expect(page.get_by_text("This campaign is paused")).to_be_visible()
        assert_page_is_sound(page, "content-of-a-paused-campaign")


def test_refused_content_is_changed_and_its_mails_are_tried_again(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        refused = refuse(session, site)
    page = open_page(DESKTOP)
    page.goto(f"/campaigns/{refused}")
    page.get_by_role("link", name="Change the content").first.click()
    page.get_by_label("Subject").fill("Kinder words, {{ name }}")
    page.get_by_role("button", name="Save and go back").click()
    expect(page.get_by_text("The content was changed")).to_be_visible()
    page.get_by_role("button", name=f"Retry {REFUSALS_IN_A_ROW} failed").click()
    expect(page.get_by_role("status").first).to_contain_text("10 mails are tried again")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    with session_factory() as session:
        waiting = session.scalars(select(Email.state).distinct()).all()
    assert waiting == [EmailState.PENDING]
