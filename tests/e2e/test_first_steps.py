"""What somebody new meets: the checklist, and time to think again after "send now"."""

import re
import time
from datetime import timedelta

from playwright.sync_api import Route, expect
from sqlalchemy.orm import Session

from dakiya.campaigns.lifecycle import schedule
from dakiya.campaigns.progress import prepare_chunk, start_due
from dakiya.clock import utc_now
from dakiya.db import SessionFactory, database_now
from dakiya.models import Campaign, CampaignStatus, SmtpTest, TestStatus
from tests.e2e.conftest import DESKTOP, OpenPage, Site, assert_every_look_is_sound
from tests.engine.world import make_account, make_campaign

# Longer than a minute: a busy machine takes its time over a test.
HOLD = timedelta(minutes=9)


def make_held(session: Session, site: Site) -> Campaign:
    """A campaign after "send now", while it can be taken back."""
    campaign = make_campaign(
        session, make_account(session, site.workspace_id, 1025), 3, start=False
    )
    now = database_now(session)
    schedule(session, campaign, at=now, timezone="Asia/Kolkata", now=now, hold=HOLD)
    while prepare_chunk(session, campaign.id):
        pass
    session.commit()
    return campaign


def test_held_campaign_counts_down_and_is_taken_back(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        campaign = make_held(session, site)
    page = open_page(DESKTOP)
    # A clock that is an hour fast takes nothing away.
    page.clock.install(time=utc_now() + timedelta(hours=1))
    page.goto(f"/campaigns/{campaign.id}")
    expect(page.get_by_text("It goes out in a moment")).to_be_visible()
    left = page.locator("[data-countdown]")
    expect(left).to_have_text(re.compile(r"^5\d\d s$"))
    before = left.inner_text()
    expect(left).not_to_have_text(before)
    assert_every_look_is_sound(page, "held-banner")
    page.get_by_role("button", name="Take back").click()
    page.wait_for_url("**/edit**")
    expect(page.get_by_text("Taken back: nothing was sent.")).to_be_visible()
    with session_factory() as session:
        assert session.get_one(Campaign, campaign.id).status is CampaignStatus.DRAFT


def test_undo_that_comes_too_late_is_refused_by_the_server(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    """The page hears that the campaign has begun while the form is on its way, and stays."""
    asked: list[Route] = []

    def answer_the_page_first(form: Route) -> None:
        for question in asked:
            question.continue_()
        time.sleep(2)
        form.continue_()

    with session_factory() as session:
        campaign = make_held(session, site)
        page = open_page(DESKTOP)
        page.route("**/progress*", lambda route: asked.append(route))  # noqa: PLW0108 - none bound
        page.route("**/unschedule", answer_the_page_first)
        with page.expect_request("**/progress*"):
            page.goto(f"/campaigns/{campaign.id}")
        undo = page.get_by_role("button", name="Take back")
        expect(undo).to_be_visible()
        campaign.scheduled_at = campaign.undo_until = database_now(session)
        session.flush()
        assert start_due(session, now=database_now(session)) == [campaign.id]
        session.commit()
    undo.click()
    expect(page.get_by_text("it can be paused or cancelled, not taken back")).to_be_visible()
    expect(page.get_by_text("It goes out in a moment")).to_be_hidden()
    with session_factory() as session:
        assert session.get_one(Campaign, campaign.id).status is CampaignStatus.SENDING


def test_page_asks_once_what_has_become_of_a_held_campaign(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        campaign = make_held(session, site)
    asked: list[Route] = []
    page = open_page(DESKTOP)
    page.clock.install()
    page.goto(f"/campaigns/{campaign.id}/scheduled")
    page.route("**/scheduled", lambda route: asked.append(route))  # noqa: PLW0108 - none bound
    with page.expect_request("**/scheduled"):
        page.clock.fast_forward(HOLD // timedelta(milliseconds=1))
        page.clock.run_for(10_000)
    page.wait_for_timeout(500)
    assert len(asked) == 1
    with page.expect_event("load"):
        asked[0].continue_()


def test_checklist_leads_somebody_new_from_step_to_step(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    page = open_page(DESKTOP)

    def expect_step(done: int, button: str) -> None:
        page.goto("/")
        expect(page.get_by_text(f"{done} of 4 done")).to_be_visible()
        expect(page.get_by_role("link", name=button)).to_be_visible()

    expect_step(0, "Connect a server")
    page.get_by_role("link", name="Connect a server").click()
    expect(page.get_by_role("heading", name="Connect a server")).to_be_visible()
    with session_factory() as session:
        account = make_account(session, site.workspace_id, 1025)
        session.commit()
        expect_step(1, "Test it")
        passed = SmtpTest(smtp_account_id=account.id, to_email=site.email, status=TestStatus.PASSED)
        session.add(passed)
        session.commit()
        expect_step(2, "Begin a campaign")
        assert_every_look_is_sound(page, "checklist")
        campaign = make_campaign(session, account, 3, start=False)
        session.commit()
        expect_step(3, "Go to the campaigns")
        campaign.started_at = database_now(session)
        session.commit()
    page.goto("/")
    expect(page.get_by_text("of 4 done")).to_be_hidden()
