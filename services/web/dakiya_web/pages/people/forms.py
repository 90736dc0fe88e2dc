"""The forms of people's pages."""

from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from dakiya.accounts.passwords import MAX_LENGTH, MIN_LENGTH

MAX_ADDRESS_CHARS = 1000


class LoginForm(FlaskForm):
    """Address and password."""

    email = EmailField(
        "E-mail address",
        [InputRequired("Type your e-mail address."), Length(max=MAX_ADDRESS_CHARS)],
        render_kw={"autocomplete": "username", "autofocus": True},
    )
    password = PasswordField(
        "Password",
        [InputRequired("Type your password."), Length(max=MAX_LENGTH)],
        render_kw={"autocomplete": "current-password"},
    )


class SignUpForm(FlaskForm):
    """A new user."""

    email = EmailField(
        "E-mail address",
        [InputRequired("Type your e-mail address."), Length(max=MAX_ADDRESS_CHARS)],
        render_kw={"autocomplete": "username", "autofocus": True},
    )
    password = PasswordField(
        "Password",
        [InputRequired("Choose a password."), Length(max=10 * MAX_LENGTH)],
        description=f"At least {MIN_LENGTH} characters.",
        render_kw={"autocomplete": "new-password", "minlength": MIN_LENGTH},
    )


class LogoutForm(FlaskForm):
    """Nothing but the CSRF token."""

    unused = StringField()
