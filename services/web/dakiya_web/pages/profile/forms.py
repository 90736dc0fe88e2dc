"""The forms of the profile."""

from flask_wtf import FlaskForm
from wtforms import (
    PasswordField,
    SearchField,
    SelectChoice,
    SelectField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length

from dakiya.accounts.passwords import MAX_LENGTH
from dakiya.accounts.postal import clean_postal_address
from dakiya.campaigns.times import find_zone
from dakiya.errors import InvalidInput
from dakiya.models.people import Theme
from dakiya_web.pages.people.forms import new_password_field
from dakiya_web.texts import lazy_gettext
from dakiya_web.zones import zone_name


class SettingsForm(FlaskForm):
    """How the pages show things."""

    timezone = SearchField(
        lazy_gettext("Time zone"),
        [InputRequired(lazy_gettext("Choose a time zone.")), Length(max=100)],
        description=lazy_gettext(
            "Every time on the pages is shown in it. Type a city to find yours."
        ),
        render_kw={
            "list": "zones",
            "autocomplete": "off",
            "spellcheck": "false",
            "data-takes-over": "",
        },
    )
    theme = SelectField(
        lazy_gettext("Theme"),
        choices=[
            SelectChoice(Theme.AUTO.value, lazy_gettext("As the system has it")),
            SelectChoice(Theme.LIGHT.value, lazy_gettext("Light")),
            SelectChoice(Theme.DARK.value, lazy_gettext("Dark")),
        ],
    )

    def validate_timezone(self, field: SearchField) -> None:
        """Refuse a zone that does not exist, with those that may be meant."""
        try:
            find_zone(zone_name(field.data))
        except InvalidInput as error:
            raise ValidationError(str(error)) from None


class AddressForm(FlaskForm):
    """Where the sender of the mails can be reached by post."""

    address = TextAreaField(
        lazy_gettext("Postal address"),
        description=lazy_gettext(
            "Name, street, town, country: it stands below each of your mails. Many countries ask "
            "for it by law."
        ),
        render_kw={"rows": 4, "autocomplete": "street-address"},
    )

    def validate_address(self, field: TextAreaField) -> None:
        """Refuse what can stand below no mail."""
        try:
            clean_postal_address(field.data or "")
        except InvalidInput as error:
            raise ValidationError(str(error)) from None


class PasswordForm(FlaskForm):
    """The old password, and a new one."""

    old = PasswordField(
        lazy_gettext("Present password"),
        [InputRequired(lazy_gettext("Type your present password.")), Length(max=10 * MAX_LENGTH)],
        render_kw={"autocomplete": "current-password"},
    )
    password = new_password_field()
