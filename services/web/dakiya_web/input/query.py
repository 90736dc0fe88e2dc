"""Reads the query of a list: where it goes on, how long a page is, which state."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dakiya.campaigns.mails import Wanted
from dakiya.models import EmailState
from dakiya_web.input.reader import MAX_ID, InvalidFields

DEFAULT_LIMIT = 100
MAX_LIMIT = 500
MAX_SEARCH_CHARS = 320
_NUMBER = re.compile(r"[0-9]{1,19}", re.ASCII)


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for."""

    cursor: int | None
    limit: int
    state: EmailState | None = None


def read_page(
    query: Mapping[str, str],
    *,
    states: type[EmailState] | None = None,
    default_limit: int = DEFAULT_LIMIT,
) -> Page:
    """Read cursor, limit and, where ``states`` is given, status. Raises InvalidFields."""
    errors: dict[str, list[str]] = {}
    cursor = _number(query.get("cursor"), MAX_ID)
    if query.get("cursor") and cursor is None:
        errors["cursor"] = ["Use the value of next from the page before, or leave it out."]
    limit = default_limit
    try:
        limit = read_limit(query, default=default_limit)
    except InvalidFields as found:
        errors |= found.errors
    written = query.get("status") if states is not None else None
    state = EmailState(written) if written in list(EmailState) else None
    if written and state is None:
        errors["status"] = [f"must be one of {', '.join(EmailState)}."]
    if errors:
        raise InvalidFields(errors)
    return Page(cursor, limit, state)


def read_limit(query: Mapping[str, str], *, default: int = DEFAULT_LIMIT) -> int:
    """Read how long a page shall be. Raises InvalidFields."""
    limit = _number(query.get("limit"), MAX_LIMIT)
    if query.get("limit") and not limit:
        raise InvalidFields({"limit": [f"must be from 1 to {MAX_LIMIT}."]})
    return limit or default


def read_search(query: Mapping[str, str]) -> str:
    """Read ``search``, a part of an address; empty when it is missing."""
    return _plain(query.get("search", ""))


def read_wanted(query: Mapping[str, str], *, state: EmailState | None) -> Wanted:
    """Read which lines of a ledger: ``reason``, and ``search`` for a part of the address."""
    return Wanted(state, _plain(query.get("reason", "")) or None, read_search(query))


def _plain(text: str) -> str:
    """What can stand in an address; NUL and half characters never reach the database."""
    return text.encode("utf-8", "ignore").decode().replace("\0", "")[:MAX_SEARCH_CHARS]


def _number(text: str | None, maximum: int) -> int | None:
    if not text or not _NUMBER.fullmatch(text):
        return None
    number = int(text)
    return number if number <= maximum else None
