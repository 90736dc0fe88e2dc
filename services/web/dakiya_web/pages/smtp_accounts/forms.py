"""The forms of an SMTP account; what is right is decided where the API decides it too."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from flask_wtf import FlaskForm
from wtforms import EmailField, Field, PasswordField, SelectChoice, SelectField, StringField

from dakiya.models import Security, SmtpAccount
from dakiya.models.smtp import (
    DEFAULT_CONNECTIONS,
    DEFAULT_MAILS_PER_CONNECTION,
    MAX_CONNECTIONS,
)
from dakiya.smtp_accounts.providers import Provider, provider_of_address, provider_of_host
from dakiya_web.input.reader import InvalidFields
from dakiya_web.input.smtp_account import PACES, AccountInput, read_account
from dakiya_web.texts import gettext, lazy_gettext
from dakiya_web.wiring import wiring

LIMIT_FIELDS = (*PACES, "connections", "mails_per_connection")
_SERVER_FIELDS = ("name", "host", "port", "security", "username", "password")
_SENDER_FIELDS = ("from_email", "from_name")
_DIGITS: Mapping[str, Any] = {"inputmode": "numeric", "autocomplete": "off"}
_PLAIN: Mapping[str, Any] = {"autocomplete": "off", "spellcheck": "false"}


class AccountForm(FlaskForm):
    """A whole account. The password is only ever written, never shown."""

    name = StringField(
        lazy_gettext("Name"),
        description=lazy_gettext("For you: it appears where you choose an account."),
        render_kw=_PLAIN,
    )
    host = StringField(
        lazy_gettext("Server"),
        description=lazy_gettext("Its host name, such as smtp.example.com."),
        render_kw={**_PLAIN, "autocapitalize": "none"},
    )
    port = StringField(
        lazy_gettext("Port"),
        description=lazy_gettext("Mostly 587, or 465 with TLS."),
        default="587",
        render_kw=_DIGITS,
    )
    security = SelectField(
        lazy_gettext("Encryption"),
        description=lazy_gettext("Your provider tells which one."),
        choices=[
            SelectChoice(Security.STARTTLS.value, lazy_gettext("STARTTLS (port 587)")),
            SelectChoice(Security.TLS.value, lazy_gettext("TLS (port 465)")),
            SelectChoice(Security.NONE.value, lazy_gettext("None (this machine only)")),
        ],
        default=Security.STARTTLS.value,
    )
    username = StringField(
        lazy_gettext("User name"),
        description=lazy_gettext(
            "Often your full address. Leave it empty for a server without a login."
        ),
        render_kw={**_PLAIN, "autocapitalize": "none"},
    )
    password = PasswordField(
        lazy_gettext("Password"),
        description=lazy_gettext("Kept encrypted, and never shown again."),
        render_kw={"autocomplete": "new-password"},
    )
    from_email = EmailField(
        lazy_gettext("From address"),
        description=lazy_gettext("Readers see it as the sender; your provider must allow it."),
        render_kw={"autocomplete": "off"},
    )
    from_name = StringField(
        lazy_gettext("From name"),
        description=lazy_gettext("Such as your name or your shop's."),
        render_kw=_PLAIN,
    )
    per_second = StringField(lazy_gettext("Mails a second"), render_kw=_DIGITS)
    per_minute = StringField(lazy_gettext("Mails a minute"), render_kw=_DIGITS)
    per_hour = StringField(lazy_gettext("Mails an hour"), render_kw=_DIGITS)
    per_day = StringField(lazy_gettext("Mails a day"), render_kw=_DIGITS)
    connections = StringField(
        lazy_gettext("Connections at a time"),
        description=lazy_gettext(
            "From 1 to %(most)s. More is faster where the server allows it.",
            most=MAX_CONNECTIONS,
        ),
        default=str(DEFAULT_CONNECTIONS),
        render_kw=_DIGITS,
    )
    mails_per_connection = StringField(
        lazy_gettext("Mails per connection"),
        description=lazy_gettext("Then a new connection is opened."),
        default=str(DEFAULT_MAILS_PER_CONNECTION),
        render_kw=_DIGITS,
    )

    def body(self) -> dict[str, object]:
        """Return what was typed, in the form in which the API gets it."""
        typed = {name: self[name].data or None for name in (*_SERVER_FIELDS, *_SENDER_FIELDS)}
        typed["port"] = read_number(self.port.data)
        return {**typed, "limits": {name: read_number(self[name].data) for name in LIMIT_FIELDS}}

    def note(self, errors: Mapping[str, list[str]]) -> None:
        """Put mistakes beside the fields that have them."""
        for name, messages in errors.items():
            field = self._fields.get(name.removeprefix("limits."))
            if field is None:
                self.form_errors.extend(messages)
            else:
                words = [_say(field, message) for message in messages]
                field.errors = [*field.errors, *words]


class TestForm(FlaskForm):
    """Where the test mail goes."""

    __test__ = False  # not a test class, whatever pytest thinks of its name

    to = EmailField(lazy_gettext("Send the test mail to"), render_kw={"autocomplete": "email"})

    def note(self, errors: Mapping[str, list[str]]) -> None:
        """Put mistakes beside the field."""
        words = [_say(self.to, message) for messages in errors.values() for message in messages]
        self.to.errors = [*self.to.errors, *words]


class ElsewhereForm(FlaskForm):
    """How many mails went through the server without Dakiya."""

    mails = StringField(
        lazy_gettext("Already used today"),
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )


def form_of(account: SmtpAccount) -> dict[str, Any]:
    """Return what the form shows of a stored account: everything but the password."""
    stored = {name: getattr(account, name) for name in (*_SERVER_FIELDS[:-1], *_SENDER_FIELDS)}
    limits = {name: getattr(account, name) for name in LIMIT_FIELDS}
    texts = {name: "" if value is None else str(value) for name, value in (stored | limits).items()}
    return {**texts, "security": account.security.value}


def form_of_preset(provider: Provider, *, address: str, host: str = "") -> dict[str, Any]:
    """Return what the form shows for a known server to somebody with an address.

    ``host`` is the region that was chosen, where it has several.
    """
    values = {name: getattr(provider, name) for name in LIMIT_FIELDS}
    # Who hosts domains of their users' own takes their whole address for the login.
    theirs = provider.has_address(address) or (
        bool(provider.mx) and provider_of_address(address) is None
    )
    return {
        "name": provider.label,
        "host": host if host in provider.regions else provider.host,
        "port": str(provider.port),
        "security": provider.security.value,
        "username": provider.username or (address if theirs else ""),
        **{name: str(value) for name, value in values.items() if value is not None},
    }


def read_form(form: AccountForm, *, has_password: bool = False) -> AccountInput:
    """Read what was typed; known servers want a login. Raises InvalidFields."""
    missing: dict[str, list[str]] = {}
    server = provider_of_host(form.host.data or "")
    if server is not None and server.needs_login and not (form.username.data or "").strip():
        words = gettext(
            "%(label)s takes no mail without a login: type your user name there.",
            label=server.label,
        )
        missing = {"username": [words]}
    try:
        sent = read_account(form.body(), egress=wiring().egress, has_password=has_password)
    except InvalidFields as error:
        raise InvalidFields({**error.errors, **missing}) from None
    if missing:
        raise InvalidFields(missing)
    return sent


def read_number(text: str | None) -> object:
    """Return a number, with separators or without; other text as it is, for it is a mistake."""
    plain = (text or "").strip().replace(",", "").replace(" ", "")
    if not plain:
        return None
    with suppress(ValueError):
        return int(plain) if plain.isascii() and len(plain) <= 18 else plain
    return plain


def _say(field: Field, message: str) -> str:
    """Make a sentence of a message that the API writes behind the name of a field."""
    if field.name == "security" and message.startswith("would send"):
        return gettext(
            "Without encryption the password could be read on its way: choose STARTTLS or TLS, "
            "or leave out the login."
        )
    message = message.replace("a whole number, without quotes", "a whole number")
    message = message.replace("when there is a username", "when there is a user name")
    if message == "is required.":
        return gettext("%(field)s is missing.", field=field.label.text)
    return message if message[:1].isupper() else f"{field.label.text} {message}"
