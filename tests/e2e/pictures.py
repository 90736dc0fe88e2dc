"""Takes the pictures of the documentation, for `make screenshots`; no other command runs it.

The real product with the books of a shop that does not exist: a campaign on its way to a real SMTP
server, one that is being written, and thirty days of figures before.
"""

from dataclasses import replace
from datetime import timedelta
from importlib.resources import as_file, files
from io import BytesIO
from itertools import product

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from dakiya.campaigns.drafts import set_content
from dakiya.campaigns.lifecycle import schedule
from dakiya.campaigns.progress import prepare_chunk
from dakiya.clock import utc_now
from dakiya.db import SessionFactory, database_now
from dakiya.delivery.counters import WEB_SLOT, Moves
from dakiya.models import (
    Campaign,
    CampaignFigure,
    CampaignStatus,
    ContentVersion,
    EmailState,
    Recipient,
    SmtpAccount,
    User,
    Workspace,
)
from dakiya.templates.starters import KEYS, find_starter
from dakiya_web.pages.templates.starters import EDITION
from tests.e2e.conftest import Look, OpenPage, Site
from tests.engine.world import make_account
from tests.recorder import Action, Rule
from tests.recorder.plugin import StartRecorder
from tests.repository.checkout import ROOT

IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 150_000
DESKTOP, DARK = Look("light", 1200, 800), Look("dark", 1200, 800)
PHONE = Look("light", 390, 844)
READERS = 2_400
# Of the sheets that show all starters.
SHEET_WIDTH, GAP = 1240, 12
# When the pictures of the monitor are taken.
UNDER_WAY = 900
FIRST_NAMES = ("Asha", "Ravi", "Meera", "Kabir", "Nila", "Farhan", "Leela", "Joseph", "आशा", "Zoya")
LAST_NAMES = ("Rao", "Iyer", "Das", "Menon", "Khan", "Bose", "Pillai", "Naik", "शर्मा", "Thomas")
CITIES = ("Pune", "Kochi", "Delhi", "Jaipur", "Chennai", "Kolkata", "Mysuru")
ALTS = {
    "welcome": "Open door with plants",
    "update": "Window with charts",
    "shawl": "Yellow shawl",
    "sale": "Shopping bags",
    "reading": "Pile of books",
}
SUBJECT = "{{ name }}, your Diwali reading list"
HTML = """\
<div style="max-width:560px;margin:0 auto;font-family:Georgia,serif;color:#2b2b2b">
<p style="padding:18px 24px;background:#7a1f2b;color:#fff;font-size:22px">Banyan Books</p>
<div style="padding:0 24px;font-size:16px;line-height:1.6">
<p>Dear {{ name | default("reader") }},</p>
<p>six new books for the long evenings, chosen by our shop in
<b>{{ city | default("your town") }}</b>. Bring this mail until 12 November
and take the second one home for half its price.</p>
<p><a href="https://banyan-books.example/diwali" style="color:#7a1f2b">See the list</a></p>
<p>Warm wishes,<br>everybody at Banyan Books</p>
</div></div>
"""


def add_campaign(
    session: Session, account: SmtpAccount, name: str, readers: int, subject: str = SUBJECT
) -> Campaign:
    campaign = Campaign(
        workspace_id=account.workspace_id, name=name, smtp_account_id=account.id, token="t" * 32
    )
    session.add(campaign)
    session.flush()
    version = ContentVersion(campaign_id=campaign.id, number=1, subject=subject, html=HTML)
    session.add(version)
    session.flush()
    campaign.content_version_id = version.id
    names = list(product(FIRST_NAMES, LAST_NAMES))
    session.add_all(
        Recipient(
            workspace_id=account.workspace_id,
            campaign_id=campaign.id,
            email=f"reader{number:04}@example.net",
            email_normalised=f"reader{number:04}@example.net",
            name=" ".join(names[number % len(names)]),
            fields={"city": CITIES[number % len(CITIES)], "member_since": str(2019 + number % 7)},
        )
        for number in range(readers)
    )
    session.flush()
    return campaign


def begin(session: Session, campaign: Campaign, *, in_s: float = 0) -> None:
    now = database_now(session)
    at = now + timedelta(seconds=in_s)
    schedule(session, campaign, at=at, timezone="Asia/Kolkata", now=now)
    while prepare_chunk(session, campaign.id):
        pass


