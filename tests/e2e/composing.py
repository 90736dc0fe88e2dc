"""What tests of the composer do again and again: open it, paste, save, read what is stored."""

from typing import Any

from playwright.sync_api import Dialog, Page, expect
from sqlalchemy.orm import Session

from dakiya.campaigns.drafts import create_campaign
from dakiya.db import SessionFactory
from dakiya.models import Campaign, ContentVersion, Recipient
from tests.e2e.conftest import Site
from tests.engine.world import make_account

PEOPLE = (("ravi@example.org", "Ravi", "Pune"), ("asha@example.org", "आशा राव", ""))
_PASTE = """([type, text]) => {
    const data = new DataTransfer();
    data.setData(type, text);
    document.activeElement.dispatchEvent(
        new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""


def make_draft(session: Session, site: Site, *, port: int = 1025) -> Campaign:
    """A draft with an account and two people, one of whom has no city."""
    campaign = create_campaign(
        session,
        workspace_id=site.workspace_id,
        name="Diwali",
        content=None,
        account=make_account(session, site.workspace_id, port),
        timezone="Asia/Kolkata",
    )
    for email, name, city in PEOPLE:
        session.add(
            Recipient(
                workspace_id=site.workspace_id,
                campaign_id=campaign.id,
                email=email,
                email_normalised=email,
                name=name,
                fields={"city": city},
            )
        )
    return campaign


def until_ready(page: Page) -> None:
    """The editor has taken the textarea's place: before, a click goes to what is about to go."""
    page.locator("[data-way][data-ready]").wait_for()


def new_draft(site: Site, session_factory: SessionFactory) -> int:
    """Store a draft; returns its id."""
    with session_factory.begin() as session:
        return make_draft(session, site).id


def open_rich(page: Page, site: Site, session_factory: SessionFactory) -> int:
    campaign_id = new_draft(site, session_factory)
    page.goto(f"/campaigns/{campaign_id}/edit/content?way=rich")
    page.get_by_label("Subject").fill("Hello")
    page.get_by_role("textbox", name="The mail").click()
    return campaign_id


def content_of(session_factory: SessionFactory, campaign_id: int) -> ContentVersion:
    """The mail as the server has it."""
    with session_factory() as session:
        content = session.get_one(Campaign, campaign_id).content
        assert content is not None
        return content


def stored(session_factory: SessionFactory, campaign_id: int) -> Any:
    """The document as the server has it."""
    return content_of(session_factory, campaign_id).source


def note_dialogs(page: Page) -> list[str]:
    """Say yes to whatever the browser asks, and collect the kinds of its questions."""
    asked: list[str] = []

    def note(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", note)
    return asked


def write(page: Page, words: str) -> None:
    """Write at the end of a rich mail, in whichever tab."""
    page.bring_to_front()
    page.get_by_role("textbox", name="The mail").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(words)


def paste(page: Page, text: str, kind: str = "text/html") -> None:
    page.evaluate(_PASTE, [kind, text])


def settle(page: Page) -> None:
    """Save by hand, and wait for it."""
    page.keyboard.press("Control+s")
    expect(page.locator("[data-status][data-state=saved]")).to_be_visible()


def insert(page: Page, name: str) -> None:
    page.get_by_role("button", name="Insert", exact=True).click()
    page.get_by_role("menuitem", name=name).click()


def kinds(node: Any) -> list[str]:
    return [node["type"], *(kind for child in node.get("content", []) for kind in kinds(child))]


def found_at(document: Any, kind: str) -> int:
    return next(n for n, node in enumerate(document["content"]) if node["type"] == kind)
