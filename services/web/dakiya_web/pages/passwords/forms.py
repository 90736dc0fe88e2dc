"""The forms of a forgotten password."""

from flask_wtf import FlaskForm

from dakiya_web.pages.people.forms import address_field, new_password_field


class ForgotForm(FlaskForm):
    """Whose password."""

    email = address_field()


class ResetForm(FlaskForm):
    """The new password."""

    password = new_password_field(autofocus=True)
