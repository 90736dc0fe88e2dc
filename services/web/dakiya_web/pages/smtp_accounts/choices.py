"""What its owner says of an account beside its settings: the default, and mail sent elsewhere."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from dakiya.delivery.used_before import counting_window, set_sent_elsewhere
from dakiya.errors import InvalidInput
from dakiya.smtp_accounts import accounts
from dakiya_web.input.reader import InvalidFields
from dakiya_web.input.smtp_account import read_sent_elsewhere
from dakiya_web.pages.smtp_accounts.blueprint import find_own, smtp_accounts
from dakiya_web.pages.smtp_accounts.forms import ElsewhereForm, read_number
from dakiya_web.ring import ring
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session


@smtp_accounts.post("/smtp-accounts/<id:account_id>/default")
def choose_default(account_id: int) -> ResponseReturnValue:
    """Let new campaigns begin with this account."""
    account = find_own(account_id)
    accounts.make_default(request_session(), account)
    request_session().commit()
    flash(gettext("New campaigns begin with “%(name)s”.", name=account.name), "success")
    return redirect(url_for("smtp_accounts.show", account_id=account.id), 303)


@smtp_accounts.post("/smtp-accounts/<id:account_id>/sent-elsewhere")
def tell_sent_elsewhere(account_id: int) -> ResponseReturnValue:
    """Count mails that went through the server by other means."""
    account, form = find_own(account_id, lock=True), ElsewhereForm()
    place = redirect(url_for("smtp_accounts.show", account_id=account.id, _anchor="used"), 303)
    try:
        mails = read_sent_elsewhere({"mails": read_number(form.mails.data or "0")})
        set_sent_elsewhere(request_session(), account, mails)
    except InvalidFields as error:
        words = " ".join(error.errors.get("mails", []))
        flash(gettext("Not counted. The number of mails %(problem)s", problem=words), "error")
        return place
    except InvalidInput as error:
        flash(str(error), "error")
        return place
    request_session().commit()
    ring(lambda doorbell: doorbell.ring_tick())
    window = counting_window(request_session(), account)
    if window is not None and window.name == "per_day":
        flash(gettext("Counted for the next 24 hours."), "success")
    else:
        flash(gettext("Counted for the next hour."), "success")
    return place
