"""What statuses and causes mean for the person who reads them, and what to do. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dakiya.delivery.outcomes import Reason as OurReason
from dakiya.mail.verdict import Reason
from dakiya.models import Campaign, CampaignStatus, EmailState
from dakiya.models.contacts import SuppressionReason

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

STATE_WORDS: Final[Mapping[EmailState, str]] = {
    EmailState.PENDING: "It waits for its turn.",
    EmailState.CLAIMED: "A sender has it and is about to send it.",
    EmailState.SENDING: "It is on the wire: the server's answer is awaited.",
    EmailState.SENT: "The server accepted it.",
    EmailState.DEFERRED: "The server asked us to try later. It is tried again by itself.",
    EmailState.FAILED: "It was refused and is not tried again by itself.",
    EmailState.UNKNOWN: (
        "The connection broke after the mail was handed over and before the server answered. "
        "It may have arrived or not; Dakiya does not guess."
    ),
    EmailState.BOUNCED: "The server accepted it and sent it back later.",
    EmailState.CANCELLED: "The campaign was cancelled before it was sent.",
    EmailState.SUPPRESSED: "The address is on your suppression list, so nothing was sent.",
}

WHAT_TO_DO_WITH_UNKNOWN: Final = (
    "Look into your server's log if you can, then count it as sent, or send it again, which may "
    "deliver it twice."
)


@dataclass(frozen=True)
class Advice:
    """A cause in a few words, and what its owner can do."""

    title: str
    todo: str


_ADVICE: Final[Mapping[str, Advice]] = {
    Reason.UNKNOWN_USER: Advice(
        "The mailbox does not exist",
        "Correct the address in your list, or leave it out next time.",
    ),
    Reason.BAD_ADDRESS: Advice(
        "The domain takes no mail", "Look for a typing mistake after the @."
    ),
    Reason.MAILBOX_DISABLED: Advice(
        "The mailbox is closed", "Leave the address out; nobody reads it."
    ),
    Reason.MAILBOX_FULL: Advice("The mailbox is full", "Try again in a few days."),
    Reason.MAILBOX_BUSY: Advice(
        "The mailbox gets too much mail at once", "Try again in a few hours."
    ),
    Reason.GREYLISTED: Advice(
        "The server asked us to come back later", "Usual at a first mail; it is tried again."
    ),
    Reason.CONTENT: Advice(
        "The content was refused",
        "It looks like spam to this server. Change subject and text, and check your links.",
    ),
    Reason.TOO_LARGE: Advice("The mail is too large", "Make the content smaller."),
    Reason.POLICY: Advice(
        "The server's rules refused it",
        "Often SPF, DKIM or DMARC of your domain. The server's words say more.",
    ),
    Reason.AUTH: Advice(
        "Your SMTP server refused the log-in", "Check user name and password of the account."
    ),
    Reason.SENDER_REFUSED: Advice(
        "Your SMTP server refused the from-address",
        "Use an address that this account may send from.",
    ),
    Reason.BLOCKED: Advice(
        "Your server is on a block list", "Ask your mail provider to have it removed."
    ),
    Reason.QUOTA: Advice(
        "Your provider's quota is used up", "It goes on by itself, or lower the account's limits."
    ),
    Reason.RATE: Advice("Too many mails at once", "Lower the account's limits."),
    OurReason.CONNECTION: Advice(
        "The connection broke before the mail was handed over", "It was not sent. Try it again."
    ),
    Reason.OTHER_TEMPORARY: Advice(
        "Refused for now, without a reason we know", "It is tried again; the words say more."
    ),
    Reason.OTHER_PERMANENT: Advice(
        "Refused, without a reason we know", "Read the server's words, then try again."
    ),
    OurReason.GAVE_UP: Advice(
        "Put off until we gave up", "The server never took it. Try again later."
    ),
    OurReason.NO_REPLY: Advice(
        "The server never answered",
        "It may have arrived. Look into your provider's log, then decide.",
    ),
    OurReason.SENDER_LOST: Advice(
        "A sender died before the answer was written down",
        "It may have arrived. Look into your provider's log, then decide.",
    ),
    OurReason.TEMPLATE: Advice(
        "The mail could not be built for this recipient", "Check the fields of the recipient."
    ),
    OurReason.SAID_BY_USER: Advice("You counted it as sent", ""),
    SuppressionReason.UNSUBSCRIBED: Advice("They unsubscribed", "Nothing to do: respect it."),
    SuppressionReason.BOUNCED: Advice(
        "Earlier mail to it came back", "Remove it from the suppression list if it works again."
    ),
    SuppressionReason.COMPLAINED: Advice("They reported spam", "Do not write to them again."),
    SuppressionReason.MANUAL: Advice("You put it on the list", ""),
    OurReason.SUPPRESSED: Advice("On your suppression list", ""),
}
_NO_REASON: Final[Mapping[EmailState, Advice]] = {
    EmailState.UNKNOWN: Advice("The answer was lost", "Decide below what became of them."),
    EmailState.SUPPRESSED: Advice("On your suppression list", ""),
}


def advise(reason: str | None, state: EmailState) -> Advice:
    """Say a cause in words; a reason that is new here is shown as it is written."""
    if reason is None:
        return _NO_REASON.get(state, Advice(state.capitalize(), ""))
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
    return advise(reason, state).title if reason is not None else ""


def say_on_the_wire(mails: int) -> str:
    """Say how many mails cannot be called back, as the end of an honest answer."""
    if not mails:
        return "Nothing more goes out."
    on_wire = "1 mail was" if mails == 1 else f"{mails:,} mails were"
    return f"Nothing new goes out. {on_wire} on the wire already and may still arrive."


def say_rate(per_s: float) -> str:
    """Write a pace so that its number is readable: "12 a second", "30 a minute"."""
    if per_s >= 1:
        return f"{per_s:,.0f} a second"
    if per_s * 60 >= 1:
        return f"{per_s * 60:,.0f} a minute"
    return f"{per_s * 3600:,.0f} an hour" if per_s * 3600 >= 1 else "less than 1 an hour"
