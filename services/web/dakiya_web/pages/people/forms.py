"""The forms of people's pages."""

from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from dakiya.accounts.passwords import MAX_LENGTH, MIN_LENGTH
from dakiya_web.texts import Text, lazy_gettext

MAX_ADDRESS_CHARS = 1000
_NEW = lazy_gettext("New password")
_CHOOSE = lazy_gettext("Choose a new password.")


def address_field() -> EmailField:
    """Make the field for the address that somebody logs in with; the page begins there."""
    return EmailField(
        lazy_gettext("E-mail address"),
        [InputRequired(lazy_gettext("Type your e-mail address.")), Length(max=MAX_ADDRESS_CHARS)],
        render_kw={"autocomplete": "username", "autofocus": True},
    )


def new_password_field(
    label: Text = _NEW,
    missing: Text = _CHOOSE,
    **attributes: object,
) -> PasswordField:
    """Make the field for a password that is chosen, not typed again."""
    return PasswordField(
        label,
        [InputRequired(missing), Length(max=10 * MAX_LENGTH)],
        description=lazy_gettext("At least %(least)s characters.", least=MIN_LENGTH),
        render_kw={"autocomplete": "new-password", "minlength": MIN_LENGTH, **attributes},
    )


class LoginForm(FlaskForm):
    """Address and password."""

    email = address_field()
    password = PasswordField(
        lazy_gettext("Password"),
        [InputRequired(lazy_gettext("Type your password.")), Length(max=MAX_LENGTH)],
        render_kw={"autocomplete": "current-password"},
    )


class SignUpForm(FlaskForm):
    """A new user."""

    email = address_field()
    password = new_password_field(lazy_gettext("Password"), lazy_gettext("Choose a password."))


class LogoutForm(FlaskForm):
    """Nothing but the CSRF token."""

    unused = StringField()
