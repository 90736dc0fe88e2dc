"""Why a step of an account's test failed: the words that the sender finds and the web explains."""

from enum import StrEnum


class Cause(StrEnum):
    """One kind of failure, with one thing to do about it."""

    # Finding the server and reaching it.
    UNKNOWN_HOST = "unknown_host"
    INTERNAL_HOST = "internal_host"
    PORT_CLOSED = "port_closed"
    NOT_REACHED = "not_reached"
    ALL_IN_USE = "all_in_use"  # all connections that the account may have
    # Its first words.
    NO_GREETING = "no_greeting"
    NO_SMTP = "no_smtp"  # it speaks something else
    GREETING_REFUSED = "greeting_refused"
    HELLO_REFUSED = "hello_refused"
    # Encryption.
    NO_STARTTLS = "no_starttls"
    NOT_TLS = "not_tls"
    CERTIFICATE_SELF_SIGNED = "certificate_self_signed"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_NAME = "certificate_name"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"
    CERTIFICATE_CHANGED = "certificate_changed"  # not the one that was chosen to be trusted
    TLS_FAILED = "tls_failed"
    # The login.
    NO_LOGIN = "no_login"  # the server offers none that Dakiya knows
    LOGIN_UNENCRYPTED = "login_unencrypted"
    LOGIN_REFUSED = "login_refused"
    APP_PASSWORD = "app_password"
    PASSWORDS_OFF = "passwords_off"  # only OAuth, or SMTP is switched off for the mailbox
    PASSWORD_UNREADABLE = "password_unreadable"
    LOGIN_NEEDED = "login_needed"
    # The mail.
    LIMIT_REACHED = "limit_reached"  # one that the account has here
    SENDER_REFUSED = "sender_refused"
    RECIPIENT_REFUSED = "recipient_refused"
    CONTENT_REFUSED = "content_refused"
    QUOTA = "quota"
    RATE = "rate"
    BLOCKED = "blocked"
    BUSY = "busy"  # a temporary refusal without a better reason
    REFUSED = "refused"
    BROKE_OFF = "broke_off"
    SILENT = "silent"
    SENDER_LOST = "sender_lost"  # the process of ours that ran the test


# What somebody may choose to trust all the same, having seen the certificate.
UNTRUSTED = frozenset(
    {
        Cause.CERTIFICATE_SELF_SIGNED,
        Cause.CERTIFICATE_EXPIRED,
        Cause.CERTIFICATE_NAME,
        Cause.CERTIFICATE_UNTRUSTED,
        Cause.CERTIFICATE_CHANGED,
    }
)
