"""The text of one paragraph, gathered piece by piece with its marks."""

import re
from typing import Any, Final

Json = dict[str, Any]

_BLANKS = re.compile(r"[ \t\r\n\f]+")
_UNUSABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef]")
_MARKS_AT_MOST: Final = 20


class Line:
    """Inline content under way; blanks are those that a reader of the HTML would see."""

    def __init__(self) -> None:
        self.pieces: list[Json] = []
        self.preformatted = 0

    @staticmethod
    def clean(text: str) -> str:
        """Leave out what can stand in no mail."""
        return _UNUSABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))

    def write(self, text: str, marks: tuple[Json, ...]) -> None:
        """Add text with its marks, of which the inner ones win."""
        text = self.clean(text)
        if self.preformatted:
            for number, line in enumerate(text.split("\n")):
                if number:
                    self.break_off()
                self._add(line, marks)
            return
        text = _BLANKS.sub(" ", text)
        last = self.pieces[-1] if self.pieces else {"type": "hardBreak"}
        if last["type"] == "hardBreak" or last["text"].endswith(" "):
            text = text.removeprefix(" ")
        self._add(text, marks)

    def break_off(self) -> None:
        """End the line, not the paragraph; breaks before its first word say nothing."""
        if self.pieces:
            self.pieces.append({"type": "hardBreak"})

    def take(self) -> list[Json]:
        """Return what there is and begin anew; nothing if there is only room without words."""
        found, self.pieces = self.pieces, []
        while found and (found[-1]["type"] == "hardBreak" or not found[-1]["text"].strip(" ")):
            found.pop()
        if found:
            found[-1]["text"] = found[-1]["text"].rstrip(" ")
        # A paragraph of one no-break space is how Word and Docs leave room.
        return found if any(piece.get("text", "").strip() for piece in found) else []

    def _add(self, text: str, marks: tuple[Json, ...]) -> None:
        if not text:
            return
        merged: dict[str, Json] = {}
        for mark in marks[-_MARKS_AT_MOST:]:
            kind = mark["type"]
            if kind == "textStyle" and kind in merged:
                inner = {name: value for name, value in mark["attrs"].items() if value}
                merged[kind] = {"type": kind, "attrs": {**merged[kind]["attrs"], **inner}}
            else:
                merged[kind] = mark
        piece: Json = {"type": "text", "text": text}
        if merged:
            piece["marks"] = list(merged.values())
        last = self.pieces[-1] if self.pieces else {}
        if last.get("type") == "text" and last.get("marks") == piece.get("marks"):
            last["text"] += text
        else:
            self.pieces.append(piece)
