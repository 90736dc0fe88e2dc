"""Two ways to use a page: with the mouse, and with the keyboard alone."""

from dataclasses import dataclass
from typing import Protocol

from playwright.sync_api import Locator, Page, expect

# A page has fewer stops than this.
_STOPS = 200
_HAS_FOCUS = (
    "element => element === document.activeElement || element.contains(document.activeElement)"
)


class Hands(Protocol):
    """Whatever leads to a thing on the page, and presses it."""

    page: Page

    def go_to(self, target: Locator) -> None:
        """Put the focus there."""

    def press(self, target: Locator) -> None:
        """Follow a link, press a button."""

    def tick(self, target: Locator) -> None:
        """Tick a box."""

    def choose_radio(self, target: Locator, *, after: Locator) -> None:
        """Choose it instead of the one before it, which is chosen."""

    def set_time(self, target: Locator, time: str) -> None:
        """Enter a day and a time, "2029-12-12T09:30"; the day is the month, in the morning."""

    def use_tool(self, name: str) -> None:
        """Press a button of the toolbar above the mail, from inside the mail."""

    def choose(self, name: str) -> None:
        """Choose from the menu that is open."""


@dataclass
class Mouse:
    """Clicks."""

    page: Page

    def go_to(self, target: Locator) -> None:
        target.click()

    def press(self, target: Locator) -> None:
        target.click()

    def tick(self, target: Locator) -> None:
        target.check()

    def choose_radio(self, target: Locator, *, after: Locator) -> None:
        del after
        target.check()

    def set_time(self, target: Locator, time: str) -> None:
        target.fill(time)

    def use_tool(self, name: str) -> None:
        self.page.get_by_role("toolbar").get_by_role("button", name=name, exact=True).click()

    def choose(self, name: str) -> None:
        self.page.get_by_role("menuitem", name=name).or_(
            self.page.get_by_role("menuitemradio", name=name)
        ).click()


@dataclass
class Keyboard:
    """Tab, arrows, Enter; never a click."""

    page: Page

    def go_to(self, target: Locator) -> None:
        target.wait_for()
        for _ in range(_STOPS):
            if target.evaluate(_HAS_FOCUS):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the Tab key does not lead to {target}")

    def press(self, target: Locator) -> None:
        self.go_to(target)
        self.page.keyboard.press("Enter")

    def tick(self, target: Locator) -> None:
        self.go_to(target)
        self.page.keyboard.press("Space")

    def choose_radio(self, target: Locator, *, after: Locator) -> None:
        self.go_to(after)
        self.page.keyboard.press("ArrowDown")
        expect(target).to_be_checked()

    def set_time(self, target: Locator, time: str) -> None:
        self.go_to(target)
        year, month, rest = time.split("-")
        day, clock = rest.split("T")
        assert day == month, "browsers disagree about which of them comes first"
        self.page.keyboard.type(day + month + year)
        # Years may have six figures: the hours do not follow by themselves.
        self.page.keyboard.press("ArrowRight")
        self.page.keyboard.type(clock.replace(":", "") + "AM")
        expect(target).to_have_value(time)

    def use_tool(self, name: str) -> None:
        self.page.keyboard.press("Alt+F10")
        tool = self.page.get_by_role("toolbar").get_by_role("button", name=name, exact=True)
        self.page.keyboard.press("Home")
        for _ in range(_STOPS):
            if tool.evaluate(_HAS_FOCUS):
                break
            self.page.keyboard.press("ArrowRight")
        self.page.keyboard.press("Enter")

    def choose(self, name: str) -> None:
        for _ in range(_STOPS):
            chosen = self.page.evaluate("document.activeElement.textContent.trim()")
            if str(chosen).startswith(name):
                break
            self.page.keyboard.press("ArrowDown")
        self.page.keyboard.press("Enter")
