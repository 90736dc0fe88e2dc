"""Words and codes of real servers that mean something else than their class says.

To add a rule: put it where the first fitting rule wins, name whose words it knows, and add
the reply with its source to the table in the tests of `classify`.
"""

import re
from dataclasses import dataclass, field

from .verdict import Kind, Reason, Verdict

_QUOTA = Verdict(Kind.ACCOUNT, Reason.QUOTA, retry_can_help=True)
_RATE = Verdict(Kind.ACCOUNT, Reason.RATE, retry_can_help=True)
_AUTH = Verdict(Kind.ACCOUNT, Reason.AUTH)
_SENDER = Verdict(Kind.ACCOUNT, Reason.SENDER_REFUSED)
_BLOCKED = Verdict(Kind.ACCOUNT, Reason.BLOCKED)

_TEMPORARY = range(400, 500)
_PERMANENT = range(500, 600)
_BEFORE_BODY = frozenset({"connect", "greeting", "ehlo", "auth", "mail", "rcpt", "data"})
_AFTER_MAIL = frozenset({"rcpt", "data", "body", "dot"})
_WITH_BODY = frozenset({"data", "body", "dot"})
_ANYWHERE = _BEFORE_BODY | _WITH_BODY | {"tls", "noop"}
# A status, or none, that leaves open what the matter is: then the words decide.
_VAGUE = frozenset({None, "5.0.0", "5.1.0", "5.5.0", "5.5.1"})


