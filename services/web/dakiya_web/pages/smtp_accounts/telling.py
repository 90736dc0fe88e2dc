"""Whether people are told by mail that an account has stopped, and how that went."""

from dataclasses import dataclass

from dakiya.models import NoticeStatus, SmtpAccount
from dakiya.smtp_accounts.notices import latest_notice
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session, wiring


@dataclass(frozen=True)
class Told:
    """Who is told by mail when the account stops, and what became of the mail about its trouble."""

    whom: str
    # Of the present trouble; empty where there is nothing to say.
    mail: str = ""
    answer: str = ""


def look_at_mail(account: SmtpAccount) -> Told:
    """Look whether the installation can tell people, and whether it has."""
    if not wiring().settings.system_smtp_url.get_secret_value():
        nobody = gettext(
            "Nobody is told by mail: this installation has no mail server of its own. Its operator "
            "can name one (DAKIYA_SYSTEM_SMTP_URL)."
        )
        return Told(nobody)
    you = gettext("You are told by mail")
    notice = latest_notice(request_session(), account) if account.paused_at is not None else None
    if notice is None:
        return Told(you)
    if notice.status == NoticeStatus.MAILED:
        return Told(you, gettext("You were told by mail."))
    if notice.status == NoticeStatus.FAILED:
        words = gettext("The mail that should have told you could not be sent.")
        return Told(you, words, notice.answer or "")
    if notice.answer:
        words = gettext("The mail that tells you could not be sent yet; it is tried again.")
        return Told(you, words, notice.answer)
    return Told(you)
