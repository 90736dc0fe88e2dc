"""A forgotten password: the link is mailed by a sender, and works once.

The answers are the same whether anybody has the address or not.
"""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dakiya.accounts.resets import find_reset, request_reset, use_reset
from dakiya.errors import InvalidInput
from dakiya.log import get_logger
from dakiya_web.pages.passwords.forms import ForgotForm, ResetForm
from dakiya_web.pages.people.throttle import PER_ADDRESS, SIGN_UPS_PER_ADDRESS, limiter
from dakiya_web.ring import ring
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session, wiring

passwords = Blueprint("passwords", __name__)

_log = get_logger(__name__)


@passwords.route("/forgot", methods=["GET", "POST"])
@limiter.limit(SIGN_UPS_PER_ADDRESS, methods=["POST"])
def forgot() -> ResponseReturnValue:
    """Have a link mailed; without a system mail server, say who can help."""
    form, can_mail = ForgotForm(), bool(wiring().settings.system_smtp_url.get_secret_value())
    page = {"form": form, "can_mail": can_mail, "asked": False}
    if request.method != "POST" or not can_mail:
        return render_template("passwords/forgot.html", **page)
    if not form.validate():
        return render_template("passwords/forgot.html", **page), 422
    session = request_session()
    reset = request_reset(session, email=form.email.data, now=wiring().clock())
    session.commit()
    if reset is not None:
        reset_id = reset.id
        ring(lambda doorbell: doorbell.ring_password_reset(reset_id))
    _log.info("password_reset_asked", queued=reset is not None)
    return render_template("passwords/forgot.html", **(page | {"asked": True}))


@passwords.route("/reset/<secret>", methods=["GET", "POST"])
@limiter.limit(PER_ADDRESS, methods=["POST"])
def reset(secret: str) -> ResponseReturnValue:
    """Choose a new password with a link from a mail."""
    session, form, now = request_session(), ResetForm(), wiring().clock()
    if find_reset(session, secret, now=now) is None:
        return render_template("passwords/ended.html"), 404
    if request.method == "POST" and form.validate():
        try:
            user = use_reset(session, secret, password=form.password.data, now=now)
        except InvalidInput as error:
            session.rollback()
            if error.field == "token":
                return render_template("passwords/ended.html"), 404
            form.password.errors = [*form.password.errors, str(error)]
        else:
            session.commit()
            _log.info("password_reset", user_id=user.id)
            flash(gettext("Your new password is set. Log in with it."), "success")
            return redirect(url_for("people.login"), 303)
    status = 200 if request.method != "POST" else 422
    return render_template("passwords/reset.html", form=form), status
