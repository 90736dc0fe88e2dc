"""A template as a file: out of this installation, and into another."""

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from flask_wtf.file import FileField

from dakiya.accounts.users import workspace_of
from dakiya.campaigns.content import content_of
from dakiya.errors import InvalidInput
from dakiya.media.library import slug_of
from dakiya.templates.exchange import MAX_BYTES, read_template, write_template
from dakiya.templates.own import keep_template
from dakiya_web.input.reader import sentence
from dakiya_web.pages.people.sessions import logged_in_user
from dakiya_web.pages.templates.blueprint import templates
from dakiya_web.pages.templates.own import find
from dakiya_web.texts import gettext, lazy_gettext
from dakiya_web.wiring import request_session


class ImportForm(FlaskForm):
    """A template's file."""

    file = FileField(
        lazy_gettext("File"),
        description=lazy_gettext("A .json file that “Export” has written, here or elsewhere."),
        render_kw={"accept": ".json,application/json"},
    )


@templates.get("/templates/<id:template_id>/export")
def export(template_id: int) -> ResponseReturnValue:
    """Download it."""
    template = find(template_id)
    data = write_template(template.name, content_of(template))
    response = Response(data, content_type="application/json")
    name = f"{slug_of(template.name)}.dakiya-template.json"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


@templates.route("/templates/import", methods=["GET", "POST"])
def take_in() -> ResponseReturnValue:
    """Take a template out of a file."""
    form = ImportForm()
    if request.method != "POST":
        return render_template("templates/import.html", form=form)
    session = request_session()
    sent = form.file.data
    try:
        if not sent:
            raise InvalidInput(gettext("Choose a file first."))
        read = read_template(sent.read(MAX_BYTES + 1))
        kept = keep_template(
            session,
            workspace_id=workspace_of(session, logged_in_user().id),
            name=read.name,
            content=read.content,
        )
    except InvalidInput as error:
        form.file.errors = [sentence(str(error))]
        return render_template("templates/import.html", form=form), 422
    session.commit()
    flash(gettext("“%(name)s” is one of your templates now.", name=kept.name), "success")
    return redirect(url_for("templates.show", template_id=kept.id), 303)
