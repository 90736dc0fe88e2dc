"""How figures and instants read on a page. Pure; `rendering` gives it to the templates."""

from datetime import UTC, datetime, timedelta

from dakiya.campaigns.times import describe_distance, find_zone

_NEAR = ("Today", "Tomorrow", "Yesterday")
_UNITS = ("B", "kB", "MB", "GB", "TB")


def number(value: float) -> str:
    """Write a figure with separators: 12,345."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def percent(part: float, whole: float) -> str:
    """Write a share with one decimal, and never 100 % or 0 % for what only rounds to it."""
    if not whole:
        return "–"
    share = 100 * part / whole
    if 99.95 <= share < 100:
        return "99.9 %"
    if 0 < share < 0.05:
        return "0.1 %"
    return f"{share:.1f} %".replace(".0 %", " %")


def size(size_bytes: int) -> str:
    """Write a size in the largest fitting unit: 1.5 MB."""
    amount = float(size_bytes)
    for unit in _UNITS:
        if amount < 1000 or unit == _UNITS[-1]:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    raise AssertionError


def duration(span: timedelta | float) -> str:
    """Write a span, given as such or in seconds, in its two largest units: "1 h 20 min"."""
    return describe_distance(span if isinstance(span, timedelta) else timedelta(seconds=span))


def instant(moment: datetime, timezone: str, *, now: datetime) -> str:
    """Write an instant in a zone: "Today, 09:00 IST", "Tue 24 Nov, 09:00 IST", with year if old."""
    local, today = moment.astimezone(find_zone(timezone)), now.astimezone(find_zone(timezone))
    return f"{_day(local, today)}, {local:%H:%M} {_zone_name(local)}"


def inside(text: str) -> str:
    """Write an instant as it stands inside a sentence: "today, 09:00 IST"."""
    return text[:1].lower() + text[1:] if text.startswith(_NEAR) else text


def instant_in_full(moment: datetime, timezone: str) -> str:
    """Write an instant to the second, in its zone and in UTC."""
    local = moment.astimezone(find_zone(timezone))
    utc = moment.astimezone(UTC)
    return (
        f"{local:%a} {local.day} {local:%b} {local.year}, {local:%H:%M:%S} {_zone_name(local)}"
        f" = {utc:%Y-%m-%d %H:%M:%S} UTC"
    )


def distance(moment: datetime, *, now: datetime) -> str:
    """Say how far off an instant is: "in 2 h 10 min", "3 min ago", "just now"."""
    away = moment - now
    if abs(away) < timedelta(seconds=45):
        return "just now" if away <= timedelta(0) else "in a moment"
    words = describe_distance(abs(away))
    return f"in {words}" if away > timedelta(0) else f"{words} ago"


def _day(local: datetime, today: datetime) -> str:
    names = {0: "Today", 1: "Tomorrow", -1: "Yesterday"}
    days = (local.date() - today.date()).days
    if days in names:
        return names[days]
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year}"


def _zone_name(local: datetime) -> str:
    name = local.tzname() or ""
    return f"UTC{name}" if name[:1] in {"+", "-"} else name
