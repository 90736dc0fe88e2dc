"""The entries of the shell's navigation, and the keys that lead to them."""

from dataclasses import dataclass

from flask import Flask, current_app, url_for


@dataclass(frozen=True)
class Entry:
    """A place in the navigation; it appears once its endpoint is registered."""

    name: str
    endpoint: str
    label: str
    icon: str
    keys: str

    @property
    def url(self) -> str:
        """Where it leads."""
        return url_for(self.endpoint)


# A page says which one it belongs to: {% set active = "campaigns" %}.
ENTRIES = (
    Entry("dashboard", "dashboard.index", "Dashboard", "layout-dashboard", "g d"),
    Entry("campaigns", "campaigns.index", "Campaigns", "send", "g c"),
    Entry("smtp_accounts", "smtp_accounts.index", "SMTP accounts", "server-2", "g s"),
    Entry("suppressions", "suppressions.index", "Suppressions", "mail-off", "g u"),
    Entry("tokens", "tokens.index", "API tokens", "key", "g t"),
    Entry("profile", "profile.show", "Profile", "user-circle", "g p"),
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
