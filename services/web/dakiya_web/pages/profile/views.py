"""What people change about themselves."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from werkzeug.wrappers import Response

from dakiya.accounts.postal import postal_address_of, set_postal_address
from dakiya.accounts.users import change_own_password, set_theme, set_timezone, workspace_of
from dakiya.errors import InvalidInput
from dakiya.log import get_logger
from dakiya_web.pages.people.sessions import begin_session, logged_in_user
from dakiya_web.pages.people.throttle import PER_ACCOUNT, limiter
from dakiya_web.pages.preferences.themes import keep_theme
from dakiya_web.pages.profile.forms import AddressForm, PasswordForm, SettingsForm
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session, wiring
from dakiya_web.zones import zone_choices, zone_label, zone_name

profile = Blueprint("profile", __name__)

_log = get_logger(__name__)


@profile.before_request
@login_required
def _only_logged_in() -> None:
    return None


@profile.get("/profile")
def show() -> ResponseReturnValue:
    """The profile."""
    return _page()


@profile.post("/profile")
def change_settings() -> ResponseReturnValue:
    """Set the time zone and the theme."""
    user = logged_in_user()
    form = SettingsForm()
    if not form.validate():
        return _page(settings=form), 422
    set_timezone(user, zone_name(form.timezone.data))
    set_theme(user, form.theme.data)
    request_session().commit()
    flash(gettext("Saved."), "success")
    response = _back()
    keep_theme(response, user.theme)
    return response


@profile.post("/profile/address")
def change_address() -> ResponseReturnValue:
    """Set the postal address of the user's workspace."""
    session, form = request_session(), AddressForm()
    if not form.validate():
        return _page(address=form), 422
    set_postal_address(session, _workspace_id(), form.address.data or "")
    session.commit()
    flash(gettext("Saved. Mails that go out from now on carry it."), "success")
    return _back()


@profile.post("/profile/password")
@limiter.limit(PER_ACCOUNT, key_func=lambda: f"password:{current_user.get_id()}")
def change_password() -> ResponseReturnValue:
    """Set a new password; every session but this one ends."""
    user, form = logged_in_user(), PasswordForm()
    if form.validate():
        try:
            change_own_password(user, old=form.old.data, new=form.password.data)
        except InvalidInput as error:
            field = form.old if error.field == "old" else form.password
            field.errors = [*field.errors, str(error)]
        else:
            begin_session(user)
            _log.info("password_changed", user_id=user.id)
            flash(
                gettext("Your password is changed. Everywhere else you are logged out."), "success"
            )
            return _back()
    return _page(password=form), 422


def _page(
    *,
    settings: SettingsForm | None = None,
    address: AddressForm | None = None,
    password: PasswordForm | None = None,
) -> str:
    user, now = logged_in_user(), wiring().clock()
    zone = zone_label(user.timezone, now=now)
    shown = settings or SettingsForm(formdata=None, timezone=zone, theme=user.theme)
    return render_template(
        "profile/show.html",
        user=user,
        settings=shown,
        address=address
        or AddressForm(
            formdata=None, address=postal_address_of(request_session(), _workspace_id())
        ),
        password=password or PasswordForm(formdata=None),
        sent=request.method == "POST",
        zones=zone_choices(user.timezone, now=now),
    )


def _workspace_id() -> int:
    return workspace_of(request_session(), logged_in_user().id)


def _back() -> Response:
    return redirect(url_for("profile.show"), 303)
