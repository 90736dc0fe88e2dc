"""Reads what a user decides about unknown mails and about a copy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dakiya.models import ContentKind
from dakiya_web.input.reader import MAX_ID, FieldReader

# As many as one transaction moves; more of them are all of them.
MAX_RECIPIENTS = 1_000


class UnknownAs(StrEnum):
    """What becomes of an unknown mail by its owner's word."""

    SENT = "sent"
    AGAIN = "again"


@dataclass(frozen=True)
class UnknownInput:
    """What to do, and with which recipients' mails; None means all of them."""

    which: UnknownAs
    recipient_ids: Sequence[int] | None


def read_unknown(body: Mapping[str, object]) -> UnknownInput:
    """Read ``as`` and, if it is there, the list ``recipients`` of ids. Raises InvalidFields."""
    reader = FieldReader(body)
    which = reader.choice("as", UnknownAs)
    listed = reader.sequence("recipients")
    recipient_ids = [
        item
        for item in listed
        if isinstance(item, int) and not isinstance(item, bool) and 0 < item <= MAX_ID
    ]
    if len(recipient_ids) != len(listed) or len(listed) > MAX_RECIPIENTS:
        reader.wrong("recipients", "must be a list of recipient_id numbers, 1,000 at most.")
    reader.finish()
    return UnknownInput(which, recipient_ids if body.get("recipients") is not None else None)


@dataclass(frozen=True)
class DuplicateInput:
    """How a copy is made: with which recipients, and written in which way (None: as it is)."""

    with_recipients: bool
    kind: ContentKind | None


def read_duplicate(body: Mapping[str, object]) -> DuplicateInput:
    """Read how a copy is wanted. Raises InvalidFields."""
    reader = FieldReader(body)
    wanted = reader.flag("with_recipients")
    kind = reader.choice("kind", ContentKind) if reader.has("kind") else None
    reader.finish()
    return DuplicateInput(wanted, kind)
