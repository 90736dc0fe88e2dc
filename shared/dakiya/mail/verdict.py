"""What a refusal means for the row, the account and the address."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Who has to bear the refusal."""

    DEFERRED = "deferred"  # this recipient, later again
    FAILED = "failed"  # this recipient, for good
    ACCOUNT = "account"  # no recipient: the SMTP account waits or needs its owner


class Reason(StrEnum):
    """Why a mail was refused, in the words that users and counters see."""

    # The recipient.
    UNKNOWN_USER = "unknown_user"
    BAD_ADDRESS = "bad_address"  # its domain or its form
    MAILBOX_DISABLED = "mailbox_disabled"
    MAILBOX_FULL = "mailbox_full"
    MAILBOX_BUSY = "mailbox_busy"  # the recipient gets too much mail, from anybody
    GREYLISTED = "greylisted"
    # The message.
    CONTENT = "content"
    TOO_LARGE = "too_large"
    # The receiving side's rules.
    POLICY = "policy"
    # The account.
    AUTH = "auth"
    SENDER_REFUSED = "sender_refused"  # this login may not send from this address
    BLOCKED = "blocked"  # our address or account is on a list
    QUOTA = "quota"  # so much an hour or a day
    RATE = "rate"  # too fast or too many connections
    CONNECTION = "connection"
    TLS = "tls"  # no encrypted connection, or nobody trusted vouches for the server
    # Whatever the server did not explain.
    OTHER_TEMPORARY = "other_temporary"
    OTHER_PERMANENT = "other_permanent"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The reading of one reply.

    `suppress`: the address is dead and belongs on the suppression list. `retry_can_help`:
    the same mail may pass later without anybody changing it or the account.
    """

    kind: Kind
    reason: Reason
    suppress: bool = False
    retry_can_help: bool = False
