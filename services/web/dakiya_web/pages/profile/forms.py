"""The forms of the profile."""

from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectChoice, SelectField
from wtforms.validators import InputRequired, Length

from dakiya.accounts.passwords import MAX_LENGTH
from dakiya.models.people import Theme
from dakiya_web.pages.people.forms import new_password_field
from dakiya_web.zones import zone_choices


class SettingsForm(FlaskForm):
    """How the pages show things."""

    timezone = SelectField("Time zone", description="Every time on the pages is shown in it.")
    theme = SelectField(
        "Theme",
        choices=[
            SelectChoice(Theme.AUTO.value, "As the system has it"),
            SelectChoice(Theme.LIGHT.value, "Light"),
            SelectChoice(Theme.DARK.value, "Dark"),
        ],
    )

    @classmethod
    def having(cls, *, timezone: str, theme: str) -> "SettingsForm":
        """Make the form, showing what is set unless something else was sent."""
        form = cls(data={"timezone": timezone, "theme": theme})
        form.timezone.choices = [
            SelectChoice(name, name.replace("_", " ")) for name in zone_choices(timezone)
        ]
        return form


class PasswordForm(FlaskForm):
    """The old password, and a new one."""

    old = PasswordField(
        "Present password",
        [InputRequired("Type your present password."), Length(max=10 * MAX_LENGTH)],
        render_kw={"autocomplete": "current-password"},
    )
    password = new_password_field()
