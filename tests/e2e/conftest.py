"""A real Chromium at a real web on real servers.

``site``      the web as a process; ``site.installation`` starts schedulers and senders too
``open_page`` opens a browser window of a given look, watched for errors, logged in if asked
``pages``     one logged-in window per look: light and dark, desktop and phone
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from dakiya.accounts.users import create_user, workspace_of
from dakiya.db import SessionFactory
from dakiya.models import Workspace
from tests.e2e.patience import wait_before_acting
from tests.e2e.soundness import assert_page_is_sound, watch
from tests.engine.installation import Installation
from tests.system.compose import free_port
from tests.web.browsing import FORM_TOKEN, PASSWORD

# The first one draws no window of its own around the page: half the CPU.
BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome")
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)

# A page comes when the machine has time for it: what is expected is what it shows then.
expect.set_options(timeout=20_000)
wait_before_acting()


@dataclass(frozen=True)
class Look:
    """How a window looks."""

    theme: str
    width: int
    height: int
    javascript: bool = True


LOOKS = tuple(
    Look(theme, *size) for size in ((1440, 900), (390, 844)) for theme in ("light", "dark")
)
DESKTOP = LOOKS[0]
PHONE, PHONE_IN_THE_DARK = LOOKS[2:]
NO_JAVASCRIPT = Look("light", 1440, 900, javascript=False)


@dataclass(frozen=True)
class Site:
    """The running web, and somebody with an account there."""

    url: str
    installation: Installation
    email: str
    user_id: int
    workspace_id: int


OpenPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser is more than wheels: these tests are system tests."""
    for item in items:
        if Path(item.path).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.system)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium; a missing one fails the run."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert path, f"these tests need Chromium: apt install {BROWSERS[0]}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def site(
    environment: dict[str, str],
    web_database_url: str,
    session_factory: SessionFactory,
    tmp_path: Path,
) -> Iterator[Site]:
    """The web as a process, and alice, who has an account and nothing else."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with session_factory() as session:
        user = create_user(session, email="alice@example.com", password=PASSWORD)
        session.commit()
        workspace_id = workspace_of(session, user.id)
        # What the checks ask everybody for.
        session.get_one(Workspace, workspace_id).postal_address = "14 Lake Road, Pune 411001"
        session.commit()
    settings = {
        **environment,
        "DAKIYA_PUBLIC_URL": url,
        "DAKIYA_DEMO_INBOX_URL": "http://127.0.0.1:8025",
        "DAKIYA_ALLOWED_INTERNAL_HOSTS": "127.0.0.1",
        "DAKIYA_TICK_SECONDS": "1",
    }
    with Installation(settings, tmp_path) as installation:
        installation.start_web(port, DATABASE_URL=web_database_url)
        yield Site(url, installation, user.email, user.id, workspace_id)


@pytest.fixture
def open_page(chromium: Browser, site: Site) -> Iterator[OpenPage]:
    """Open a window: ``open_page(look)``, ``open_page(look, logged_in=False)``."""
    contexts = []

    def open_one(look: Look = DESKTOP, *, logged_in: bool = True) -> Page:
        context = chromium.new_context(
            base_url=site.url,
            viewport={"width": look.width, "height": look.height},
            color_scheme="dark" if look.theme == "dark" else "light",
            has_touch=look.width < 600,
            java_script_enabled=look.javascript,
            locale="en-IN",
            timezone_id="Asia/Kolkata",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        if look.javascript:
            watch(page)
        if logged_in:
            enter(context, site.email)
        return page

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def pages(open_page: OpenPage) -> list[Page]:
    """A logged-in window of every look; all of one log-in."""
    first, *rest = [open_page(look, logged_in=look is DESKTOP) for look in LOOKS]
    for page in rest:
        page.context.add_cookies(first.context.cookies())  # type: ignore[arg-type]
    return [first, *rest]


def enter(context: BrowserContext, email: str) -> None:
    """Log in without drawing a page; where that matters, ``log_in`` does so as a person does."""
    form = FORM_TOKEN.search(context.request.get("/login").text())
    assert form
    answer = context.request.post(
        "/login",
        form={"email": email, "password": PASSWORD, "csrf_token": form[1]},
        max_redirects=0,
    )
    assert answer.status == 303, answer.text()


def log_in(page: Page, email: str, password: str = PASSWORD) -> None:
    """Log in as a person does."""
    page.goto("/login")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)


def assert_every_look_is_sound(
    page: Page, name: str = "", *, looks: Iterable[Look] = LOOKS
) -> None:
    """Turn the window to each look in turn: a page of its own for each takes seconds to reach."""
    before = page.viewport_size
    for look in looks:
        page.set_viewport_size({"width": look.width, "height": look.height})
        # Otherwise every colour is on its way to another for a while.
        page.emulate_media(
            color_scheme="dark" if look.theme == "dark" else "light", reduced_motion="reduce"
        )
        assert_page_is_sound(page, name)
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    if before:
        page.set_viewport_size(before)
