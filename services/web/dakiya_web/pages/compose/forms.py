"""The forms of making a campaign."""

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    Form,
    HiddenField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, ValidationError

from dakiya.campaigns.content import MAX_PREHEADER_CHARS, MAX_SUBJECT_CHARS
from dakiya.mail.languages import DEFAULT_LANGUAGE, LANGUAGES
from dakiya.mail.merge import MAX_SOURCE_CHARS
from dakiya_web.input.campaign import MAX_NAME_CHARS
from dakiya_web.texts import gettext, lazy_gettext
from dakiya_web.wording import number

# 100,000 recipients with a name each.
MAX_PASTED_CHARS = 5_000_000


class Whole:
    """Refuses what is too long, with words; `Length` would have browsers cut a paste off silently.

    A line end counts as one character, whatever a form makes of it.
    """

    def __init__(self, most: int) -> None:
        self.most = most

    def __call__(self, _form: Form, field: Field) -> None:
        count = len((field.data or "").replace("\r\n", "\n"))
        if count > self.most:
            words = gettext(
                "At most %(most)s characters fit here, and these are %(count)s. "
                "Nothing was cut off, and nothing was saved.",
                most=number(self.most),
                count=number(count),
            )
            raise ValidationError(words)


class DetailsForm(FlaskForm):
    """What a campaign is called, and who sends it."""

    name = StringField(
        lazy_gettext("Name"),
        [InputRequired(lazy_gettext("Give the campaign a name.")), Length(max=MAX_NAME_CHARS)],
        description=lazy_gettext("Only you see it."),
        render_kw={"autocomplete": "off", "maxlength": MAX_NAME_CHARS},
    )
    account = SelectField(
        lazy_gettext("Send through"),
        coerce=str,
        description=lazy_gettext("The SMTP account, and the address in From."),
    )
    seen = HiddenField()


class PasteForm(FlaskForm):
    """Recipients in any mess."""

    pasted = TextAreaField(
        lazy_gettext("Paste addresses"),
        [InputRequired(lazy_gettext("Paste some addresses first.")), Length(max=MAX_PASTED_CHARS)],
        description=lazy_gettext(
            "One to a line, or with commas between. Asha Rao <asha@example.com> is fine."
        ),
        render_kw={"rows": 7, "spellcheck": "false", "autocomplete": "off"},
    )


class ContentForm(FlaskForm):
    """What a campaign says, in one of the ways to write it; see `written` for what is wanted."""

    kind = HiddenField()
    subject = StringField(
        lazy_gettext("Subject"),
        [Whole(MAX_SUBJECT_CHARS)],
        render_kw={"autocomplete": "off", "data-most": MAX_SUBJECT_CHARS, "data-takes-field": ""},
    )
    preheader = StringField(
        lazy_gettext("Preview text"),
        [Whole(MAX_PREHEADER_CHARS)],
        description=lazy_gettext("Inboxes show it behind the subject."),
        render_kw={"autocomplete": "off", "data-most": MAX_PREHEADER_CHARS, "data-takes-field": ""},
    )
    # What is not known is refused where the content is made (finish_content).
    language = SelectField(
        lazy_gettext("Language of the mail"),
        choices=[SelectChoice(language.code, language.name) for language in LANGUAGES.values()],
        default=DEFAULT_LANGUAGE,
        validate_choice=False,
        description=lazy_gettext(
            "For the unsubscribe line below it, its direction, and whoever has it read out."
        ),
    )
    # The document of the rich editor, as JSON.
    source = TextAreaField()
    html = TextAreaField(
        "HTML",
        [Whole(MAX_SOURCE_CHARS)],
        render_kw={
            "rows": 18,
            "spellcheck": "false",
            "wrap": "soft",
            "data-source": "",
            "data-most": MAX_SOURCE_CHARS,
        },
    )
    text = TextAreaField(
        lazy_gettext("Plain text"),
        [Whole(MAX_SOURCE_CHARS)],
        render_kw={
            "rows": 6,
            "spellcheck": "true",
            "data-takes-field": "",
            "data-most": MAX_SOURCE_CHARS,
        },
    )
    seen = HiddenField()


class ConfirmForm(FlaskForm):
    """The answer to the review: what was reviewed."""

    at = HiddenField()
    timezone = HiddenField()
    resend_unknown = BooleanField(
        lazy_gettext("Send unknown mails again by themselves"),
        description=lazy_gettext(
            "Sometimes the connection breaks after a mail was handed over and before the server "
            "says yes. Nobody can know then whether it arrived. Without this you decide about such "
            "mails; with it each goes out once more, and may arrive twice."
        ),
    )
    accept = BooleanField(lazy_gettext("I have looked at these. Send it all the same."))
    # Which doubts were looked at.
    doubted = HiddenField()
    seen = HiddenField()


class TestForm(FlaskForm):
    """Where a test of a campaign goes."""

    __test__ = False  # not a test class, whatever pytest thinks of its name

    to = StringField(
        lazy_gettext("Send a test to"),
        [InputRequired(lazy_gettext("Type the address that gets the test."))],
        description=lazy_gettext("Several addresses with commas between them, five at most."),
        render_kw={"type": "email", "multiple": True, "autocomplete": "email"},
    )
    recipient = HiddenField()
