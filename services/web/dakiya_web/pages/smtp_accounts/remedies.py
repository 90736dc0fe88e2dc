"""What to do about a step of a test that failed, in plain words. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from dakiya.models import Security, SmtpAccount
from dakiya.smtp_accounts.causes import Cause
from dakiya_web.texts import Text, gettext, lazy_gettext

_TLS_PORTS: Final = (465, 2465)

REMEDIES: Final[Mapping[Cause, Text]] = {
    Cause.UNKNOWN_HOST: lazy_gettext(
        "No server has this name. Check its spelling; your provider's help pages name it."
    ),
    Cause.INTERNAL_HOST: lazy_gettext(
        "This address lies inside a private network. If the server is yours, ask the operator of "
        "this installation to allow it."
    ),
    Cause.PORT_CLOSED: lazy_gettext(
        "The machine is there, but nothing listens on this port. Mail servers take mail on 587 "
        "(STARTTLS) or 465 (TLS)."
    ),
    Cause.NOT_REACHED: lazy_gettext(
        "No connection came about: the server may be down, or a firewall on the way closes this "
        "port. Many networks close port 25; try 587."
    ),
    Cause.ALL_IN_USE: lazy_gettext(
        "Campaigns use all connections of this account at present. Test again when they have moved "
        "on, or pause them."
    ),
    Cause.NO_GREETING: lazy_gettext(
        "The server waits in silence. On port 465 it waits for TLS: choose TLS, or port 587."
    ),
    Cause.NO_SMTP: lazy_gettext(
        "Something answers there, but it does not speak as mail servers do. Check the server's "
        "name and the port: mostly 587 with STARTTLS, or 465 with TLS."
    ),
    Cause.GREETING_REFUSED: lazy_gettext(
        "The server takes no connection from this machine. Ask your provider whether this "
        "machine's address is blocked."
    ),
    Cause.HELLO_REFUSED: lazy_gettext(
        "The server does not like the name that this installation gives itself. Its operator can "
        "set another (DAKIYA_HELO_NAME)."
    ),
    Cause.NO_STARTTLS: lazy_gettext(
        "This port offers no STARTTLS, so nothing was sent to it. Use port 587, or 465 with TLS."
    ),
    Cause.NOT_TLS: lazy_gettext(
        "This port does not speak TLS from the first byte. Choose STARTTLS, or port 465 for TLS."
    ),
    Cause.CERTIFICATE_SELF_SIGNED: lazy_gettext(
        "The server vouches for itself, as company servers sometimes do, and so could anybody in "
        "between. Have a certificate of a known authority installed, or look at this one closely."
    ),
    Cause.CERTIFICATE_EXPIRED: lazy_gettext(
        "The server's certificate has run out. Its operator has to renew it; then the account goes "
        "on by itself."
    ),
    Cause.CERTIFICATE_NAME: lazy_gettext(
        "The certificate is for another name than the one that you typed. Use a name that it has."
    ),
    Cause.CERTIFICATE_UNTRUSTED: lazy_gettext(
        "No authority that this machine knows vouches for the certificate. Its operator may have "
        "forgotten to install the intermediate certificates."
    ),
    Cause.CERTIFICATE_CHANGED: lazy_gettext(
        "You trusted one certificate, and the server shows another. It may have been renewed, or "
        "somebody stands in between: ask the server's operator before you trust the new one."
    ),
    Cause.TLS_FAILED: lazy_gettext(
        "The encryption could not begin. The server may only speak versions of TLS that are no "
        "longer safe; ask its operator for TLS 1.2 or newer."
    ),
    Cause.NO_LOGIN: lazy_gettext(
        "The server offers no way to log in here. Use port 587, or leave the login out if the "
        "server takes mail without one."
    ),
    Cause.LOGIN_UNENCRYPTED: lazy_gettext(
        "A password is never sent without encryption. Choose STARTTLS or TLS."
    ),
    Cause.LOGIN_REFUSED: lazy_gettext(
        "User name or password is wrong for this server. The user name is often the full address. "
        "Many providers want an app password in place of your own."
    ),
    Cause.APP_PASSWORD: lazy_gettext(
        "The provider wants an app password here: one that you make for Dakiya alone, in your "
        "account's security settings. Your own password is not taken."
    ),
    Cause.PASSWORDS_OFF: lazy_gettext(
        "The provider takes no passwords for this mailbox over SMTP. An administrator may allow "
        "“Authenticated SMTP” for it; where the provider has ended passwords for good, use another "
        "of its services, such as a relay."
    ),
    Cause.PASSWORD_UNREADABLE: lazy_gettext(
        "The keys of this installation have changed since the password was stored. Type it again "
        "under Edit."
    ),
    Cause.LOGIN_NEEDED: lazy_gettext(
        "The server takes mail only after a login. Enter user name and password under Edit."
    ),
    Cause.LIMIT_REACHED: lazy_gettext(
        "The server was reached and let the account in; Dakiya keeps the account's limits in tests "
        "too. Test again then, or enter a higher limit under Edit if your provider takes more."
    ),
    Cause.SENDER_REFUSED: lazy_gettext(
        "This login may not send from that address. Use the login's own address as “from” address, "
        "or have the provider allow this one."
    ),
    Cause.RECIPIENT_REFUSED: lazy_gettext(
        "The server refuses the address that the test mail goes to. Check it, or test with another."
    ),
    Cause.CONTENT_REFUSED: lazy_gettext(
        "The server takes the login and the addresses, but not the test mail itself. Its words say "
        "why; a filter on the way may be too strict."
    ),
    Cause.QUOTA: lazy_gettext(
        "The provider's quota is used up. Test again later, and enter its limits under Edit so "
        "that campaigns do not run into it."
    ),
    Cause.RATE: lazy_gettext(
        "The server asks for less speed. Test again in some minutes, and enter lower limits."
    ),
    Cause.BLOCKED: lazy_gettext(
        "The server blocks mail from here. Its words often name the list; ask your provider."
    ),
    Cause.BUSY: lazy_gettext("The server cannot do it just now. Test again in some minutes."),
    Cause.REFUSED: lazy_gettext("The server's words say why. Ask your provider what they mean."),
    Cause.BROKE_OFF: lazy_gettext(
        "The server hung up in the middle. Test again; if it comes back, ask its operator."
    ),
    Cause.SILENT: lazy_gettext(
        "The server stopped answering. Test again; if it comes back, ask its operator."
    ),
    Cause.SENDER_LOST: lazy_gettext("The test was interrupted on our side. Test again."),
}


def remedy(account: SmtpAccount, step: Mapping[str, Any]) -> str:
    """Say what to do about a step; empty for one that did not fail."""
    try:
        cause = Cause(step.get("cause", ""))
    except ValueError:
        return ""
    if cause is Cause.NOT_REACHED and account.port in _TLS_PORTS:
        return gettext(
            "No connection came about: the server may be down, or a firewall on the way closes "
            "this port. Try 587 with STARTTLS."
        )
    if cause is Cause.SILENT and account.security is Security.TLS:
        return gettext(
            "The server stopped answering. If this port wants STARTTLS in place of TLS, choose it."
        )
    return str(REMEDIES[cause])
