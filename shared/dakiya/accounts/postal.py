"""The postal address of a workspace, which stands below each of its mails."""

import re
from typing import Final

from sqlalchemy.orm import Session

from dakiya.errors import InvalidInput
from dakiya.models import Workspace

MAX_CHARS: Final = 300
MAX_LINES: Final = 6

_UNUSABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def clean_postal_address(written: str) -> str | None:
    """Return an address as its lines, without empty ones; None for none. Raises InvalidInput."""
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", written)]
    address = "\n".join(line for line in lines if line)
    if _UNUSABLE.search(address):
        raise InvalidInput("There is a control character in the address. Remove it.")
    if len(address) > MAX_CHARS or address.count("\n") >= MAX_LINES:
        raise InvalidInput(f"Use at most {MAX_LINES} lines and {MAX_CHARS} characters.")
    return address or None


def set_postal_address(session: Session, workspace_id: int, written: str) -> None:
    """Keep a workspace's address; mails that go out from now on carry it. Raises InvalidInput."""
    session.get_one(Workspace, workspace_id).postal_address = clean_postal_address(written)


def postal_address_of(session: Session, workspace_id: int) -> str:
    """Return a workspace's address, "" if it has none."""
    return session.get_one(Workspace, workspace_id).postal_address or ""
