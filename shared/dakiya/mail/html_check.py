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
# A newsletter of 100 KB has about 2,000. Looking at 500 KB of "<a " took 3 s, of "<a>" 16 s.
MAX_TAGS: Final = 25_000

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
# What stands for a field, and for {% if %} and its like, while the HTML is looked at.
_FIELD: Final = "\ufdd0"
_BLOCK: Final = "\ufdd1"
_FIELDS = re.compile(f"{_FIELD}+")
_BLOCKS = re.compile(f"{_BLOCK}+")
_TAG_OF_A_FIELD = re.compile(f"</?[{_FIELD}{_BLOCK}]")
_PICTURE_IN_STYLE = re.compile(r"url\(\s*[\"']?\s*data:", re.IGNORECASE)
# With the rest of its name, which may hold the next one.
_TAG_BEGINS = re.compile(r"<[A-Za-z](?=([^\s>]{0,28}))")
# Elements that swallow whatever follows if nobody closes them (HTML 13.1.2).
_SWALLOW: Final = frozenset(
    {"script", "style", "title", "textarea", "xmp", "noembed", "noframes", "iframe"}
)
_PICTURE_INSIDE: Final = "a picture inside the HTML itself (data:)"
_NOT_SHOWN: Final = "Gmail and Outlook do not show it: upload it and use its address"
# Those whose end tag may be left out are not in it (HTML 13.1.2.4).
_CLOSED: Final = frozenset(
    {"a", "b", "strong", "i", "em", "u", "s", "span", "font", "center", "div", "table", "ul", "ol"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "section", "article", "header", "footer"}
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that has to go: the source from `begin` to `end`, which a person knows as `what`.

    `ill`: how it is broken. There is no taking it out then, its author has to mend it.
    """

    what: str
    begin: int
    end: int
    advice: str = ""
    ill: str = ""


def check_html(source: str) -> list[str]:
    """Say in plain words what must not be in this HTML, and on which lines; empty if it is fine."""
    tags = sum(1 for _ in _TAG_BEGINS.finditer(source))
    if tags > MAX_TAGS:
        return [f"There are {tags:,} tags in this HTML; a mail has at most {MAX_TAGS:,}."]
    return _told(source, find_trouble(source))


def take_out(source: str) -> tuple[str, list[str]]:
    """Return the HTML without what check_html tells, and what was taken out.

    What is broken stays, and check_html tells it again.
    """
    told: list[str] = []
    # Taking something out may bring a tag together that stood around it.
    for _ in range(5):
        found = [trouble for trouble in find_trouble(source) if not trouble.ill]
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
    return _MERGE_TAG.sub(
        lambda found: (_FIELD if found.group()[1] == "{" else _BLOCK) * len(found.group()), source
    )


def _unmasked(value: str) -> str:
    return value.replace(_FIELD, "").replace(_BLOCK, "")


def _element(start: Start, end: int) -> Trouble:
    what = "a script" if start.name == "script" else f"the element <{start.name}>"
    return Trouble(what, start.begin, end, "No mail program shows or runs it")


def _in_comment(comment: Comment) -> Iterator[Trouble]:
    closer = "-->" if comment.data.startswith("<!--") else ">"
    if not comment.data.endswith(closer):
        what = "the comment <!--" if closer == "-->" else "the declaration <!"
        yield _broken(what, comment.begin, f"write {closer}")


def _has_sound_name(tag: Start) -> bool:
    """Whether a recipient's values cannot change what element it is.

    <p{% if city %} class="near"{% endif %}> is a name that ends before its merge tag.
    """
    name = tag.name.rstrip(_BLOCK)
    if name != tag.name and name in _WITH_CONTENT | _ALONE | _SWALLOW | {"meta"}:
        return False
    return name == _unmasked(name)


def _in_tag(source: str, tag: Start) -> Iterator[Trouble]:
    if _has_sound_name(tag):
        yield from _in_named_tag(source, tag)
        return
    what = f"the tag <{_unmasked(tag.name)[:20]}, with a merge tag in its name,"
    advice = "write the whole name, and a blank behind it"
    yield _broken(what, tag.begin, advice, ill="may become another one")


def _in_named_tag(source: str, tag: Start) -> Iterator[Trouble]:
    if tag.name in _ALONE:
        yield Trouble(f"the element <{tag.name}>", tag.begin, tag.end, "No mail program follows it")
        return
    if tag.name == "meta" and tag.attributes.get("http-equiv", "").strip().lower() == "refresh":
        yield Trouble("a redirection (<meta http-equiv=refresh>)", tag.begin, tag.end)
        return
    written = source[tag.begin : tag.end - 1]
    yield from _fields_among_attributes(written, tag.begin)
    for name, value, begin, end in attribute_places(written):
        name = name.strip(_BLOCK)  # noqa: PLW2901 - it begins or ends beside an {% if %}
        place = (tag.begin + begin, tag.begin + end)
        if _BLOCK in name:
            yield Trouble(
                f"a merge tag inside the name of an attribute ({_unmasked(name)})", *place
            )
        elif _HANDLER.fullmatch(name):
            yield Trouble(f"the event handler {name}", *place, "No mail program runs it")
        elif name in _ADDRESSES:
            yield from _in_address(tag, name, value, place)
        elif name == "style" and _RUNNING_STYLE.search(_unmasked(value)):
            yield Trouble("a style that runs something", *place)
        elif _holds_picture(name, _unmasked(value)):
            yield Trouble(_PICTURE_INSIDE, *place, _NOT_SHOWN)
        elif (_FIELD in value or _BLOCK in value) and written[end - 1] not in "\"'":
            what = f"a field without quotes around it ({name}=)"
            yield Trouble(what, *place, "A value with a blank would add attributes of its own")


def _fields_among_attributes(written: str, at: int) -> Iterator[Trouble]:
    """Find fields outside the values of attributes: their values would be attributes themselves."""
    values = [(written.index("=", begin), end) for _, _, begin, end in attribute_places(written)]
    starts = [begin for begin, _ in values]
    for field in _FIELDS.finditer(written):
        place = bisect_right(starts, field.start()) - 1
        if place < 0 or field.start() >= values[place][1]:
            begin, end = at + field.start(), at + field.end()
            advice = "Write it inside the quotes of an attribute, or before or behind the tag"
            yield Trouble("a field among the attributes of a tag", begin, end, advice)


def _holds_picture(name: str, value: str) -> bool:
    if name == "srcset":
        return "data:" in value.lower()
    return name == "style" and _PICTURE_IN_STYLE.search(value) is not None


def _in_address(tag: Start, name: str, value: str, place: tuple[int, int]) -> Iterator[Trouble]:
    is_whole = _unmasked(value) == value
    words = [scheme[1].lower() for one in _beginnings(value) if (scheme := _SCHEME.match(one))]
    for word in words:
        yield from _scheme_trouble(tag, name, word, place, is_whole=is_whole)


def _beginnings(value: str) -> Iterator[str]:
    """How an address may begin for somebody: of its merge tags each may leave nothing."""
    plain = _UNSEEN.sub("", value)
    yield _unmasked(plain)
    if plain.startswith((_FIELD, _BLOCK)):
        for piece in _BLOCKS.split(plain)[1:]:
            yield _unmasked(piece)


def _scheme_trouble(
    tag: Start, name: str, word: str, place: tuple[int, int], *, is_whole: bool
) -> Iterator[Trouble]:
    if word == "data" and name in _PICTURES:
        yield Trouble(
            _PICTURE_INSIDE,
            *((tag.begin, tag.end) if tag.name == "img" else place),
            _NOT_SHOWN,
        )
    elif word in ("javascript", "vbscript", "data"):
        yield Trouble(f"a link that begins with {word}:", *place, "It leads nowhere")
    elif is_whole and word not in SCHEMES and name in _PICTURES and word != "cid":
        yield Trouble(f"a picture that begins with {word}:", *place)


def _broken_tags(
    source: str, tags: Container[int], hidden: Sequence[tuple[int, int]]
) -> Iterator[Trouble]:
    """Find what begins like a tag and does not end like one: it takes what follows with it."""
    for found in _TAG_OF_A_FIELD.finditer(source):
        place = bisect_right(hidden, (found.start(), len(source))) - 1
        if not (place >= 0 and found.start() < hidden[place][1]):
            advice = "write &lt; for a bare <, and the name of a tag in letters"
            what = "a < right before a merge tag"
            yield _broken(what, found.start(), advice, ill="may begin a tag")
    for found in _TAG_BEGINS.finditer(source):
        at = found.start()
        place = bisect_right(hidden, (at, len(source))) - 1
        if at not in tags and not (place >= 0 and hidden[place][0] <= at < hidden[place][1]):
            advice = "write > where it ends, look at its quotes, or write &lt; for a bare <"
            yield _broken(f"the tag {found[0]}{found[1]}", at, advice)


def _broken(what: str, begin: int, advice: str, *, ill: str = "is never closed") -> Trouble:
    return Trouble(what, begin, begin + 1, advice, ill)


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
        if same[0].ill:
            told.append(f"{what[:1].upper()}{what[1:]} on {where} {same[0].ill}: {advice}.")
        else:
            told.append(f"There is {what} on {where}.{f' {advice}.' if advice else ''}")
    return told


def _line(source: str, at: int) -> int:
    return source.count("\n", 0, at) + 1
