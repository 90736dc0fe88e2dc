"""Recipients out of pasted text, whatever stands between them. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from dakiya.contacts.checks import MAX_NAME_CHARS, RawRecipient, show_address
from dakiya.contacts.recipients import Rejection

NO_ADDRESS = "there is no e-mail address in it"
# Between entries: line ends, tabs, semicolons and commas, in the scripts that have their own.
_PARTS = re.compile(r"[,;\t،؛、，；|]")
_IN_BRACKETS = re.compile(r"<([^<>@]*@[^<>@]*)>")
_QUOTES = str.maketrans(dict.fromkeys("“”„«»‟″", '"') | dict.fromkeys("‘’‚‛′`", "'"))
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_BLANKS = " \t\u00a0"
_AROUND = _BLANKS + "\"'<>()[]{}"
_LETTER = re.compile(r"[^\W\d_]")


@dataclass
class Pasted:
    """What was found. ``row`` counts the entries, addresses and junk alike, from 1."""

    rows: list[RawRecipient] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)


def read_pasted(text: str) -> Pasted:
    """Find the recipients: one to a line, or parted by commas, semicolons, tabs or blanks.

    A name stands before an address in angle brackets, or alone beside the only address of its
    line ("Asha Rao, asha@example.com"). Addresses are not checked yet.
    """
    found, row = Pasted(), 0
    for line in text.replace("\0", "").splitlines():
        for name, address in _read_line(_UNSEEN.sub("", line).translate(_QUOTES)):
            row += 1
            if address:
                found.rows.append(RawRecipient(row, address, name or None, {}))
            else:
                found.rejected.append(Rejection(row, show_address(line.strip()), NO_ADDRESS))
    return found


def _read_line(line: str) -> Iterator[tuple[str, str]]:
    """Yield (name, address) for each address; one without an address for a line of junk."""
    at, bracketed = 0, False
    for match in _IN_BRACKETS.finditer(line):
        before = line[at : match.start()]
        # What stands before the last comma outside quotes belongs to entries of its own.
        name_at = _last_part(before)
        yield from _read_bare(before[:name_at], alone=False)
        yield _as_name(before[name_at:]), match[1].strip(_AROUND).removeprefix("mailto:")
        at, bracketed = match.end(), True
    rest = line[at:]
    if rest.strip(_AROUND + ",;") or (not bracketed and rest.strip()):
        yield from _read_bare(rest, alone=not bracketed)


def _read_bare(text: str, *, alone: bool) -> Iterator[tuple[str, str]]:
    """Read entries without brackets; ``alone``: they are the whole line."""
    addresses = [
        word.strip(_AROUND).rstrip(".:").removeprefix("mailto:")
        for part in _PARTS.split(text)
        for word in part.split()
        if "@" in word
    ]
    if not addresses:
        if alone and text.strip():
            yield "", ""
        return
    others = [part for part in _PARTS.split(text) if part.strip(_AROUND) and "@" not in part]
    name = _as_name(others[0]) if alone and len(addresses) == len(others) == 1 else ""
    for address in addresses:
        yield name, address


def _last_part(text: str) -> int:
    """Return where the last entry of a text begins; commas inside quotes part nothing."""
    at, quoted = 0, False
    for index, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif not quoted and _PARTS.match(character):
            at = index + 1
    return at


def _as_name(text: str) -> str:
    """Return a name without what stands around it; nothing that has no letter or is an address.

    A name is whole or none: brackets or quotes are not halved, and a tag is no name.
    """
    name = " ".join(text.strip(_AROUND + ",;:-").split())
    if name.count('"') % 2 or any(name.count(a) != name.count(z) for a, z in ("()", "[]", "{}")):
        name = " ".join(text.strip(_BLANKS + ",;:-").split())
    if "<" in name or ">" in name:
        return ""
    if not _LETTER.search(name) or "@" in name or len(name) > MAX_NAME_CHARS:
        return ""
    return name
