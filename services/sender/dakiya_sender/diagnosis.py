"""From what broke a test off to its cause: one word that the pages can explain. Pure."""

import ssl
from errno import ECONNREFUSED

from dakiya.mail.replies import Kind, Reason, classify
from dakiya.smtp_accounts.causes import Cause
from dakiya_sender.smtp import CertificateChanged, Phase, Reply, Security, Server, SmtpTrouble
from dakiya_sender.smtp.reply import ReplyGarbled

# OpenSSL's X509_V_ERR_*.
_EXPIRED, _SELF_SIGNED, _SELF_SIGNED_IN_CHAIN = 10, 18, 19
_NAME_MISMATCH = frozenset({62, 64})
_APP_PASSWORD_STATUS = "5.7.9"
_PASSWORDS_OFF_STATUS = frozenset({"5.7.139", "5.7.30", "5.7.57", "5.7.3"})
_APP_PASSWORD_WORDS = ("application-specific password", "app password", "app-specific")
_PASSWORDS_OFF_WORDS = ("basic authentication", "smtpclientauthentication is disabled", "oauth")
_NOT_LOGGED_IN = "not logged in"

_BY_REASON = {
    Reason.AUTH: Cause.LOGIN_NEEDED,
    Reason.SENDER_REFUSED: Cause.SENDER_REFUSED,
    Reason.BLOCKED: Cause.BLOCKED,
    Reason.QUOTA: Cause.QUOTA,
    Reason.RATE: Cause.RATE,
    Reason.CONTENT: Cause.CONTENT_REFUSED,
    Reason.TOO_LARGE: Cause.CONTENT_REFUSED,
}


def cause_of(trouble: SmtpTrouble, server: Server) -> Cause:
    """Say why a connection could not be opened."""
    if trouble.reply is not None:
        return cause_of_reply(trouble.phase, trouble.reply)
    error = trouble.__cause__
    silent = isinstance(error, TimeoutError)
    match trouble.phase:
        case Phase.GREETING | Phase.EHLO if isinstance(error, ReplyGarbled):
            return Cause.NO_SMTP
        case Phase.CONNECT:
            refused = isinstance(error, OSError) and error.errno == ECONNREFUSED
            return Cause.PORT_CLOSED if refused else Cause.NOT_REACHED
        case Phase.TLS:
            return _of_tls(error)
        case Phase.AUTH:
            return _of_login(error, server)
        case Phase.GREETING if silent and server.security != Security.TLS:
            return Cause.NO_GREETING
    return Cause.SILENT if silent else Cause.BROKE_OFF


def cause_of_reply(phase: Phase, reply: Reply) -> Cause:
    """Say why a server refused a step."""
    if phase is Phase.TLS:
        return Cause.TLS_FAILED
    verdict = classify(phase.value, reply.code, reply.enhanced, reply.text)
    if phase is Phase.AUTH:
        return _of_refused_login(reply) if verdict.reason is Reason.AUTH else _by(verdict.reason)
    if _NOT_LOGGED_IN in reply.text.lower():  # Postfix says so of the sender
        return Cause.LOGIN_NEEDED
    if verdict.reason in _BY_REASON:
        return _BY_REASON[verdict.reason]
    if phase is Phase.GREETING:
        return Cause.GREETING_REFUSED if reply.is_permanent else Cause.BUSY
    if phase is Phase.EHLO:
        return Cause.HELLO_REFUSED
    if reply.is_temporary:
        return Cause.BUSY
    if phase is Phase.RCPT or (verdict.kind is Kind.FAILED and verdict.suppress):
        return Cause.RECIPIENT_REFUSED
    return Cause.REFUSED


def _by(reason: Reason) -> Cause:
    return _BY_REASON.get(reason, Cause.BUSY)


def _of_tls(error: BaseException | None) -> Cause:
    if error is None:  # our own decision: no STARTTLS where it was asked for
        return Cause.NO_STARTTLS
    if isinstance(error, CertificateChanged):
        return Cause.CERTIFICATE_CHANGED
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code == _EXPIRED:
            return Cause.CERTIFICATE_EXPIRED
        if error.verify_code in _NAME_MISMATCH:
            return Cause.CERTIFICATE_NAME
        self_signed = error.verify_code in (_SELF_SIGNED, _SELF_SIGNED_IN_CHAIN)
        return Cause.CERTIFICATE_SELF_SIGNED if self_signed else Cause.CERTIFICATE_UNTRUSTED
    if isinstance(error, ssl.SSLError) and error.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST"}:
        return Cause.NOT_TLS
    return Cause.SILENT if isinstance(error, TimeoutError) else Cause.TLS_FAILED


def _of_login(error: BaseException | None, server: Server) -> Cause:
    if error is not None:
        return Cause.SILENT if isinstance(error, TimeoutError) else Cause.BROKE_OFF
    return Cause.LOGIN_UNENCRYPTED if server.security == Security.NONE else Cause.NO_LOGIN


def _of_refused_login(reply: Reply) -> Cause:
    if reply.is_temporary:
        return Cause.BUSY
    said = reply.text.lower()
    if reply.enhanced in _PASSWORDS_OFF_STATUS or any(w in said for w in _PASSWORDS_OFF_WORDS):
        return Cause.PASSWORDS_OFF
    if reply.enhanced == _APP_PASSWORD_STATUS or any(w in said for w in _APP_PASSWORD_WORDS):
        return Cause.APP_PASSWORD
    return Cause.LOGIN_REFUSED
