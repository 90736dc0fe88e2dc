"""Trusting the one certificate that an account's server has shown, and taking that back."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dakiya.errors import IllegalState, NotFound
from dakiya.smtp_accounts.accounts import latest_test
from dakiya.smtp_accounts.trust import shown_certificate, trust_certificate, trust_nobody
from dakiya_web import confirming
from dakiya_web.pages.smtp_accounts.blueprint import find_own, smtp_accounts
from dakiya_web.ring import ring
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session


@smtp_accounts.get("/smtp-accounts/<id:account_id>/trust")
def ask_trust(account_id: int) -> ResponseReturnValue:
    """Explain what it means to trust the certificate that was shown, and ask."""
    account = find_own(account_id)
    shown = shown_certificate(latest_test(request_session(), account))
    if shown is None:
        raise NotFound(gettext("The last test of this account showed no untrusted certificate."))
    return confirming.ask(
        gettext("Trust this certificate of %(host)s?", host=account.host),
        gettext(
            "Nobody but you vouches for it then. If somebody stands between here and the server "
            "and has shown you their own, they can read the password and every mail. Compare the "
            "fingerprint with the one that the server's operator tells you. Only exactly this "
            "certificate is trusted: when the server gets a new one, the account stops."
        ),
        details=[gettext("SHA-256: %(fingerprint)s", fingerprint=grouped(shown["fingerprint"]))],
        button=gettext("Trust exactly this certificate"),
        action=url_for("smtp_accounts.trust", account_id=account.id),
        back=url_for("smtp_accounts.show", account_id=account.id),
        keep=gettext("Do not trust it"),
        fields={"fingerprint": shown["fingerprint"]},
    )


@smtp_accounts.post("/smtp-accounts/<id:account_id>/trust")
def trust(account_id: int) -> ResponseReturnValue:
    """Trust the certificate whose fingerprint was looked at."""
    account = find_own(account_id, lock=True)
    try:
        trust_certificate(request_session(), account, request.form.get("fingerprint", ""))
    except IllegalState as error:
        flash(str(error), "error")
        return redirect(url_for("smtp_accounts.show", account_id=account.id), 303)
    request_session().commit()
    ring(lambda doorbell: doorbell.ring_tick())
    flash(gettext("The certificate is trusted. Now test the account again."), "success")
    return redirect(url_for("smtp_accounts.show", account_id=account.id, _anchor="test"), 303)


@smtp_accounts.post("/smtp-accounts/<id:account_id>/distrust")
def distrust(account_id: int) -> ResponseReturnValue:
    """Take the trust back."""
    account = find_own(account_id, lock=True)
    trust_nobody(account)
    request_session().commit()
    flash(gettext("Only certificates of known authorities are trusted again."), "success")
    return redirect(url_for("smtp_accounts.show", account_id=account.id), 303)


def grouped(fingerprint: str) -> str:
    """Write a fingerprint as operators' tools do: AB:CD:…"""
    pairs = (fingerprint[at : at + 2] for at in range(0, len(fingerprint), 2))
    return ":".join(pairs).upper()
