"""Who is logged in: a signed cookie that a new password or a log-out makes worthless."""

import hmac
from urllib.parse import urlsplit

from flask import Flask, Response, flash, g, redirect, render_template, request, session, url_for
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from dakiya.accounts.sessions import (
    add_login,
    find_login,
    is_seen_due,
    note_seen,
    remove_login,
)
from dakiya.models import User
from dakiya_web.origin import asked_by_us, wants_json
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session, wiring

_KEY = "login_key"
# Where Flask-WTF keeps what the tokens of a session's forms are signed for.
_FORMS = "csrf_token"


class LoggedIn(UserMixin):
    """The user behind a session, as Flask-Login wants to see one."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.email = user.email

    def get_id(self) -> str:
        """Name the user and the version of their sessions; a new password moves it."""
        return f"{self.user.id}.{self.user.session_version}"


class PageSessions(SecureCookieSessionInterface):
    """Puts no cookie on static files: a cache that others share may keep those."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.endpoint != "static":
            super().save_session(app, session, response)


def install_sessions(app: Flask) -> None:
    """Teach the application who is logged in."""
    app.session_interface = PageSessions()
    manager = LoginManager(app)
    manager.user_loader(_load)
    manager.unauthorized_handler(send_to_login)
    app.context_processor(_for_templates)


def begin_session(user: User) -> None:
    """Log a user in, with nothing left of the session from before (OWASP ASVS 7.2.4). Commits."""
    _remove_row()
    key = add_login(request_session(), user=user, now=wiring().clock())
    request_session().commit()
    session.clear()
    session.permanent = True
    session[_KEY] = key
    session[_FORMS] = _forms_of(LoggedIn(user))
    login_user(LoggedIn(user))


def end_session() -> None:
    """Log out here, and in every copy of the cookie. Commits."""
    _remove_row()
    request_session().commit()
    logout_user()
    session.clear()


def present_user() -> User | None:
    """Return the logged-in user of this request, if there is one."""
    return current_user.user if current_user.is_authenticated else None


def logged_in_user() -> User:
    """Return the user of a view that `login_required` guards."""
    user = present_user()
    assert user is not None  # noqa: S101 - login_required has seen to it
    return user


def send_to_login() -> ResponseReturnValue:
    """Answer somebody who must log in first, so that they come back to where they were.

    A module that polls gets 401, htmx is told to load the log-in as a page. What came with a form
    is shown, to be sent again.
    """
    if wants_json():
        return {"error": "Log in first."}, 401
    target = url_for("people.login", next=_page_in_view())
    if "HX-Request" in request.headers:
        return "", 401, {"HX-Redirect": target}
    if request.method != "GET":
        if fields := _typed():
            return render_template("kept.html", fields=fields), 401
        flash(
            gettext("Your session had ended, so nothing was changed. Log in and send it again."),
            "info",
        )
        return redirect(target, 303)
    return redirect(target)


def _typed() -> list[tuple[str, str]]:
    """Return a form's fields without passwords; nothing if there is only a token or a button.

    What another site sends is not shown as if it were the person's own.
    """
    fields = [
        (name, value) for name, value in request.form.items(multi=True) if "password" not in name
    ]
    typed = any(value for name, value in fields if name != _FORMS)
    return fields if typed and asked_by_us() else []


def _page_in_view() -> str:
    """The path of the page that the person looks at; what it posted to is none."""
    if request.method == "GET" and "HX-Request" not in request.headers:
        return request.full_path.removesuffix("?")
    seen = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "")
    return f"{seen.path or '/'}?{seen.query}".removesuffix("?")


def _for_templates() -> dict[str, object]:
    person = None if g.get("plain_page") else current_user
    return {"person": person, "public_url": wiring().settings.public_url}


def _load(text: str) -> LoggedIn | None:
    key = session.get(_KEY)
    if not isinstance(key, str) or g.get("plain_page"):
        return None
    login, now = find_login(request_session(), key), wiring().clock()
    if login is None or LoggedIn(login.user).get_id() != text:
        return None
    if is_seen_due(login, now=now):
        # Apart from the view's transaction, which may have begun and may be rolled back.
        with wiring().sessions.begin() as apart:
            note_seen(apart, key, now=now)
    return LoggedIn(login.user)


def _forms_of(person: LoggedIn) -> str:
    """What the forms of a user are good for, in each of their sessions and in nobody else's.

    A page from before a log-in saves after it; a new password makes it worthless.
    """
    return hmac.digest(wiring().forms_key, person.get_id().encode(), "sha256").hex()


def _remove_row() -> None:
    key = session.get(_KEY)
    if isinstance(key, str):
        remove_login(request_session(), key)
