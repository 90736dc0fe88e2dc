"""What a server said of itself when its account was tested last. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class ServerFacts:
    """A server's extensions as EHLO names them, its largest mail, and how it is encrypted.

    ``size_bytes`` is None where it names no limit, ``encryption`` empty where there is none.
    ``seen_at`` is an ISO 8601 instant in UTC.
    """

    extensions: Sequence[str]
    size_bytes: int | None
    encryption: str
    seen_at: str

    def as_json(self) -> dict[str, Any]:
        """Return what is stored."""
        return asdict(self)

    @classmethod
    def read(cls, stored: Mapping[str, Any] | None) -> "ServerFacts | None":
        """Read what was stored; None before the first test."""
        if not stored:
            return None
        return cls(
            tuple(stored["extensions"]),
            stored["size_bytes"],
            stored["encryption"],
            stored["seen_at"],
        )
