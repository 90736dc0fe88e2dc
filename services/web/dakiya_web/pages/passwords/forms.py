"""The forms of a forgotten password."""

from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, Length

from dakiya.accounts.passwords import MAX_LENGTH, MIN_LENGTH
from dakiya_web.pages.people.forms import MAX_ADDRESS_CHARS


class ForgotForm(FlaskForm):
    """Whose password."""

    email = EmailField(
        "E-mail address",
        [InputRequired("Type your e-mail address."), Length(max=MAX_ADDRESS_CHARS)],
        render_kw={"autocomplete": "username", "autofocus": True},
    )


class ResetForm(FlaskForm):
    """The new password."""

    password = PasswordField(
        "New password",
        [InputRequired("Choose a new password."), Length(max=10 * MAX_LENGTH)],
        description=f"At least {MIN_LENGTH} characters.",
        render_kw={"autocomplete": "new-password", "minlength": MIN_LENGTH, "autofocus": True},
    )
