"""Which known server an address suggests: by its domain, or by who takes that domain's mail."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flask import render_template, request
from flask.typing import ResponseReturnValue

from dakiya.domains.register import domain_of, find_check, find_mx
from dakiya.smtp_accounts.providers import (
    Provider,
    provider_of_account,
    provider_of_address,
    provider_of_mx,
)
from dakiya_web.input.reader import FieldReader
from dakiya_web.pages.people.sessions import logged_in_user
from dakiya_web.pages.smtp_accounts import wording
from dakiya_web.pages.smtp_accounts.blueprint import smtp_accounts
from dakiya_web.pages.smtp_accounts.domain import ask_for_names, is_being_looked_up
from dakiya_web.pages.smtp_accounts.presets import Preset, find_preset, known_presets
from dakiya_web.wiring import request_session, wiring

_MAX_CHARS: Final = 320
ASK_AGAIN_AFTER: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class Suggestion:
    """What an address suggests. ``is_hosted``: the provider takes the mail of the address's domain.

    ``runs``: a sender is asking the name servers who does.
    """

    address: str
    provider: Provider | None
    is_hosted: bool = False
    runs: bool = False


def suggest(address: str) -> Suggestion:
    """Suggest a server for an address; has a sender ask about a domain that nobody knows."""
    known, reader = provider_of_address(address), FieldReader({"address": address})
    domain = domain_of(reader.address("address"))
    if known is not None or reader.any_wrong() or not domain:
        return Suggestion(address, known)
    session, now = request_session(), wiring().clock()
    mx = find_mx(session, domain)
    if mx is not None:
        return Suggestion(address, provider_of_mx(mx), is_hosted=True)
    check = find_check(session, domain)
    # Without an answer it is asked again by itself, but not by a page that waits for it.
    if check is None or now - check.requested_at > ASK_AGAIN_AFTER:
        ask_for_names([domain], again=True)
    return Suggestion(address, None, runs=is_being_looked_up(session, domain))


def address_asked_for() -> str:
    """Return the address that a page was asked about; that of whoever asks, without one."""
    asked = request.args.get("address", "").strip()
    return asked if 0 < len(asked) <= _MAX_CHARS else logged_in_user().email


@dataclass(frozen=True)
class Recognised:
    """A typed server that is known: its provider's preset, and its limits in words, if any."""

    preset: Preset
    limits: str


def recognise(host: str, *addresses: str) -> Recognised | None:
    """Recognise a server by its name, and by whose address goes through it."""
    provider = provider_of_account(host, *addresses)
    preset = find_preset(provider.name, known_presets()) if provider is not None else None
    if preset is None:
        return None
    has_limits = any(getattr(preset.provider, name) for name in wording.PACES)
    return Recognised(preset, wording.limits(preset.provider) if has_limits else "")


@smtp_accounts.get("/smtp-accounts/server")
def show_server() -> ResponseReturnValue:
    """What is known of a server that is being typed, for the form that it is typed into."""
    fields = [
        request.args.get(name, "")[:_MAX_CHARS] for name in ("host", "username", "from_email")
    ]
    return render_template("smtp_accounts/server.html", recognised=recognise(*fields))


@smtp_accounts.get("/smtp-accounts/suggestion")
def show_suggestion() -> ResponseReturnValue:
    """The suggestion by itself, for the page that shows it while name servers are asked."""
    return render_template("smtp_accounts/suggestion.html", suggestion=suggest(address_asked_for()))
