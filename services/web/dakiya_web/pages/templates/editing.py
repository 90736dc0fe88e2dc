"""The mail of an own template, changed in place; saved when somebody says so, without versions."""

from enum import Enum, auto

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dakiya.campaigns.content import content_of
from dakiya.mail.plain import text_from_html
from dakiya.models import Template
from dakiya.templates.own import change_template
from dakiya_web.headers import show_foreign_pictures
from dakiya_web.pages.compose.blueprint import stamp
from dakiya_web.pages.compose.fields import fields_of_mail, formats_offered
from dakiya_web.pages.compose.forms import ContentForm
from dakiya_web.pages.compose.ways import way_word
from dakiya_web.pages.compose.written import form_of, kind_of, mistakes_of, read_written
from dakiya_web.pages.templates.blueprint import templates
from dakiya_web.pages.templates.own import find
from dakiya_web.pictures.prepare import MAX_BYTES
from dakiya_web.rendering import zone
from dakiya_web.texts import gettext, lazy_gettext
from dakiya_web.wiring import request_session, wiring
from dakiya_web.wording import clock_time

ANOTHER_TAB = lazy_gettext(
    "This template was changed in another tab meanwhile. What you typed is still here: look at it "
    "and save again to replace the other one."
)


class Outcome(Enum):
    """What became of a save."""

    SAVED = auto()
    MISTAKEN = auto()  # said at the fields of the form
    CHANGED_ELSEWHERE = auto()  # since the page was made
    OTHER_WAY = auto()  # replaced by a campaign's mail of another kind since then


@templates.get("/templates/<id:template_id>/edit")
def edit(template_id: int) -> ResponseReturnValue:
    """Write the mail of a template, as that of a campaign is written."""
    template = find(template_id)
    return _page(template, form_of(template, seen=_seen_of(template)))


@templates.post("/templates/<id:template_id>/edit")
def save_mail(template_id: int) -> ResponseReturnValue:
    """Save what was written; its form checks the CSRF token itself, as `compose.save_content`."""
    template, form = find(template_id, lock=True), ContentForm()
    outcome = _save(template, form)
    if outcome is Outcome.OTHER_WAY:
        form.form_errors.append(_other_way(template))
    elif outcome is Outcome.CHANGED_ELSEWHERE:
        form.form_errors.append(ANOTHER_TAB)
        form.seen.data = _seen_of(template)
    if outcome is not Outcome.SAVED:
        return _page(template, form), 422
    flash(gettext("Saved."), "success")
    place = "templates.show" if "go_on" in request.form else "templates.edit"
    return redirect(url_for(place, template_id=template.id), 303)


@templates.post("/templates/<id:template_id>/edit/keep")
def keep_mail(template_id: int) -> ResponseReturnValue:
    """Save from the page itself; answers as `compose.keep_content` does."""
    template, form = find(template_id, lock=True), ContentForm()
    outcome = _save(template, form)
    if outcome is Outcome.OTHER_WAY:
        return jsonify(error=_other_way(template), mistakes={}), 422
    if outcome is Outcome.CHANGED_ELSEWHERE:
        return jsonify(error=str(ANOTHER_TAB), other=_seen_of(template)), 409
    if outcome is Outcome.MISTAKEN:
        mistakes = mistakes_of(form)
        return jsonify(error=" ".join(mistakes.values()), mistakes=mistakes), 422
    now = wiring().clock()
    words = gettext("Saved %(time)s", time=clock_time(now, zone()))
    return jsonify(seen=_seen_of(template), words=words)


@templates.get("/templates/<id:template_id>/edit/text")
def text_part(template_id: int) -> ResponseReturnValue:
    """Return the plain text that is made from the saved HTML, with its merge tags."""
    return jsonify(text=text_from_html(find(template_id).html))


def _save(template: Template, form: ContentForm) -> Outcome:
    """Save what a form says, and commit, if nothing speaks against it."""
    if kind_of(form) is not template.kind:
        return Outcome.OTHER_WAY
    written = read_written(form, complete=True)
    if written is None:
        return Outcome.MISTAKEN
    if form.seen.data != _seen_of(template) and written != content_of(template):
        return Outcome.CHANGED_ELSEWHERE
    change_template(template, content=written)
    request_session().commit()
    return Outcome.SAVED


def _other_way(template: Template) -> str:
    way = way_word(template.kind)
    return gettext(
        "This template is written as %(way)s. Open it anew to change it. What you typed is still "
        "here.",
        way=way,
    )


def _seen_of(template: Template) -> str:
    return stamp(template.updated_at)


def _page(template: Template, form: ContentForm) -> str:
    show_foreign_pictures()
    return render_template(
        "templates/edit.html",
        template=template,
        form=form,
        fields=fields_of_mail(content_of(template)),
        formats=formats_offered(),
        automatic_text_url=url_for("templates.text_part", template_id=template.id),
        preview_url=url_for("templates.preview", template_id=template.id),
        media_max_mb=MAX_BYTES // 1024 // 1024,
    )
