"""Where a page of suppressions ends, as it stands in an address. Pure."""

import base64
import binascii
from datetime import datetime

from dakiya.contacts.suppressions import Cursor
from dakiya.models import Suppression

_MAX_CHARS = 600


def write_cursor(line: Suppression) -> str:
    """Name the place behind a line."""
    written = f"{line.created_at.isoformat()} {line.email_normalised}"
    return base64.urlsafe_b64encode(written.encode()).decode().rstrip("=")


def read_cursor(text: str) -> Cursor | None:
    """Read a place; None for anything that is none, which is the list's beginning."""
    if not text or len(text) > _MAX_CHARS:
        return None
    try:
        written = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        instant, _, address = written.decode().partition(" ")
        created_at = datetime.fromisoformat(instant)
    except (binascii.Error, ValueError):
        return None
    if created_at.tzinfo is None or not address or "\0" in address:
        return None
    return created_at, address