def add_past(session: Session, campaign_id: int) -> None:
    """Thirty days of a shop that writes on every day but Sunday, most at noon."""
    # The scheduler would take the figures from the few mails that there are.
    session.get_one(Campaign, campaign_id).figures_at = utc_now() + timedelta(days=1)
    moves = Moves()
    for day in range(1, 30):
        morning = utc_now().replace(hour=5, minute=30, second=0, microsecond=0)
        begins_at = morning - timedelta(days=day)
        if begins_at.weekday() > 5:
            continue
        for hours in range(5):
            sent = (160, 420, 260, 90, 140)[hours] * (3 + (day * 7) % 5) // 4
            moves.add(EmailState.PENDING, EmailState.SENT, sent)
            moves.add(EmailState.PENDING, EmailState.FAILED, sent // 70)
            session.add(
                CampaignFigure(
                    campaign_id=campaign_id,
                    begins_at=begins_at + timedelta(hours=hours),
                    sent=sent,
                    failed=sent // 70,
                )
            )
    moves.store(session, campaign_id=campaign_id, slot=WEB_SLOT)


def make_shop(session: Session, site: Site, port: int) -> dict[str, int]:
    """A sending, a scheduled and a finished campaign, and a draft; their ids."""
    session.get_one(User, site.user_id).created_at = utc_now() - timedelta(days=60)
    account = make_account(
        session, site.workspace_id, port, name="Banyan Books relay",
        from_email="hello@banyan-books.example", from_name="Banyan Books",
        per_second=25, per_day=20_000,
    )  # fmt: skip
    past = add_campaign(session, account, "Monsoon sale", 40)
    begin(session, past)
    past.status = CampaignStatus.FINISHED
    past.started_at = past.finished_at = utc_now() - timedelta(days=2)
    later = add_campaign(session, account, "Author evening in Pune", 312)
    evening = (utc_now() + timedelta(days=2)).replace(hour=12, minute=30, second=0, microsecond=0)
    begin(session, later, in_s=(evening - utc_now()).total_seconds())
    draft = add_campaign(session, account, "New arrivals in December", 240)
    write_letter(session, draft, site.url)
    sending = add_campaign(session, account, "Diwali reading list", READERS)
    begin(session, sending)
    session.commit()
    return {"sending": sending.id, "draft": draft.id, "past": past.id}


def write_letter(session: Session, draft: Campaign, url: str) -> None:
    """The draft as somebody began it with a starter, of an installation at ``url``."""
    workspace = session.get_one(Workspace, draft.workspace_id)
    workspace.postal_address = "Banyan Books, 14 Lake Road, Pune 411001"
    starter = find_starter("newsletter", lambda name: f"{url}/m/starter-{EDITION}/{name}")
    assert starter is not None
    content = replace(starter.content, subject="{{ name }}, new books and a walk in the hills")
    set_content(session, draft, content)


@pytest.mark.timeout(600)
def test_take_pictures(
    open_page: OpenPage, site: Site, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    unknown_user = "550 5.1.1 Recipient address rejected: User unknown"
    server = recorder(
        Rule("rcpt", reply=unknown_user, recipient=r"reader\d\d[37]3@"),
        Rule("rcpt", reply="552 5.2.2 The mailbox is over its quota", recipient=r"reader\d*51@"),
        Rule("dot", Action.DROP, recipient=r"reader0(207|450|688)@"),
    )
    with session_factory() as session:
        shop = make_shop(session, site, server.port)
    site.installation.start("scheduler")
    site.installation.start("sender")
    desktop = open_page(DESKTOP)
    windows = {"dark": open_page(DARK, logged_in=False), "phone": open_page(PHONE, logged_in=False)}
    for window in windows.values():
        window.context.add_cookies(desktop.context.cookies())  # type: ignore[arg-type]
    take_starters(desktop, windows["dark"], windows["phone"])
    take_gallery(desktop)
    take_writing(desktop, shop["draft"])
    with session_factory.begin() as session:
        # Where it would be reached in earnest.
        draft = session.get_one(Campaign, shop["draft"])
        write_letter(session, draft, "https://banyan-books.example")
    take_review(desktop, shop["draft"])
    for page in (desktop, *windows.values()):
        page.goto(f"/campaigns/{shop['sending']}")
    wait_until_sent(desktop, UNDER_WAY)
    with session_factory.begin() as session:
        add_past(session, shop["past"])
    for page, name in ((desktop, "monitor"), (windows["phone"], "phone")):
        page.reload()
        take(page, name)
    for page, name in ((desktop, "dashboard"), (windows["dark"], "dark")):
        page.set_viewport_size({"width": 1200, "height": 1180})
        page.goto("/")
        take(page, name)
    desktop.set_viewport_size({"width": DESKTOP.width, "height": DESKTOP.height})
    desktop.goto(f"/campaigns/{shop['sending']}/emails")
    take(desktop, "mails")


def take_starters(page: Page, dark: Page, phone: Page) -> None:
    """All starters as mail programs show them: on a desk, on a phone and in the dark."""
    for window, name, width, columns in (
        (page, "starters", 700, 4),
        (dark, "starters-dark", 700, 4),
        (phone, "starters-phone", 390, 8),
    ):
        before = window.viewport_size
        window.set_viewport_size({"width": width, "height": 900})
        seen = []
        for key in KEYS:
            window.goto(f"/templates/starters/{key}/preview")
            window.wait_for_load_state("networkidle")
            seen.append(Image.open(BytesIO(window.screenshot())).convert("RGB"))
        keep(on_a_sheet(seen, columns=columns), name)
        if before:
            window.set_viewport_size(before)


def on_a_sheet(seen: list[Image.Image], *, columns: int) -> Image.Image:
    """Put pictures of one size beside each other, small."""
    width = SHEET_WIDTH // columns - GAP
    height = seen[0].height * width // seen[0].width
    rows = -(-len(seen) // columns)
    sheet = Image.new("RGB", (SHEET_WIDTH, rows * (height + GAP)), "#d6d1cb")
    for number, one in enumerate(seen):
        row, column = divmod(number, columns)
        small = one.resize((width, height), Image.Resampling.LANCZOS)
        sheet.paste(small, (GAP // 2 + column * (width + GAP), GAP // 2 + row * (height + GAP)))
    return sheet


def take_gallery(page: Page) -> None:
    """The templates, and a media library with some pictures in it."""
    page.goto("/templates")
    page.wait_for_load_state("networkidle")
    take(page, "templates")
    starters = files("dakiya.templates.gallery")
    with as_file(starters) as folder:
        page.goto("/media")
        page.get_by_label("Add pictures").set_input_files(sorted(folder.glob("*.png")))
        expect(page.get_by_role("link", name="welcome")).to_be_visible(timeout=60_000)
    for name, words in ALTS.items():
        page.goto("/media")
        page.get_by_role("link", name=name, exact=True).click()
        page.get_by_label("Name").fill(words)
        page.get_by_label("Alternative text").fill(words)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name=words)).to_be_visible()
    page.goto("/media")
    page.wait_for_load_state("networkidle")
    take(page, "media")


def take_writing(page: Page, draft: int) -> None:
    """The composer."""
    page.set_viewport_size({"width": 1200, "height": 1180})
    page.goto(f"/campaigns/{draft}/edit/content")
    letter = page.frame_locator("iframe[title='The mail as HTML']")
    expect(letter.get_by_text("Three months in the hills")).to_be_visible()
    take(page, "composer")
    page.set_viewport_size({"width": DESKTOP.width, "height": DESKTOP.height})


def take_review(page: Page, draft: int) -> None:
    """The review of what was written."""
    page.set_viewport_size({"width": 1200, "height": 1000})
    at = f"{utc_now() + timedelta(days=3):%Y-%m-%d}T09:00"
    page.goto(f"/campaigns/{draft}/edit/review?when=later&at={at}&timezone=Asia/Kolkata")
    take(page, "review")
    page.set_viewport_size({"width": DESKTOP.width, "height": DESKTOP.height})


def wait_until_sent(page: Page, mails: int) -> None:
    sent = page.locator('[data-live="campaign.sent"]')
    for _ in range(300):
        if int(sent.inner_text().replace(",", "")) >= mails:
            return
        page.wait_for_timeout(1_000)
    raise AssertionError(sent.inner_text())


def take(page: Page, name: str) -> None:
    """A picture of what is seen, without the pointer's traces."""
    page.evaluate("document.activeElement?.blur()")
    page.wait_for_timeout(300)
    keep(Image.open(BytesIO(page.screenshot())).convert("RGB"), name)


def keep(drawn: Image.Image, name: str) -> None:
    """Write a picture of the documentation."""
    path = IMAGES / f"{name}.png"
    # 256 colours: nobody sees the difference, and it has half the bytes.
    drawn.quantize(256, kmeans=3, dither=Image.Dither.NONE).save(path, optimize=True)
    assert path.stat().st_size < MOST_BYTES, f"{name} has {path.stat().st_size:,} bytes"
