"""Whoever uses a page waits until it is there: what is seen before may not answer yet.

A page is seen as it arrives, and its modules run when all of it has. Playwright waits for an
element that is to be used, not for them: on a busy machine a key or a click would come before
somebody listens.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from playwright.sync_api import Locator, Page

_DEVICES: Final = ("keyboard", "mouse")
_ACTIONS: Final = (
    "blur", "check", "clear", "click", "dblclick", "drag_to", "fill", "focus", "hover", "press",
    "press_sequentially", "select_option", "set_checked", "set_input_files", "tap", "uncheck",
)  # fmt: skip


def wait_before_acting() -> None:
    """Let every use of a page wait until it is loaded."""
    for name in _DEVICES:
        setattr(Page, name, property(_once_loaded(getattr(Page, name).fget, lambda page: page)))
    for name in _ACTIONS:
        setattr(Locator, name, _once_loaded(getattr(Locator, name), lambda found: found.page))


def _once_loaded(act: Callable[..., Any], page_of: Callable[[Any], Page]) -> Callable[..., Any]:
    @wraps(act)
    def act_once_loaded(subject: Any, *args: Any, **options: Any) -> Any:
        page_of(subject).wait_for_load_state()
        return act(subject, *args, **options)

    return act_once_loaded
