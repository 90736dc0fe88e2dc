"""A test of an SMTP account: asked for here, run by a sender, watched step by step."""

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dakiya.errors import IllegalState
from dakiya.smtp_accounts import accounts
from dakiya_web.input.reader import InvalidFields
from dakiya_web.input.smtp_account import read_test
from dakiya_web.pages.smtp_accounts.blueprint import find_own, smtp_accounts
from dakiya_web.pages.smtp_accounts.forms import TestForm
from dakiya_web.pages.smtp_accounts.views import about_test, show_account
from dakiya_web.pages.smtp_accounts.wording import health
from dakiya_web.rendering import is_fragment
from dakiya_web.ring import ring
from dakiya_web.wiring import request_session, wiring


@smtp_accounts.post("/smtp-accounts/<id:account_id>/test")
def start_test(account_id: int) -> ResponseReturnValue:
    """Have a sender walk through the account's steps and send one mail."""
    session, form = request_session(), TestForm()
    account = find_own(account_id, lock=True)
    try:
        to_email = read_test({"to": form.to.data})
        test = accounts.request_test(session, account, to_email, now=wiring().clock())
    except InvalidFields as error:
        form.note(error.errors)
        return show_account(account, form), 422
    except IllegalState as error:
        form.note({"to": [str(error)]})
        return show_account(account, form), 409
    session.commit()
    ring(lambda doorbell: doorbell.ring_smtp_test(test.id))
    place = url_for("smtp_accounts.show", account_id=account.id, _anchor="test")
    return redirect(place, 303)


@smtp_accounts.get("/smtp-accounts/<id:account_id>/test")
def show_test(account_id: int) -> ResponseReturnValue:
    """The last test by itself, for the page that shows it while it runs."""
    account = find_own(account_id)
    if not is_fragment():
        return redirect(url_for("smtp_accounts.show", account_id=account.id, _anchor="test"))
    test = accounts.latest_test(request_session(), account)
    seen = health(account, test, now=wiring().clock())
    return render_template(
        "smtp_accounts/test.html", account=account, health=seen, **about_test(account, test)
    )
