"""How values look in JSON."""

from datetime import UTC, datetime


def instant(moment: datetime | None) -> str | None:
    """Write an instant as RFC 3339 in UTC, in whole seconds when it has no fraction."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
