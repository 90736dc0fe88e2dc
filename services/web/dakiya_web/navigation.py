"""The entries of the shell's navigation, and the keys that lead to them."""

from dataclasses import dataclass

from flask import Flask, current_app, url_for

from dakiya_web.texts import Text, lazy_gettext


@dataclass(frozen=True)
class Entry:
    """A place in the navigation; it appears once its endpoint is registered."""

    name: str
    endpoint: str
    label: Text
    icon: str
    keys: str

    @property
    def url(self) -> str:
        """Where it leads."""
        return url_for(self.endpoint)


# A page says which one it belongs to: {% set active = "campaigns" %}.
ENTRIES = (
    Entry(
        "dashboard",
        "dashboard.index",
        lazy_gettext("Dashboard"),
        "layout-dashboard",
        "g d",
    ),
    Entry("campaigns", "campaigns.index", lazy_gettext("Campaigns"), "send", "g c"),
    Entry("templates", "templates.index", lazy_gettext("Templates"), "template", "g l"),
    Entry("media", "media.index", lazy_gettext("Media"), "photo", "g m"),
    Entry("smtp_accounts", "smtp_accounts.index", lazy_gettext("SMTP accounts"), "server-2", "g s"),
    Entry(
        "suppressions",
        "suppressions.index",
        lazy_gettext("Suppressions"),
        "mail-off",
        "g u",
    ),
    Entry("tokens", "tokens.index", lazy_gettext("API tokens"), "key", "g t"),
    Entry("profile", "profile.show", lazy_gettext("Profile"), "user-circle", "g p"),
)


def install_navigation(app: Flask) -> None:
    """Let templates ask for ``navigation()``, ``has_page(endpoint)`` and ``home_url()``."""
    app.jinja_env.globals.update(navigation=navigation, has_page=has_page, home_url=home_url)


def navigation() -> list[Entry]:
    """Return the entries whose pages exist in this application."""
    return [entry for entry in ENTRIES if has_page(entry.endpoint)]


def has_page(endpoint: str) -> bool:
    """Tell whether the application has a page of this name."""
    return endpoint in current_app.view_functions


def home_url() -> str:
    """Return where a person starts: the dashboard, or the campaigns while there is none."""
    return navigation()[0].url
