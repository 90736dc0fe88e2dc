"""What a campaign says, kept as a template: a new one, or in the place of another."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import Length

from dakiya.campaigns.content import content_of
from dakiya.campaigns.reading import find_campaign
from dakiya.errors import InvalidInput, NotFound
from dakiya.models import Campaign
from dakiya.templates.exchange import MAX_NAME_CHARS
from dakiya.templates.own import change_template, keep_template, list_templates
from dakiya_web.input.reader import sentence
from dakiya_web.pages.people.sessions import logged_in_user
from dakiya_web.pages.templates.blueprint import templates
from dakiya_web.pages.templates.own import find
from dakiya_web.texts import gettext, lazy_gettext
from dakiya_web.wiring import request_session


class SaveForm(FlaskForm):
    """A name for a new template, or which one to replace."""

    name = StringField(
        lazy_gettext("Name"),
        [Length(max=MAX_NAME_CHARS)],
        render_kw={"autocomplete": "off", "maxlength": MAX_NAME_CHARS},
    )
    replace = SelectField(lazy_gettext("Save as"), coerce=str)


@templates.route("/campaigns/<id:campaign_id>/save-as-template", methods=["GET", "POST"])
def save_campaign(campaign_id: int) -> ResponseReturnValue:
    """Ask for its name, then keep it."""
    session, user_id = request_session(), logged_in_user().id
    campaign = find_campaign(session, campaign_id, user_id=user_id)
    if campaign.content is None:
        raise NotFound(gettext("The campaign has no content yet."))
    form = SaveForm(data={"name": campaign.name[:MAX_NAME_CHARS], "replace": ""})
    own = list_templates(session, user_id=user_id)
    form.replace.choices = [("", gettext("A new template"))] + [
        (str(one.id), gettext("Replace “%(name)s”", name=one.name)) for one in own
    ]
    if request.method != "POST":
        return _page(form, campaign)
    if not form.validate():
        return _page(form, campaign), 422
    content = content_of(campaign.content)
    try:
        if form.replace.data:
            kept = find(int(form.replace.data), lock=True)
            change_template(kept, content=content)
        else:
            kept = keep_template(
                session,
                workspace_id=campaign.workspace_id,
                name=form.name.data or "",
                content=content,
            )
    except InvalidInput as error:
        form.name.errors = [sentence(str(error))]
        return _page(form, campaign), 422
    session.commit()
    flash(gettext("Saved as the template “%(name)s”.", name=kept.name), "success")
    return redirect(url_for("templates.show", template_id=kept.id), 303)


def _page(form: SaveForm, campaign: Campaign) -> str:
    return render_template("templates/save.html", form=form, campaign=campaign)
