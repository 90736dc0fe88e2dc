"""What statuses and causes mean for the person who reads them, and what to do. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dakiya.delivery.outcomes import Reason as OurReason
from dakiya.mail.verdict import Reason
from dakiya.models import Campaign, CampaignStatus, EmailState
from dakiya.models.contacts import SuppressionReason
from dakiya_web.texts import Text, gettext, lazy_gettext, lazy_pgettext, ngettext
from dakiya_web.wording import number

# As the macros of ui.html have them; polled answers carry the tone too.
TONES: Final[Mapping[CampaignStatus, str]] = {
    CampaignStatus.DRAFT: "idle",
    CampaignStatus.PREPARING: "busy",
    CampaignStatus.SCHEDULED: "wait",
    CampaignStatus.SENDING: "busy",
    CampaignStatus.PAUSING: "wait",
    CampaignStatus.PAUSED: "wait",
    CampaignStatus.CANCELLING: "bad",
    CampaignStatus.CANCELLED: "bad",
    CampaignStatus.FINISHED: "good",
}

# Nothing can be sent again.
STOPPED_FOR_GOOD: Final = (CampaignStatus.CANCELLING, CampaignStatus.CANCELLED)

STATE_WORDS: Final[Mapping[EmailState, Text]] = {
    EmailState.PENDING: lazy_gettext("It waits for its turn."),
    EmailState.CLAIMED: lazy_gettext("A sender has it and is about to send it."),
    EmailState.SENDING: lazy_gettext("It is on the wire: the server's answer is awaited."),
    EmailState.SENT: lazy_gettext("The server accepted it."),
    EmailState.DEFERRED: lazy_gettext(
        "The server asked us to try later. It is tried again by itself."
    ),
    EmailState.FAILED: lazy_gettext("It was refused and is not tried again by itself."),
    EmailState.UNKNOWN: (
        lazy_gettext(
            "The connection broke after the mail was handed over and before the server answered. "
            "It may have arrived or not; Dakiya does not guess."
        )
    ),
    EmailState.BOUNCED: lazy_gettext("The server accepted it and sent it back later."),
    EmailState.CANCELLED: lazy_gettext("The campaign was cancelled before it was sent."),
    EmailState.SUPPRESSED: lazy_gettext(
        "The address is on your suppression list, so nothing was sent."
    ),
}

# Campaigns and mails share some words that other languages inflect.
_STATUSES: Final[Mapping[CampaignStatus, Text]] = {
    CampaignStatus.DRAFT: lazy_pgettext("campaign", "Draft"),
    CampaignStatus.PREPARING: lazy_pgettext("campaign", "Preparing"),
    CampaignStatus.SCHEDULED: lazy_pgettext("campaign", "Scheduled"),
    CampaignStatus.SENDING: lazy_pgettext("campaign", "Sending"),
    CampaignStatus.PAUSING: lazy_pgettext("campaign", "Pausing"),
    CampaignStatus.PAUSED: lazy_pgettext("campaign", "Paused"),
    CampaignStatus.CANCELLING: lazy_pgettext("campaign", "Cancelling"),
    CampaignStatus.CANCELLED: lazy_pgettext("campaign", "Cancelled"),
    CampaignStatus.FINISHED: lazy_pgettext("campaign", "Finished"),
}
_STATES: Final[Mapping[EmailState, Text]] = {
    EmailState.PENDING: lazy_pgettext("mail", "Pending"),
    EmailState.CLAIMED: lazy_pgettext("mail", "Claimed"),
    EmailState.SENDING: lazy_pgettext("mail", "Sending"),
    EmailState.SENT: lazy_pgettext("mail", "Sent"),
    EmailState.DEFERRED: lazy_pgettext("mail", "Deferred"),
    EmailState.FAILED: lazy_pgettext("mail", "Failed"),
    EmailState.UNKNOWN: lazy_pgettext("mail", "Unknown"),
    EmailState.BOUNCED: lazy_pgettext("mail", "Bounced"),
    EmailState.CANCELLED: lazy_pgettext("mail", "Cancelled"),
    EmailState.SUPPRESSED: lazy_pgettext("mail", "Suppressed"),
}
_RATES: Final = (
    (1, lazy_gettext("%(mails)s a second")),
    (60, lazy_gettext("%(mails)s a minute")),
    (3600, lazy_gettext("%(mails)s an hour")),
)

WHAT_TO_DO_WITH_UNKNOWN: Final = lazy_gettext(
    "Look into your server's log if you can, then count it as sent, or send it again, which may "
    "deliver it twice."
)


@dataclass(frozen=True)
class Advice:
    """A cause in a few words, and what its owner can do."""

    title: Text
    todo: Text


_ADVICE: Final[Mapping[str, Advice]] = {
    Reason.UNKNOWN_USER: Advice(
        lazy_gettext("The mailbox does not exist"),
        lazy_gettext("Correct the address in your list, or leave it out next time."),
    ),
    Reason.BAD_ADDRESS: Advice(
        lazy_gettext("The domain takes no mail"),
        lazy_gettext("Look for a typing mistake after the @."),
    ),
    Reason.MAILBOX_DISABLED: Advice(
        lazy_gettext("The mailbox is closed"),
        lazy_gettext("Leave the address out; nobody reads it."),
    ),
    Reason.MAILBOX_FULL: Advice(
        lazy_gettext("The mailbox is full"), lazy_gettext("Try again in a few days.")
    ),
    Reason.MAILBOX_BUSY: Advice(
        lazy_gettext("The mailbox gets too much mail at once"),
        lazy_gettext("Try again in a few hours."),
    ),
    Reason.GREYLISTED: Advice(
        lazy_gettext("The server asked us to come back later"),
        lazy_gettext("Usual at a first mail; it is tried again."),
    ),
    Reason.CONTENT: Advice(
        lazy_gettext("The content was refused"),
        lazy_gettext(
            "It looks like spam to this server. Change subject and text, and check your links."
        ),
    ),
    Reason.TOO_LARGE: Advice(
        lazy_gettext("The mail is too large"), lazy_gettext("Make the content smaller.")
    ),
    Reason.POLICY: Advice(
        lazy_gettext("The server's rules refused it"),
        lazy_gettext("Often SPF, DKIM or DMARC of your domain. The server's words say more."),
    ),
    Reason.AUTH: Advice(
        lazy_gettext("Your SMTP server refused the log-in"),
        lazy_gettext("Check user name and password of the account."),
    ),
    Reason.SENDER_REFUSED: Advice(
        lazy_gettext("Your SMTP server refused the from-address"),
        lazy_gettext("Use an address that this account may send from."),
    ),
    Reason.BLOCKED: Advice(
        lazy_gettext("Your server is on a block list"),
        lazy_gettext("Ask your mail provider to have it removed."),
    ),
    Reason.QUOTA: Advice(
        lazy_gettext("Your provider's quota is used up"),
        lazy_gettext("It goes on by itself, or lower the account's limits."),
    ),
    Reason.RATE: Advice(
        lazy_gettext("Too many mails at once"), lazy_gettext("Lower the account's limits.")
    ),
    OurReason.CONNECTION: Advice(
        lazy_gettext("The connection broke before the mail was handed over"),
        lazy_gettext("It was not sent. Try it again."),
    ),
    Reason.TLS: Advice(
        lazy_gettext("No trusted encryption with the server"),
        lazy_gettext("Test the SMTP account: its steps say what is wrong."),
    ),
    Reason.OTHER_TEMPORARY: Advice(
        lazy_gettext("Refused for now, without a reason we know"),
        lazy_gettext("It is tried again; the words say more."),
    ),
    Reason.OTHER_PERMANENT: Advice(
        lazy_gettext("Refused, without a reason we know"),
        lazy_gettext("Read the server's words, then try again."),
    ),
    OurReason.GAVE_UP: Advice(
        lazy_gettext("Put off until we gave up"),
        lazy_gettext("The server never took it. Try again later."),
    ),
    OurReason.NO_REPLY: Advice(
        lazy_gettext("The server never answered"),
        lazy_gettext("It may have arrived. Look into your provider's log, then decide."),
    ),
    OurReason.SENDER_LOST: Advice(
        lazy_gettext("A sender died before the answer was written down"),
        lazy_gettext("It may have arrived. Look into your provider's log, then decide."),
    ),
    OurReason.TEMPLATE: Advice(
        lazy_gettext("The mail could not be built for this recipient"),
        lazy_gettext("Check the fields of the recipient."),
    ),
    OurReason.SAID_BY_USER: Advice(lazy_gettext("You counted it as sent"), ""),
    SuppressionReason.UNSUBSCRIBED: Advice(
        lazy_gettext("They unsubscribed"), lazy_gettext("Nothing to do: respect it.")
    ),
    SuppressionReason.BOUNCED: Advice(
        lazy_gettext("Earlier mail to it came back"),
        lazy_gettext("Remove it from the suppression list if it works again."),
    ),
    SuppressionReason.COMPLAINED: Advice(
        lazy_gettext("They reported spam"), lazy_gettext("Do not write to them again.")
    ),
    SuppressionReason.MANUAL: Advice(lazy_gettext("You put it on the list"), ""),
    OurReason.SUPPRESSED: Advice(lazy_gettext("On your suppression list"), ""),
}
_NO_REASON: Final[Mapping[EmailState, Advice]] = {
    EmailState.UNKNOWN: Advice(
        lazy_gettext("The answer was lost"), lazy_gettext("Decide below what became of them.")
    ),
    EmailState.SUPPRESSED: Advice(lazy_gettext("On your suppression list"), ""),
}


def say_status(status: CampaignStatus) -> str:
    """Name the status of a campaign."""
    return str(_STATUSES[status])


def say_state(state: EmailState) -> str:
    """Name the state of a mail."""
    return str(_STATES[state])


def advise(reason: str | None, state: EmailState) -> Advice:
    """Say a cause in words; a reason that is new here is shown as it is written."""
    if reason is None:
        return _NO_REASON.get(state, Advice(say_state(state), ""))
    return _ADVICE.get(reason) or Advice(reason.replace("_", " ").capitalize(), "")


def goes_again_by_itself(campaign: Campaign) -> bool:
    """Whether unknown mails of this campaign are sent again without its owner's word."""
    return campaign.resend_unknown and campaign.status not in (
        CampaignStatus.FINISHED,
        *STOPPED_FOR_GOOD,
    )


