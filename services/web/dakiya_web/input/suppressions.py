"""Reads a list of addresses that shall get no mail."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dakiya.contacts.recipients import Rejection
from dakiya.contacts.suppressions import MAX_AT_ONCE, AddressRow
from dakiya_web.input.reader import FieldReader


@dataclass(frozen=True)
class SuppressionsInput:
    """What may be addresses, and what cannot be; rows count from 1."""

    rows: list[AddressRow] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)


def read_suppressions(body: Mapping[str, object]) -> SuppressionsInput:
    """Read the list ``emails``. Raises InvalidFields."""
    reader = FieldReader(body)
    listed = reader.sequence("emails")
    if len(listed) > MAX_AT_ONCE:
        reader.wrong("emails", f"At most {MAX_AT_ONCE:,} addresses fit into one request.")
    elif not listed and not reader.is_wrong("emails"):
        reader.wrong("emails", 'Send a list: {"emails": ["asha@example.com"]}.')
    reader.finish()
    found = SuppressionsInput()
    for row, item in enumerate(listed, start=1):
        if isinstance(item, str):
            found.rows.append(AddressRow(row, item))
        else:
            found.rejected.append(Rejection(row=row, email="", error="is not text"))
    return found
