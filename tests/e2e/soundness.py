"""Is this page sound? Accessible, within its policy, within its width, without errors."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from playwright.sync_api import ConsoleMessage, Page, Response

from tests.repository.checkout import ROOT

AXE = ROOT / "services/web/assets/node_modules/axe-core/axe.min.js"
# Set to a folder, every page that is looked at leaves a picture there.
PICTURES = "SCREENSHOTS"

# Chromium complains about the status of a document that a test asked for on purpose, and of what a
# page is told that saves by itself: a mistake in the words, another tab, a session that has ended.
_SAVES = "/keep"
_STATUS = re.compile(r"^Failed to load resource: the server responded with a status of")


@dataclass
class Watched:
    """What a page has complained about since it was opened."""

    troubles: list[str] = field(default_factory=list)
    documents: set[str] = field(default_factory=set)


_watched: WeakKeyDictionary[Page, Watched] = WeakKeyDictionary()


def watch(page: Page) -> Page:
    """Collect the page's errors and violations from now on, over all its documents."""
    found = _watched[page] = Watched()

    def on_console(message: ConsoleMessage) -> None:
        expected = _STATUS.match(message.text) and message.location["url"] in found.documents
        if message.type == "error" and not expected:
            found.troubles.append(f"console: {message.text}")

    def on_response(response: Response) -> None:
        if response.request.is_navigation_request() or (
            response.url.endswith(_SAVES) and response.status in (401, 409, 422)
        ):
            found.documents.add(response.url)

    def on_violation(words: str) -> None:
        found.troubles.append(words)

    page.on("console", on_console)
    page.on("response", on_response)
    page.on("pageerror", lambda error: found.troubles.append(f"script: {error}"))
    page.expose_function("dakiyaViolation", on_violation)
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', (event) =>"
        " dakiyaViolation(`policy: ${event.violatedDirective} ${event.blockedURI}`))"
    )
    return page


def assert_page_is_sound(page: Page, name: str = "") -> None:
    """Fail unless the page has no axe violation, no policy report, no error, no overflow.

    With a ``name``, and a folder in SCREENSHOTS, keep a picture: name-dark-390.png.
    """
    page.bring_to_front()  # a tab behind another one draws once a second
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready.then(() => true)")
    _come_to_rest(page)
    if name:
        _keep_picture(page, name)
    checks: tuple[Callable[[Page], list[str]], ...] = (_complaints, _overflow, _axe)
    found = [trouble for check in checks for trouble in check(page)]
    assert not found, f"{page.url} at {page.viewport_size}:\n" + "\n".join(found)


def _complaints(page: Page) -> list[str]:
    return list(_watched[page].troubles)


def _overflow(page: Page) -> list[str]:
    wide: list[str] = page.evaluate(
        """() => {
            const most = innerWidth + 1;
            if (document.documentElement.scrollWidth < most) return [];
            return [...document.querySelectorAll("body *")]
                .filter((element) => element.getBoundingClientRect().right > most)
                .slice(-5).map((element) => element.outerHTML.slice(0, 120));
        }"""
    )
    overflows = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [f"wider than the window: {wide}"] if overflows else []


def _axe(page: Page) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe_source())
    _come_to_rest(page)
    violations: list[dict[str, Any]] = page.evaluate(
        "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
    )
    return [
        f"axe {violation['id']}: {violation['help']}\n    {node['html'][:160]}\n    "
        + node["failureSummary"].replace("\n", "\n    ")
        for violation in violations
        for node in violation["nodes"][:4]
    ]


def _come_to_rest(page: Page) -> None:
    """Colours on their way to others are neither; those that come and go stay as they are."""
    page.evaluate(
        """async () => {
            await new Promise((frame) => requestAnimationFrame(() => requestAnimationFrame(frame)));
            for (const a of document.getAnimations()) {
                try { a.finish(); } catch { a.cancel(); }
            }
        }"""
    )


@cache
def _axe_source() -> str:
    return AXE.read_text(encoding="utf-8")


def _keep_picture(page: Page, name: str) -> None:
    folder = os.environ.get(PICTURES)
    if folder:
        theme = page.evaluate("document.documentElement.dataset.bsTheme")
        size = page.viewport_size
        width = size["width"] if size else 0
        page.screenshot(path=Path(folder) / f"{name}-{theme}-{width}.png", full_page=True)