def explain(reason: str | None, state: EmailState) -> str:
    """Say in one line what a mail's state means, where there is no room for advice."""
    if state is EmailState.UNKNOWN:
        return f"{STATE_WORDS[state]} {WHAT_TO_DO_WITH_UNKNOWN}"
    return str(advise(reason, state).title) if reason is not None else ""


def say_on_the_wire(mails: int) -> str:
    """Say how many mails cannot be called back, as the end of an honest answer."""
    if not mails:
        return gettext("Nothing more goes out.")
    return ngettext(
        "Nothing new goes out. %(num)s mail was on the wire already and may still arrive.",
        "Nothing new goes out. %(num)s mails were on the wire already and may still arrive.",
        mails,
        num=number(mails),
    )


def say_share(done: int, total: int) -> str:
    """Say how far something is, as ``ui.progress`` does."""
    return gettext("%(done)s of %(total)s", done=number(done), total=number(total))


def say_otherwise(mails: int) -> str:
    """Say how many mails have ended without being sent: refused, left out, unknown."""
    return ngettext("%(num)s ended otherwise", "%(num)s ended otherwise", mails, num=number(mails))


def say_sending(sent: int, total: int, *, otherwise: int) -> str:
    """Say how far a campaign is; what was not sent never counts as sent."""
    if not otherwise:
        return gettext("%(sent)s of %(total)s sent", sent=number(sent), total=number(total))
    return gettext(
        "%(sent)s of %(total)s sent, %(rest)s",
        sent=number(sent),
        total=number(total),
        rest=say_otherwise(otherwise),
    )


def say_rate(per_s: float) -> str:
    """Write a pace so that its number is readable: "12 a second", "30 a minute"."""
    for seconds, words in _RATES:
        if per_s * seconds >= 1:
            return words % {"mails": number(round(per_s * seconds))}
    return gettext("less than 1 an hour")
