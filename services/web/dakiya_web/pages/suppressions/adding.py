"""Adding addresses to the list: typed, pasted or out of a CSV file."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import TextAreaField

from dakiya.accounts.users import workspace_of
from dakiya.contacts.suppressions import suppress_many
from dakiya.errors import InvalidInput
from dakiya_web.pages.people.sessions import logged_in_user
from dakiya_web.pages.suppressions.blueprint import suppressions
from dakiya_web.texts import lazy_gettext, ngettext
from dakiya_web.wiring import request_session
from dakiya_web.wording import number

MOST_LINES_SHOWN = 500
_NEITHER = lazy_gettext("Paste at least one address, or choose a file.")
_SHEET = lazy_gettext(
    "This is an Excel file. Save it as CSV there (File, Save as), and choose that one."
)
# A zip, as xlsx is one; and the older kind of Excel's files.
_SHEET_BEGINNINGS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class AddForm(FlaskForm):
    """Pasted addresses, a file, or both."""

    pasted = TextAreaField(
        lazy_gettext("Addresses"),
        description=lazy_gettext(
            "One on a line, or with commas between. Names around them do no harm."
        ),
        render_kw={"rows": 8, "spellcheck": "false", "autocomplete": "off"},
    )
    file = FileField(
        lazy_gettext("Or a CSV file"),
        description=lazy_gettext("For longer lists, such as one that another service gave you."),
        render_kw={"accept": ".csv,.txt,text/csv,text/plain"},
    )


@suppressions.route("/suppressions/add", methods=["GET", "POST"])
def add() -> ResponseReturnValue:
    """Add addresses, and report the lines that are none."""
    form = AddForm()
    if request.method != "POST":
        return render_template("suppressions/add.html", form=form, found=None)
    session = request_session()
    try:
        text = f"{_read_file(form)}\n{form.pasted.data or ''}".strip()
        if not text:
            raise InvalidInput(str(_NEITHER), "pasted")
        found = suppress_many(session, workspace_of(session, logged_in_user().id), text)
    except InvalidInput as error:
        field = form.file if error.field == "file" else form.pasted
        field.errors = [*field.errors, str(error)]
        return render_template("suppressions/add.html", form=form, found=None), 422
    session.commit()
    if not found.rejected:
        flash(_say(found.added, found.known), "success")
        return redirect(url_for("suppressions.index"), 303)
    form.pasted.data = ""
    return render_template(
        "suppressions/add.html",
        form=form,
        found=found,
        words=_say(found.added, found.known),
        shown=found.rejected[:MOST_LINES_SHOWN],
    )


def _read_file(form: AddForm) -> str:
    sent = form.file.data
    content: bytes = sent.read() if sent else b""
    if content.startswith(_SHEET_BEGINNINGS):
        raise InvalidInput(str(_SHEET), "file")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Addresses are ASCII; what stands around them may be Excel's old code page.
        return content.decode("cp1252", errors="replace")


def _say(added: int, known: int) -> str:
    words = ngettext("%(num)s address added.", "%(num)s addresses added.", added, num=number(added))
    if not known:
        return words
    already = ngettext(
        "%(num)s was on the list already.",
        "%(num)s were on the list already.",
        known,
        num=number(known),
    )
    return f"{words} {already}"
