"""What inline styles of foreign HTML mean in a document: bold, a colour, a size, an alignment."""

import re
from collections.abc import Mapping
from typing import Any, Final

from dakiya.mail.html_pieces import Start

_OF_TAG: Final[Mapping[str, str]] = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline",
    "ins": "underline", "s": "strike", "strike": "strike", "del": "strike", "code": "code",
}  # fmt: skip
_NAMES: Final = {
    "red": "#ff0000", "green": "#008000", "blue": "#0000ff", "navy": "#000080", "teal": "#008080",
    "maroon": "#800000", "purple": "#800080", "olive": "#808000", "gray": "#808080",
    "grey": "#808080", "silver": "#c0c0c0", "orange": "#ffa500", "yellow": "#ffff00",
    "lime": "#00ff00", "aqua": "#00ffff", "fuchsia": "#ff00ff", "black": "#000000",
    "white": "#ffffff",
}  # fmt: skip
_HEX = re.compile(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_RGB = re.compile(r"rgba?\(\s*([0-9]{1,3})[\s,]+([0-9]{1,3})[\s,]+([0-9]{1,3})\s*(?:[,/].*)?\)")
_SIZE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)(px|pt)")
_ALIGNMENTS: Final = ("center", "right", "justify")


def declarations(tag: Start) -> Mapping[str, str]:
    """Return a tag's inline styles, names and values in small letters."""
    found: dict[str, str] = {}
    for declaration in tag.attributes.get("style", "")[:2_000].split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            found[name.strip().lower()] = value.replace("!important", "").strip().lower()
    return found


def alignment_of(tag: Start) -> str | None:
    """Return how a block is aligned; None for left and for what nobody chose."""
    align = declarations(tag).get("text-align") or tag.attributes.get("align", "").lower()
    return align if align in _ALIGNMENTS else None


def marks_of(tag: Start) -> list[dict[str, Any]]:
    """Return the marks that a tag puts on its text; links are not among them."""
    style = declarations(tag)
    names = {_OF_TAG[tag.name]} if tag.name in _OF_TAG else set()
    weight = style.get("font-weight", "")
    # Google Docs wraps everything it copies in <b style="font-weight:normal">.
    if weight in ("normal", "400", "300", "lighter"):
        names.discard("bold")
    elif weight in ("bold", "bolder", "600", "700", "800", "900"):
        names.add("bold")
    if style.get("font-style") == "italic":
        names.add("italic")
    decoration = style.get("text-decoration", "") + style.get("text-decoration-line", "")
    if "underline" in decoration and tag.name != "a":
        names.add("underline")
    if "line-through" in decoration:
        names.add("strike")
    found: list[dict[str, Any]] = [{"type": name} for name in sorted(names)]
    look = {
        "color": _colour(style.get("color") or tag.attributes.get("color", ""), but="#000000"),
        "backgroundColor": _colour(
            style.get("background-color") or style.get("background", ""), but="#ffffff"
        ),
        "fontSize": _size(style.get("font-size", "")),
    }
    if tag.name != "a" and any(look.values()):
        found.append({"type": "textStyle", "attrs": look})
    return found


def _colour(written: str, *, but: str) -> str | None:
    """Read a colour; None for the one that every document has anyway."""
    written = written.strip().lower()
    if found := _HEX.fullmatch(written):
        digits = found[1] if len(found[1]) == 6 else "".join(2 * digit for digit in found[1])
        colour = f"#{digits}"
    elif found := _RGB.fullmatch(written):
        colour = "#" + "".join(f"{min(255, int(part)):02x}" for part in found.groups())
        if written.startswith("rgba") and re.search(r"[,/]\s*0(?:\.0*)?\s*\)$", written):
            return None
    else:
        colour = _NAMES.get(written, but)
    return None if colour == but else colour


def _size(written: str) -> str | None:
    """Read a size of text; None for what a paragraph has anyway, 14 to 17 px."""
    found = _SIZE.fullmatch(written)
    if found is None:
        return None
    size_px = round(float(found[1]) * (4 / 3 if found[2] == "pt" else 1))
    return None if 14 <= size_px <= 17 else f"{min(48, max(12, size_px))}px"
