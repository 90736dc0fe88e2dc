"""Words and codes of real servers that mean something else than their class says.

To add a rule: put it where the first fitting rule wins, name whose words it knows, and add
the reply with its source to the table in the tests of `classify`.
"""

from .reply_matching import (
    AFTER_MAIL,
    ANYWHERE,
    BEFORE_BODY,
    PERMANENT,
    TEMPORARY,
    VAGUE,
    WITH_BODY,
    Rule,
    words,
)
from .verdict import Kind, Reason, Verdict

_QUOTA = Verdict(Kind.ACCOUNT, Reason.QUOTA, retry_can_help=True)
_RATE = Verdict(Kind.ACCOUNT, Reason.RATE, retry_can_help=True)
_AUTH = Verdict(Kind.ACCOUNT, Reason.AUTH)
_SENDER = Verdict(Kind.ACCOUNT, Reason.SENDER_REFUSED)
_BLOCKED = Verdict(Kind.ACCOUNT, Reason.BLOCKED)
_FULL = words(
    r"over (the )?quota",
    r"overquota",
    r"mailbox (is )?full",
    r"full mailbox",
    r"mailbox.*quota",
    r"\bmail quota",
    r"exceeded storage",
)

RULES: tuple[Rule, ...] = (
    # Gmail gives 450 4.2.1 and 550 5.2.1 for a mailbox that is flooded by others, Microsoft 432.
    Rule(
        Verdict(Kind.DEFERRED, Reason.MAILBOX_BUSY, retry_can_help=True),
        words(r"receiving (e?mail|messages) (too quickly|at a rate)", r"recipient thread limit"),
        codes=TEMPORARY,
    ),
    Rule(
        Verdict(Kind.FAILED, Reason.MAILBOX_BUSY, retry_can_help=True),
        words(r"receiving (e?mail|messages) (too quickly|at a rate)"),
        codes=PERMANENT,
    ),
    # postgrey, milter-greylist, Exim recipes, rspamd.
    Rule(
        Verdict(Kind.DEFERRED, Reason.GREYLISTED, retry_can_help=True),
        words(r"gr[ae]y-?list", r"postgrey"),
        codes=TEMPORARY,
        phases=AFTER_MAIL,
    ),
    # Microsoft 365, Postfix (smtpd_sender_login_maps), Exim, SES, SendGrid, iCloud, Zoho.
    Rule(
        _SENDER,
        words(
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
        codes=PERMANENT,
    ),
    Rule(
        Verdict(Kind.ACCOUNT, Reason.SENDER_REFUSED, retry_can_help=True),
        words(r"sender address rejected", r"domain of sender", r"sender verify"),
        codes=TEMPORARY,
    ),
    # Exchange, whatever its words: no permission to send as this sender.
    Rule(_SENDER, codes=PERMANENT, statuses=frozenset({"5.7.60"})),
    # Gmail 5.4.5; Microsoft 5.1.90 (recipients a day), 5.7.232, 5.7.233 and 5.7.705 (tenant).
    Rule(_QUOTA, statuses=frozenset({"5.4.5", "5.1.90", "5.7.232", "5.7.233", "5.7.705"})),
    # Microsoft says 554 5.2.0 of the recipient's mailbox (STOREDRV.Deliver) ...
    Rule(
        Verdict(Kind.FAILED, Reason.MAILBOX_FULL, retry_can_help=True),
        words(r"STOREDRV\.Deliver.*(quota|mailbox full)"),
        codes=PERMANENT,
        statuses=frozenset({"5.2.0"}),
    ),
    # ... and wraps the submission quota of ours in it.
    Rule(
        _QUOTA,
        words(r"STOREDRV(?!\.Deliver)", r"submission", r"quota", r"limit", r"exceed"),
        codes=frozenset({554}),
        statuses=frozenset({"5.2.0"}),
    ),
    # SES, Gmail, Microsoft, SendGrid, Zoho, cPanel's Exim, Postfix policy daemons.
    Rule(
        _QUOTA,
        words(
            r"daily (user |sending |message |e-?mail |recipient |smtp |relay )*(limit|quota)",
            r"(hourly|monthly|24.hour) (\w+ ){0,2}(limit|quota)",
            r"(sending|relays?|submission|outgoing|messaging) (limit|quota)s?\b",
            r"max(imum)? (e-?mails|messages|defers and failures) per (hour|day)",
            r"\be-?mail quota exceeded",
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
        words(
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
        words(
            r"client host .*(blocked|rejected|cannot find your)",
            r"blocked using",
            r"block[ -]?list",
            r"black[ -]?list",
            r"connections will not be accepted",
            r"traffic not accepted from this IP",
            r"unauthorized IP",
            r"bad reputation",
        ),
        phases=BEFORE_BODY,
    ),
    # Microsoft: spam from here (5.7.501), banned senders and addresses, a new tenant (5.7.708).
    Rule(
        _BLOCKED,
        statuses=frozenset({"5.7.501", "5.7.502", "5.7.503", "5.7.511", "5.7.708"}),
    ),
    Rule(
        _BLOCKED,
        words(
            r"sending (is )?(paused|suspended)",
            r"your (\w+ )?account (is|has been) (not yet activated|suspended|disabled|blocked)",
            r"is not allowed to send",
            r"spam abuse detected",
        ),
    ),
    # Microsoft 432, SES 454 (with the relay's and the quota's words already taken above).
    Rule(_RATE, codes=frozenset({432, 454}), phases=ANYWHERE - {"auth", "tls"}),
    Rule(
        _RATE,
        words(
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
        words(
            r"\bspam\b",
            r"unsolicited",
            r"\bvirus\b",
            r"malware",
            r"phish",
            r"content (was )?reject",
            r"its content presents",
            r"message content",
            r"content (policy|identified)",
            # Gmail, ZeptoMail: attachments; Exim, Microsoft, SES: a message that is no message.
            r"illegal attachment",
            r"number of attachments",
            r"suspicious link",
            r"headers? fail",
            r"RFC ?5322",
            r"lines? too long",
            r"line length",
            r"expected disposition",
        ),
        codes=PERMANENT,
        phases=WITH_BODY,
    ),
    # Zoho says 5.1.1 of a filter that the recipient's organisation has set.
    Rule(
        Verdict(Kind.FAILED, Reason.POLICY, retry_can_help=True),
        words(r"mailbox delivery failure policy"),
        codes=PERMANENT,
    ),
    # Full mailboxes behind a code without a status, or behind 552 and 554.
    Rule(
        Verdict(Kind.DEFERRED, Reason.MAILBOX_FULL, retry_can_help=True),
        _FULL,
        codes=TEMPORARY,
        phases=AFTER_MAIL,
    ),
    Rule(
        Verdict(Kind.FAILED, Reason.MAILBOX_FULL, retry_can_help=True),
        _FULL,
        phases=AFTER_MAIL,
    ),
    # A server on the way that knows no addresses beyond ASCII (RFC 6531 3.5).
    Rule(
        Verdict(Kind.FAILED, Reason.BAD_ADDRESS),
        codes=PERMANENT,
        statuses=frozenset({"5.6.7"}),
    ),
    # Sizes without a status that says so, or with one that says something else.
    Rule(
        Verdict(Kind.FAILED, Reason.TOO_LARGE),
        words(
            r"\b(message|e-?mail|mail) (is |was )?too (large|big|long)\b",
            r"\b(message|e-?mail|mail) (size|length) exceed",
        ),
        codes=PERMANENT,
        phases=AFTER_MAIL | {"mail"},
    ),
    # Microsoft, of an account that the recipient's organisation has closed.
    Rule(
        Verdict(Kind.FAILED, Reason.MAILBOX_DISABLED),
        words(r"AccountDisabledException"),
        codes=PERMANENT,
    ),
    # Exchange Online, of what another server said: either is possible.
    Rule(
        Verdict(Kind.FAILED, Reason.UNKNOWN_USER, retry_can_help=True),
        codes=PERMANENT,
        statuses=frozenset({"5.1.351"}),
    ),
    # Exchange Online's edge: mostly an unknown user, sometimes a domain being set up.
    Rule(
        Verdict(Kind.FAILED, Reason.UNKNOWN_USER, retry_can_help=True),
        words(r"recipient address rejected: access denied"),
        codes=PERMANENT,
        statuses=frozenset({"5.4.1"}),
    ),
    # Exim says this of unknown users and of domains that it cannot find just now.
    Rule(
        Verdict(Kind.FAILED, Reason.BAD_ADDRESS),
        words(r"unroute?able address"),
        codes=PERMANENT,
        phases=AFTER_MAIL,
    ),
    # Unmistakable words without a status, or with 5.0.0; Yahoo's 554.
    Rule(
        Verdict(Kind.FAILED, Reason.MAILBOX_DISABLED, suppress=True),
        words(r"account has been disabled or discontinued"),
        codes=PERMANENT,
        statuses=VAGUE,
        phases=AFTER_MAIL,
    ),
    Rule(
        Verdict(Kind.FAILED, Reason.UNKNOWN_USER, suppress=True),
        words(
            r"user unknown",
            r"unknown user",
            r"no such (user|mailbox|recipient|person)",
            r"(user|mailbox|recipient|account) (was )?not found",
            r"(user|mailbox|recipient|account) (does not|doesn.t) exist",
            r"no mailbox (here )?by that name",
            r"doesn.t have an? [\w.]+ account",
        ),
        codes=PERMANENT,
        statuses=VAGUE,
        phases=AFTER_MAIL,
    ),
)
