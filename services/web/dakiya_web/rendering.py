"""What every template may say: figures, instants in the user's zone, the theme."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Flask, g, request
from markupsafe import Markup

from dakiya.models.people import DEFAULT_TIMEZONE
from dakiya_web import wording
from dakiya_web.input.reader import sentence
from dakiya_web.pages.campaigns.words import say_state, say_status
from dakiya_web.pages.people.sessions import present_user
from dakiya_web.pages.preferences.themes import present_theme
from dakiya_web.wiring import wiring

Words = Callable[[datetime], str]


def install_rendering(app: Flask) -> None:
    """Give the filters and globals to the templates.

    Filters: ``number``, ``percent(whole)``, ``size``, ``duration``, ``day(pattern)``, ``sentence``,
    ``begin_upper``, ``status_word`` of a campaign, ``state_word`` of a mail.
    Globals: ``when(instant)``, ``ago(instant)``: a <time> element, or a dash for None;
    ``zone()``: the user's zone; ``is_fragment()``: asked by htmx or by our modules.
    """
    app.jinja_env.filters.update(
        number=wording.number,
        percent=wording.percent,
        size=wording.size,
        duration=wording.duration,
        day=wording.day,
        sentence=sentence,
        begin_upper=begin_upper,
        status_word=say_status,
        state_word=say_state,
    )
    app.jinja_env.globals.update(when=when, ago=ago, zone=zone, is_fragment=is_fragment)
    app.context_processor(_for_templates)


def zone() -> str:
    """Return the name of the user's time zone."""
    user = None if g.get("plain_page") else present_user()
    return user.timezone if user is not None else DEFAULT_TIMEZONE


def when(instant: datetime | None, timezone: str | None = None, *, inside: bool = False) -> Markup:
    """Show an instant in the user's zone or another: "Today, 09:00 IST"; ``inside`` a sentence."""
    name = timezone or zone()

    def words(at: datetime) -> str:
        return wording.instant(at, name, now=wiring().clock(), inside=inside)

    return _time(instant, name, words)


def ago(instant: datetime | None) -> Markup:
    """Show how far off an instant is: "3 min ago"; the title tells it in full."""
    return _time(instant, zone(), lambda at: wording.distance(at, now=wiring().clock()))


def begin_upper(text: str) -> str:
    """Begin with a capital and leave the rest."""
    return text[:1].upper() + text[1:]


def is_fragment() -> bool:
    """Tell whether a part of a page was asked for, by htmx or by a module of ours."""
    return "HX-Request" in request.headers or request.headers.get("X-Fragment") == "1"


def _time(instant: datetime | None, timezone: str, words: Words) -> Markup:
    if instant is None:
        return Markup("–")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        wording.instant_in_full(instant, timezone),
        words(instant),
    )


def _for_templates() -> dict[str, Any]:
    return {
        "theme": present_theme(),
        "demo_inbox_url": wiring().settings.demo_inbox_url,
    }
