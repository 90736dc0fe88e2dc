"""A save that did not succeed: tried again where that may help, and never by itself by hand."""

from playwright.sync_api import Page, Request, expect

from dakiya.campaigns.content import Content
from dakiya.clock import utc_now
from dakiya.db import SessionFactory
from dakiya.models import Campaign, CampaignStatus, ContentKind, Template
from dakiya.templates.own import keep_template
from tests.e2e.composing import new_draft, until_ready
from tests.e2e.conftest import DESKTOP, OpenPage, Site

LATER_MS = 20_000


def asked_to_save(page: Page) -> list[str]:
    """What the page asks its server to keep, from now on."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/keep"):
            asked.append(request.post_data or "")

    page.on("request", note)
    return asked


def pass_time(page: Page) -> None:
    """Let the page believe that it is later, and answers come."""
    page.clock.fast_forward(LATER_MS)
    page.wait_for_timeout(1_000)


def state(page: Page, name: str) -> None:
    expect(page.locator(f"[data-status][data-state={name}]")).to_be_visible()


def test_template_is_saved_by_hand_also_after_a_save_that_did_not_arrive(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    with session_factory.begin() as session:
        content = Content("One", kind=ContentKind.TEXT, text="Hello")
        template_id = keep_template(
            session, workspace_id=site.workspace_id, name="Mine", content=content
        ).id
    page = open_page(DESKTOP)
    page.clock.install()
    page.goto(f"/templates/{template_id}/edit")
    until_ready(page)
    page.route("**/keep", lambda route: route.abort())
    text = page.get_by_label("Plain text", exact=True)
    text.fill("A whole sentence.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Save it again once it does.")).to_be_visible()
    page.unroute("**/keep")
    asked = asked_to_save(page)
    text.press_sequentially(" And half")
    pass_time(page)
    assert asked == []
    page.get_by_role("button", name="Save", exact=True).click()
    state(page, "saved")
    with session_factory() as session:
        assert session.get_one(Template, template_id).text == "A whole sentence. And half"


def test_mail_is_saved_once_its_server_is_back_and_not_once_it_was_refused(
    open_page: OpenPage, site: Site, session_factory: SessionFactory
) -> None:
    campaign_id = new_draft(site, session_factory)
    page = open_page(DESKTOP)
    page.clock.install()
    page.goto(f"/campaigns/{campaign_id}/edit/content?way=text")
    until_ready(page)
    text = page.get_by_label("Plain text", exact=True)
    page.route("**/keep", lambda route: route.abort())
    text.fill("First.")
    pass_time(page)
    state(page, "away")
    page.unroute("**/keep")
    asked = asked_to_save(page)
    pass_time(page)
    state(page, "saved")
    assert len(asked) == 1
    with session_factory.begin() as session:
        campaign = session.get_one(Campaign, campaign_id)
        campaign.scheduled_at, campaign.status = utc_now(), CampaignStatus.CANCELLED
    text.fill("Second.")
    pass_time(page)
    expect(page.get_by_text("This campaign is no draft any more.")).to_be_visible()
    pass_time(page)
    pass_time(page)
    assert len(asked) == 2
