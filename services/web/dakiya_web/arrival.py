"""How much of a request has arrived: enough for a thread, or not yet. Pure.

Only a forecast, to spare the threads: gunicorn's parser has the last word on what a request is.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

# A request of this size is gathered without a thread: every form but a long mail.
GATHERED_BYTES = 64 * 1024
_HEAD_ENDS = b"\r\n\r\n"
_LENGTH = re.compile(rb"(?im)^content-length:[ \t]*([0-9]{1,18})[ \t]*\r$")
# The end cannot be told beforehand, or the client waits for a word before it sends the body.
_OPEN_ENDED = re.compile(rb"(?im)^(transfer-encoding|expect):")


class Arrived(StrEnum):
    """What there is of a request."""

    PART = "part"
    WHOLE = "whole"
    # To be read by a thread: it is large, or nobody knows how large.
    LENGTHY = "lengthy"


@dataclass
class Arrival:
    """The bytes of one request, as they come."""

    gathered: bytearray = field(default_factory=bytearray)
    _whole_bytes: int | None = None

    def add(self, data: bytes) -> Arrived:
        """Take what has come, and tell what there is now."""
        searched = max(0, len(self.gathered) - len(_HEAD_ENDS) + 1)
        self.gathered += data
        if self._whole_bytes is None:
            head_bytes = self.gathered.find(_HEAD_ENDS, searched)
            if head_bytes >= 0:
                head = bytes(self.gathered[: head_bytes + 2])
                if _OPEN_ENDED.search(head):
                    return Arrived.LENGTHY
                found = _LENGTH.search(head)
                body_bytes = int(found[1]) if found else 0
                self._whole_bytes = head_bytes + len(_HEAD_ENDS) + body_bytes
        if self._whole_bytes is not None and len(self.gathered) >= self._whole_bytes:
            return Arrived.WHOLE
        if max(len(self.gathered), self._whole_bytes or 0) > GATHERED_BYTES:
            return Arrived.LENGTHY
        return Arrived.PART