def _words(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


_ANYTHING = re.compile("")


@dataclass(frozen=True, slots=True)
class Rule:
    """A verdict for replies that match in every given respect; no statuses means any."""

    verdict: Verdict
    words: re.Pattern[str] = _ANYTHING
    codes: range | frozenset[int] = range(400, 600)
    statuses: frozenset[str | None] = frozenset()
    phases: frozenset[str] = field(default=_ANYWHERE)

    def fits(self, phase: str, code: int, enhanced: str | None, text: str) -> bool:
        """Say whether this rule decides."""
        return (
            phase in self.phases
            and code in self.codes
            and (not self.statuses or enhanced in self.statuses)
            and self.words.search(text) is not None
        )


RULES: tuple[Rule, ...] = (
    # Gmail gives 450 4.2.1 and 550 5.2.1 for a mailbox that is flooded by others.
    Rule(
        Verdict(Kind.DEFERRED, Reason.MAILBOX_BUSY, retry_can_help=True),
        _words(r"receiving (e?mail|messages) (too quickly|at a rate)"),
        codes=_TEMPORARY,
    ),
    Rule(
        Verdict(Kind.FAILED, Reason.MAILBOX_BUSY, retry_can_help=True),
        _words(r"receiving (e?mail|messages) (too quickly|at a rate)"),
        codes=_PERMANENT,
    ),
    # postgrey, milter-greylist, Exim recipes, rspamd.
    Rule(
        Verdict(Kind.DEFERRED, Reason.GREYLISTED, retry_can_help=True),
        _words(r"gr[ae]y-?list", r"postgrey"),
        codes=_TEMPORARY,
        phases=_AFTER_MAIL,
    ),
    # Microsoft 365, Postfix (smtpd_sender_login_maps), Exim, SES, SendGrid, iCloud, Zoho.
    Rule(
        _SENDER,
        _words(
            r"sender address rejected",
            r"not owned by user",
            r"SendAsDenied",
            r"permissions? to send as",
            r"sender is not (allowed|authorized)",
            r"address is not verified",
            r"verified sender identity",
            r"from address is not one of",
            r"bad outbound sender",
            r"relaying disallowed as",
            r"sender verify failed",
            r"domain of sender",
            r"unregistered domain",
        ),
        codes=_PERMANENT,
    ),
    Rule(
        Verdict(Kind.ACCOUNT, Reason.SENDER_REFUSED, retry_can_help=True),
        _words(r"sender address rejected", r"domain of sender"),
        codes=_TEMPORARY,
    ),
    # Gmail 5.4.5; Microsoft 5.1.90 (recipients a day), 5.7.233 and 5.7.705 (tenant).
    Rule(_QUOTA, statuses=frozenset({"5.4.5", "5.1.90", "5.7.233", "5.7.705"})),
    # Microsoft wraps the mailbox's submission quota in 554 5.2.0.
    Rule(
        _QUOTA,
        _words(r"STOREDRV", r"submission", r"quota", r"limit", r"exceed"),
        codes=frozenset({554}),
        statuses=frozenset({"5.2.0"}),
    ),
    # SES, Gmail, Microsoft, SendGrid, Zoho, cPanel's Exim, Postfix policy daemons.
    Rule(
        _QUOTA,
        _words(
            r"daily (user |sending |message |e-?mail |recipient |smtp |relay )*(limit|quota)",
            r"(hourly|monthly|24.hour) (\w+ ){0,2}(limit|quota)",
            r"(sending|relays?|submission|outgoing|messaging) (limit|quota)s?\b",
            r"max(imum)? (e-?mails|messages|defers and failures) per (hour|day)",
            r"maximum credits exceeded",
            r"unusual sending activity",
            r"e-?mail outgoing blocked",
            r"OutboundSpam",
            r"SubmissionQuota",
            r"policy rejection.*quota",
        ),
    ),
    # Relays that want a login, or another one.
    Rule(
        _AUTH,
        _words(
            r"relay(ing)? (access )?(is )?(denied|not permitted|not allowed|prohibited)",
            r"unable to relay",
            r"not (allowed|permitted) to relay",
            r"invalid credentials for relay",
            r"authentication (is )?required",
            r"client (was )?not authenticated",
            r"unauthenticated senders",
            r"basic authentication is not supported",
            r"not authorized to perform",
        ),
    ),
    # Lists of senders; in the body's reply a list may be about a link in the text.
    Rule(
        _BLOCKED,
        _words(
            r"client host .*(blocked|rejected|cannot find your)",
            r"blocked using",
            r"block ?list",
            r"blacklist",
            r"connections will not be accepted",
            r"traffic not accepted from this IP",
            r"unauthorized IP",
            r"bad reputation",
        ),
        phases=_BEFORE_BODY,
    ),
    Rule(
        _BLOCKED,
        _words(
            r"sending (is )?(paused|suspended)",
            r"your (\w+ )?account (is|has been) (not yet activated|suspended|disabled|blocked)",
            r"is not allowed to send",
            r"spam abuse detected",
        ),
    ),
    # Microsoft 432, SES 454 (with the relay's and the quota's words already taken above).
    Rule(_RATE, codes=frozenset({432, 454}), phases=_ANYWHERE - {"auth", "tls"}),
    Rule(
        _RATE,
        _words(
            r"throttl",
            r"rate.?limit",
            r"sending rate",
            r"unusual rate",
            r"rate of (unsolicited|mail)",
            r"too (many|much) (mail|messages|e-?mails|recipients|login)",
            r"too many (concurrent|simultaneous|open)?\s*(smtp )?(connections|sessions)",
            r"(connections?|thread|session) limit",
            r"max message per connection",
            r"server busy",
            r"try again later, closing connection",
            r"temporarily deferred due to",
            r"\[TSS?\d\d\]",
            r"slow(ing)? down",
        ),
    ),
    # Verdicts of filters on the message itself.
    Rule(
        Verdict(Kind.FAILED, Reason.CONTENT),
        _words(
            r"\bspam\b",
            r"unsolicited",
            r"\bvirus\b",
            r"malware",
            r"phish",
            r"content (was )?reject",
            r"its content presents",
            r"message content",
        ),
        codes=_PERMANENT,
        phases=_WITH_BODY,
    ),
    # Full mailboxes behind a code without a status, or behind 552 and 554.
    Rule(
        Verdict(Kind.DEFERRED, Reason.MAILBOX_FULL, retry_can_help=True),
        _words(r"over ?quota", r"mailbox (is )?full", r"mailbox.*quota", r"exceeded storage"),
        codes=_TEMPORARY,
        phases=_AFTER_MAIL,
    ),
    Rule(
        Verdict(Kind.FAILED, Reason.MAILBOX_FULL, retry_can_help=True),
        _words(r"over ?quota", r"mailbox (is )?full", r"mailbox.*quota", r"exceeded storage"),
        phases=_AFTER_MAIL,
    ),
    # Exchange Online's edge: mostly an unknown user, sometimes a domain being set up.
    Rule(
        Verdict(Kind.FAILED, Reason.UNKNOWN_USER, retry_can_help=True),
        _words(r"recipient address rejected: access denied"),
        codes=_PERMANENT,
        statuses=frozenset({"5.4.1"}),
    ),
    # Exim says this of unknown users and of domains that it cannot find just now.
    Rule(
        Verdict(Kind.FAILED, Reason.BAD_ADDRESS),
        _words(r"unroute?able address"),
        codes=_PERMANENT,
        phases=_AFTER_MAIL,
    ),
    # Unmistakable words without a status, or with 5.0.0; Yahoo's 554.
    Rule(
        Verdict(Kind.FAILED, Reason.MAILBOX_DISABLED, suppress=True),
        _words(r"account has been disabled or discontinued"),
        codes=_PERMANENT,
        statuses=_VAGUE,
        phases=_AFTER_MAIL,
    ),
    Rule(
        Verdict(Kind.FAILED, Reason.UNKNOWN_USER, suppress=True),
        _words(
            r"user unknown",
            r"unknown user",
            r"no such (user|mailbox|recipient|person)",
            r"(user|mailbox|recipient|account) (was )?not found",
            r"(user|mailbox|recipient|account) (does not|doesn.t) exist",
            r"no mailbox (here )?by that name",
            r"doesn.t have an? [\w.]+ account",
        ),
        codes=_PERMANENT,
        statuses=_VAGUE,
        phases=_AFTER_MAIL,
    ),
)
