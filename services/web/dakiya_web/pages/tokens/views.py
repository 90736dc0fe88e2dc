"""The list of API tokens; a new one is shown once."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from dakiya.accounts.tokens import create_token, find_own_token, list_tokens, revoke_token
from dakiya.log import get_logger
from dakiya.mail.addresses import clean_header
from dakiya_web import confirming
from dakiya_web.pages.people.sessions import logged_in_user
from dakiya_web.texts import gettext, lazy_gettext
from dakiya_web.wiring import request_session, wiring

tokens = Blueprint("tokens", __name__)

MAX_NAME_CHARS = 100
_log = get_logger(__name__)


class TokenForm(FlaskForm):
    """What a token is for."""

    name = StringField(
        lazy_gettext("What is it for?"),
        [
            DataRequired(lazy_gettext("Name it, so that you know later which one to revoke.")),
            Length(
                max=MAX_NAME_CHARS,
                message=lazy_gettext("Use at most %(most)s characters.", most=MAX_NAME_CHARS),
            ),
        ],
        render_kw={"placeholder": lazy_gettext("Such as: web shop"), "autocomplete": "off"},
    )


@tokens.before_request
@login_required
def _only_logged_in() -> None:
    return None


@tokens.route("/tokens", methods=["GET", "POST"])
def index() -> ResponseReturnValue:
    """The live tokens; a new one is in the answer to the form, and nowhere else ever again."""
    session, user, form, made, status = request_session(), logged_in_user(), TokenForm(), "", 200
    if request.method == "POST":
        if form.validate() and (name := clean_header(form.name.data or "")):
            made = create_token(session, user=user, name=name)
            session.commit()
            _log.info("token_created", user_id=user.id)
            form.name.data = ""
        else:
            status = 422
    found = list_tokens(session, user_id=user.id)
    return render_template("tokens/index.html", form=form, tokens=found, made=made), status


@tokens.get("/tokens/<id:token_id>/revoke")
def ask_revoke(token_id: int) -> ResponseReturnValue:
    """Ask before a token ends."""
    token = find_own_token(request_session(), token_id, user_id=logged_in_user().id)
    return confirming.ask(
        gettext("Revoke “%(name)s”?", name=token.name),
        gettext("Programs that use it are refused from now on. Campaigns that they made stay."),
        button=gettext("Revoke this token"),
        action=url_for("tokens.revoke", token_id=token.id),
        back=url_for("tokens.index"),
    )


@tokens.post("/tokens/<id:token_id>/revoke")
def revoke(token_id: int) -> ResponseReturnValue:
    """End a token."""
    session, user_id = request_session(), logged_in_user().id
    token = revoke_token(session, token_id, user_id=user_id, now=wiring().clock())
    session.commit()
    _log.info("token_revoked", user_id=user_id, token_id=token.id)
    flash(gettext("“%(name)s” is revoked.", name=token.name), "success")
    return redirect(url_for("tokens.index"), 303)
