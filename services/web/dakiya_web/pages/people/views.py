"""Sign up, log in, log out."""

from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from sqlalchemy.exc import IntegrityError

from dakiya.accounts.users import authenticate, create_user, set_theme, sign_up_mistakes
from dakiya.errors import InvalidInput
from dakiya.log import get_logger
from dakiya_web.input.reader import sentence
from dakiya_web.navigation import home_url
from dakiya_web.pages.people.forms import LoginForm, SignUpForm
from dakiya_web.pages.people.sessions import begin_session, end_session, present_user
from dakiya_web.pages.people.throttle import (
    PER_ACCOUNT,
    PER_ADDRESS,
    SIGN_UPS_PER_ADDRESS,
    account_key,
    limiter,
)
from dakiya_web.pages.preferences.themes import keep_theme, present_theme
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session, wiring

people = Blueprint("people", __name__)
_log = get_logger(__name__)


@people.route("/signup", methods=["GET", "POST"])
@limiter.limit(SIGN_UPS_PER_ADDRESS, methods=["POST"])
def signup() -> ResponseReturnValue:
    """Make a user with a workspace of their own, and log them in."""
    form = SignUpForm()
    if request.method != "POST":
        return (
            redirect(_home())
            if present_user()
            else render_template("people/signup.html", form=form)
        )
    session = request_session()
    form.validate()
    for mistake in sign_up_mistakes(
        session, email=form.email.data or "", password=form.password.data or ""
    ):
        _note(form, mistake)
    if not form.errors:
        try:
            user = create_user(session, email=form.email.data, password=form.password.data)
            set_theme(user, present_theme())
            session.commit()
        except InvalidInput as error:
            _note(form, error)
        except IntegrityError:
            # Somebody else took the address between the look and the insert.
            session.rollback()
            _note(
                form,
                InvalidInput(gettext("There is already an account with this address."), "email"),
            )
        else:
            _log.info("signed_up", user_id=user.id)
            begin_session(user)
            return redirect(_home(), 303)
    return render_template("people/signup.html", form=form), 422


@people.route("/login", methods=["GET", "POST"])
@limiter.limit(PER_ADDRESS, methods=["POST"])
@limiter.limit(PER_ACCOUNT, key_func=account_key, methods=["POST"])
def login() -> ResponseReturnValue:
    """Begin a session; the answer does not tell whether address or password was wrong."""
    form = LoginForm()
    target = after_login()
    if request.method != "POST":
        return (
            redirect(target) if present_user() else render_template("people/login.html", form=form)
        )
    if form.validate():
        session = request_session()
        user = authenticate(
            session,
            email=form.email.data,
            password=form.password.data,
            now=wiring().clock(),
        )
        if user is not None:
            begin_session(user)
            _log.info("logged_in", user_id=user.id)
            response = redirect(target, 303)
            keep_theme(response, user.theme)
            return response
        _log.info("log_in_refused")
        form.form_errors.append(gettext("Address and password do not fit together."))
    return render_template("people/login.html", form=form), 422


@people.post("/logout")
@login_required
def logout() -> ResponseReturnValue:
    """End the session, here and in any copy of its cookie."""
    end_session()
    return redirect(url_for("people.login"), 303)


def local_path(target: str) -> str | None:
    """Return a path of ours to go on to; None for anything that may lead elsewhere."""
    if not target.startswith("/") or target.startswith("//") or "\\" in target:
        return None
    if any(ord(character) < 0x21 or ord(character) == 0x7F for character in target):
        return None
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else None


def after_login() -> str:
    """Return where the log-in of this request leads to."""
    return local_path(request.args.get("next", "")) or _home()


def _home() -> str:
    return home_url()


def _note(form: SignUpForm, error: InvalidInput) -> None:
    """Tell a mistake at its field, unless one is told there already."""
    if error.field not in form:
        form.form_errors.append(sentence(str(error)))
    elif not form[error.field].errors:
        form[error.field].errors = [sentence(str(error))]
