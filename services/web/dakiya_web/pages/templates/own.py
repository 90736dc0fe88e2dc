"""The user's own templates: look, use, rename, duplicate, delete."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from dakiya.campaigns.content import MAX_PREHEADER_CHARS, MAX_SUBJECT_CHARS, Content, content_of
from dakiya.campaigns.convert import convert
from dakiya.errors import InvalidInput
from dakiya.mail.addresses import clean_header
from dakiya.models import ContentKind, Template
from dakiya.templates.exchange import MAX_NAME_CHARS
from dakiya.templates.own import (
    change_template,
    delete_template,
    duplicate_template,
    find_template,
)
from dakiya_web import confirming
from dakiya_web.input.reader import sentence
from dakiya_web.pages.compose.forms import Whole
from dakiya_web.pages.people.sessions import logged_in_user
from dakiya_web.pages.templates.blueprint import templates
from dakiya_web.pages.templates.showing import answer_with
from dakiya_web.pages.templates.using import begin_campaign, wanted_for
from dakiya_web.texts import gettext, lazy_gettext
from dakiya_web.wiring import request_session


class TemplateForm(FlaskForm):
    """What a template is called, and the lines above its mail."""

    name = StringField(
        lazy_gettext("Name"),
        [DataRequired(lazy_gettext("Give the template a name.")), Length(max=MAX_NAME_CHARS)],
        description=lazy_gettext("Only you see it."),
        render_kw={"autocomplete": "off", "maxlength": MAX_NAME_CHARS},
    )
    subject = StringField(
        lazy_gettext("Subject"),
        [DataRequired(lazy_gettext("Write a subject.")), Whole(MAX_SUBJECT_CHARS)],
        render_kw={"autocomplete": "off"},
    )
    preheader = StringField(
        lazy_gettext("Preview text"),
        [Whole(MAX_PREHEADER_CHARS)],
        description=lazy_gettext("Inboxes show it behind the subject."),
        render_kw={"autocomplete": "off"},
    )


@templates.get("/templates/<id:template_id>")
def show(template_id: int) -> ResponseReturnValue:
    """A template at full size, and the form of its lines."""
    template = find(template_id)
    form = TemplateForm(
        formdata=None,
        name=template.name,
        subject=template.subject,
        preheader=template.preheader,
    )
    return _page(template, form)


@templates.post("/templates/<id:template_id>")
def change(template_id: int) -> ResponseReturnValue:
    """Save the lines."""
    session, template, form = request_session(), find(template_id, lock=True), TemplateForm()
    if not form.validate():
        return _page(template, form), 422
    stored = content_of(template)
    content = Content(
        subject=clean_header(form.subject.data or ""),
        preheader=clean_header(form.preheader.data or ""),
        html=stored.html,
        text=stored.text,
        kind=stored.kind,
        source=stored.source,
        language=stored.language,
    )
    try:
        change_template(template, name=clean_header(form.name.data or ""), content=content)
    except InvalidInput as error:
        session.rollback()
        lines = {"subject": form.subject, "preheader": form.preheader}
        place = lines.get(error.field, form.name)
        place.errors = [*place.errors, sentence(str(error))]
        return _page(find(template_id), form), 422
    session.commit()
    flash(gettext("Saved."), "success")
    return redirect(url_for("templates.show", template_id=template_id), 303)


@templates.get("/templates/<id:template_id>/preview")
def preview(template_id: int) -> ResponseReturnValue:
    """The mail itself, for a frame."""
    return answer_with(content_of(find(template_id)))


@templates.post("/templates/<id:template_id>/use")
def use(template_id: int) -> ResponseReturnValue:
    """Begin a campaign with it."""
    template = find(template_id)
    return begin_campaign(template.name, content_of(template))


@templates.post("/templates/<id:template_id>/duplicate")
def duplicate(template_id: int) -> ResponseReturnValue:
    """Make another one like it; ``as=html`` for somebody who cannot write rich text."""
    session, template = request_session(), find(template_id)
    content = content_of(template)
    if request.form.get("as") == ContentKind.HTML.value:
        content = convert(content, ContentKind.HTML).content
    copy = duplicate_template(session, template, content)
    session.commit()
    flash(gettext("This is a copy of “%(name)s”.", name=template.name), "success")
    return redirect(url_for("templates.show", template_id=copy.id), 303)


@templates.get("/templates/<id:template_id>/delete")
def ask_delete(template_id: int) -> ResponseReturnValue:
    """Ask first."""
    template = find(template_id)
    return confirming.ask(
        gettext("Delete the template “%(name)s”?", name=template.name),
        gettext("Campaigns that began with it stay as they are."),
        button=gettext("Delete the template"),
        action=url_for("templates.delete", template_id=template.id),
        back=url_for("templates.show", template_id=template.id),
    )


@templates.post("/templates/<id:template_id>/delete")
def delete(template_id: int) -> ResponseReturnValue:
    """Delete it."""
    session, template = request_session(), find(template_id, lock=True)
    name = template.name
    delete_template(session, template)
    session.commit()
    flash(gettext("The template “%(name)s” was deleted.", name=name), "success")
    return redirect(url_for("templates.index"), 303)


def find(template_id: int, *, lock: bool = False) -> Template:
    """Return a template of the user's. Raises NotFound."""
    return find_template(request_session(), template_id, user_id=logged_in_user().id, lock=lock)


def _page(template: Template, form: TemplateForm) -> str:
    return render_template(
        "templates/show.html",
        template=template,
        form=form,
        campaign=wanted_for(),
        preview_url=url_for("templates.preview", template_id=template.id),
        use_url=url_for("templates.use", template_id=template.id),
    )
