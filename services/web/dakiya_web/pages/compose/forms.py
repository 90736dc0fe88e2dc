"""The forms of making a campaign."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from dakiya.campaigns.content import MAX_PREHEADER_CHARS, MAX_SUBJECT_CHARS
from dakiya.mail.merge import MAX_SOURCE_CHARS
from dakiya_web.input.campaign import MAX_NAME_CHARS
from dakiya_web.texts import lazy_gettext

# 100,000 recipients with a name each.
MAX_PASTED_CHARS = 5_000_000


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
        [Length(max=MAX_SUBJECT_CHARS)],
        render_kw={"autocomplete": "off", "maxlength": MAX_SUBJECT_CHARS, "data-takes-field": ""},
    )
    preheader = StringField(
        lazy_gettext("Preview text"),
        [Length(max=MAX_PREHEADER_CHARS)],
        description=lazy_gettext("Inboxes show it behind the subject."),
        render_kw={"autocomplete": "off", "maxlength": MAX_PREHEADER_CHARS, "data-takes-field": ""},
    )
    # The document of the rich editor, as JSON.
    source = TextAreaField()
    html = TextAreaField(
        "HTML",
        [Length(max=MAX_SOURCE_CHARS)],
        render_kw={"rows": 18, "spellcheck": "false", "wrap": "soft", "data-source": ""},
    )
    text = TextAreaField(
        lazy_gettext("Plain text"),
        [Length(max=MAX_SOURCE_CHARS)],
        render_kw={"rows": 6, "spellcheck": "true", "data-takes-field": ""},
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
