"""What must not stand in a campaign's own HTML, where it stands, and taking it out.

No mail program runs scripts or shows embedded pictures, and each of them mends broken HTML in its
own way, with the unsubscribe link in it. So HTML of that kind is refused, by name and line, and
never changed silently; `take_out` is there for whoever wants it mended.
"""

import re
from bisect import bisect_right
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dakiya.mail.html_pieces import Comment, End, Start, Text, attribute_places, html_pieces
from dakiya.mail.links_in import SCHEMES

# More of one kind than that are only counted, and more kinds than that not told.
SHOWN: Final = 3
MESSAGES: Final = 20

_WITH_CONTENT: Final = frozenset({"script", "iframe", "object", "applet", "frameset", "noembed"})
_ALONE: Final = frozenset({"embed", "frame", "base", "portal"})
_ADDRESSES: Final = frozenset(
    {"href", "src", "action", "formaction", "background", "poster", "data", "xlink:href"}
)
_PICTURES: Final = frozenset({"src", "background", "poster"})
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u200b\u2028\u2029\ufeff]+")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_HANDLER = re.compile(r"on[a-z]{3,}")
_RUNNING_STYLE = re.compile(
    r"expression\s*\(|javascript\s*:|-moz-binding|behavior\s*:", re.IGNORECASE
)
_MERGE_TAG = re.compile(r"\{\{[^{}]*\}\}|\{%[^{}%]*%\}")
_HIDDEN: Final = "\ufdd0"
_TAG_BEGINS = re.compile(r"<[A-Za-z]")
# Elements that swallow whatever follows if nobody closes them (HTML 13.1.2).
_SWALLOW: Final = frozenset(
    {"script", "style", "title", "textarea", "xmp", "noembed", "noframes", "iframe"}
)
# Those whose end tag may be left out are not in it (HTML 13.1.2.4).
_CLOSED: Final = frozenset(
    {"a", "b", "strong", "i", "em", "u", "s", "span", "font", "center", "div", "table", "ul", "ol"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "section", "article", "header", "footer"}
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that has to go: the source from `begin` to `end`, which a person knows as `what`.

    `is_broken`: there is no taking it out, its author has to mend it.
    """

    what: str
    begin: int
    end: int
    advice: str = ""
    is_broken: bool = False


def check_html(source: str) -> list[str]:
    """Say in plain words what must not be in this HTML, and on which lines; empty if it is fine."""
    return _told(source, find_trouble(source))


def take_out(source: str) -> tuple[str, list[str]]:
    """Return the HTML without what check_html tells, and what was taken out.

    What is broken stays, and check_html tells it again.
    """
    told: list[str] = []
    # Taking something out may bring a tag together that stood around it.
    for _ in range(5):
        found = [trouble for trouble in find_trouble(source) if not trouble.is_broken]
        if not found:
            break
        told += _told(source, found)
        for trouble in reversed(_outermost(found)):
            source = source[: trouble.begin] + source[trouble.end :]
    return source, told


def unclosed(source: str) -> list[str]:
    """Name the elements that are opened and never closed, with the line of the first of each.

    Something to warn of only: parts of an {% if %} may balance each other.
    """
    opened: dict[str, list[int]] = {}
    for piece in html_pieces(_masked(source)):
        if isinstance(piece, Start) and piece.name in _CLOSED:
            opened.setdefault(piece.name, []).append(piece.begin)
        elif isinstance(piece, End) and opened.get(piece.name):
            opened[piece.name].pop()
    return [
        f"<{name}> on line {_line(source, places[0])} is never closed"
        for name, places in opened.items()
        if places
    ]


def find_trouble(source: str) -> list[Trouble]:
    """Find everything that must not stand in a mail, in the order of the source."""
    masked = _masked(source)
    found: list[Trouble] = []
    # Where tags stand, and where nothing is one: comments, styles and their like.
    tags: set[int] = set()
    hidden: list[tuple[int, int]] = []
    inside: Start | None = None
    raw: Start | None = None
    for piece in html_pieces(masked):
        if isinstance(piece, Comment):
            hidden.append((piece.begin, piece.begin + len(piece.data)))
            found += _in_comment(piece)
        if isinstance(piece, Comment | Text):
            continue
        tags.add(piece.begin)
        if raw is not None:
            hidden.append((raw.end, piece.begin))
        raw = piece if isinstance(piece, Start) and piece.name in _SWALLOW else None
        if inside is not None:
            if isinstance(piece, End) and piece.name == inside.name:
                found.append(_element(inside, piece.end))
                inside = None
        elif isinstance(piece, Start):
            if piece.name in _WITH_CONTENT:
                inside = piece
            else:
                found += _in_tag(masked, piece)
    # What is left open holds the rest of the mail: only its author knows where it ends.
    left_open = inside or raw
    if left_open is not None:
        hidden.append((left_open.end, len(masked)))
        name = left_open.name
        found.append(_broken(f"the element <{name}>", left_open.begin, f"write </{name}>"))
    found += _broken_tags(masked, tags, sorted(hidden))
    return sorted(found, key=lambda trouble: (trouble.begin, -trouble.end))


def _masked(source: str) -> str:
    """Hide merge tags, without moving anything: a ">" inside one ends no HTML tag."""
    return _MERGE_TAG.sub(lambda found: _HIDDEN * len(found.group()), source)


def _element(start: Start, end: int) -> Trouble:
    what = "a script" if start.name == "script" else f"the element <{start.name}>"
    return Trouble(what, start.begin, end, "No mail program shows or runs it")


def _in_comment(comment: Comment) -> Iterator[Trouble]:
    closer = "-->" if comment.data.startswith("<!--") else ">"
    if not comment.data.endswith(closer):
        what = "the comment <!--" if closer == "-->" else "the declaration <!"
        yield _broken(what, comment.begin, f"write {closer}")


def _in_tag(source: str, tag: Start) -> Iterator[Trouble]:
    if tag.name in _ALONE:
        yield Trouble(f"the element <{tag.name}>", tag.begin, tag.end, "No mail program follows it")
        return
    if tag.name == "meta" and tag.attributes.get("http-equiv", "").strip().lower() == "refresh":
        yield Trouble("a redirection (<meta http-equiv=refresh>)", tag.begin, tag.end)
        return
    written = source[tag.begin : tag.end - 1]
    for name, value, begin, end in attribute_places(written):
        place = (tag.begin + begin, tag.begin + end)
        if _HANDLER.fullmatch(name):
            yield Trouble(f"the event handler {name}", *place, "No mail program runs it")
        elif name in _ADDRESSES:
            yield from _in_address(tag, name, value, place)
        elif name == "style" and _RUNNING_STYLE.search(value):
            yield Trouble("a style that runs something", *place)
        elif _HIDDEN in value and written[end - 1] not in "\"'":
            what = f"a field without quotes around it ({name}=)"
            yield Trouble(what, *place, "A value with a blank would add attributes of its own")


def _in_address(tag: Start, name: str, value: str, place: tuple[int, int]) -> Iterator[Trouble]:
    scheme = _SCHEME.match(_UNSEEN.sub("", value))
    word = scheme[1].lower() if scheme else ""
    if word == "data" and name in _PICTURES:
        yield Trouble(
            "a picture inside the HTML itself (data:)",
            *((tag.begin, tag.end) if tag.name == "img" else place),
            "Gmail and Outlook do not show it: upload it and use its address",
        )
    elif word in ("javascript", "vbscript", "data"):
        yield Trouble(f"a link that begins with {word}:", *place, "It leads nowhere")
    elif word and word not in SCHEMES and name in _PICTURES and word != "cid":
        yield Trouble(f"a picture that begins with {word}:", *place)


def _broken_tags(
    source: str, tags: Container[int], hidden: Sequence[tuple[int, int]]
) -> Iterator[Trouble]:
    """Find what begins like a tag and does not end like one: it takes what follows with it."""
    for found in _TAG_BEGINS.finditer(source):
        at = found.start()
        place = bisect_right(hidden, (at, len(source))) - 1
        if at not in tags and not (place >= 0 and hidden[place][0] <= at < hidden[place][1]):
            shown = re.split(r"[\s>]", source[at : at + 30])[0]
            advice = "write > where it ends, look at its quotes, or write &lt; for a bare <"
            yield _broken(f"the tag {shown}", at, advice)


def _broken(what: str, begin: int, advice: str) -> Trouble:
    return Trouble(what, begin, begin + 1, advice, is_broken=True)


def _outermost(found: Sequence[Trouble]) -> list[Trouble]:
    kept: list[Trouble] = []
    for trouble in found:
        if not kept or trouble.begin >= kept[-1].end:
            kept.append(trouble)
    return kept


def _told(source: str, found: Sequence[Trouble]) -> list[str]:
    """Put the same trouble on several lines into one sentence."""
    kinds: dict[str, list[Trouble]] = {}
    for trouble in found:
        kinds.setdefault(trouble.what, []).append(trouble)
    told = []
    for what, same in list(kinds.items())[:MESSAGES]:
        lines = list(dict.fromkeys(_line(source, trouble.begin) for trouble in same[:SHOWN]))
        where = f"line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines))}"
        if len(same) > SHOWN:
            where += f" and more, {len(same):,} in all"
        advice = same[0].advice
        if same[0].is_broken:
            told.append(f"{what[:1].upper()}{what[1:]} on {where} is never closed: {advice}.")
        else:
            told.append(f"There is {what} on {where}.{f' {advice}.' if advice else ''}")
    return told


def _line(source: str, at: int) -> int:
    return source.count("\n", 0, at) + 1
