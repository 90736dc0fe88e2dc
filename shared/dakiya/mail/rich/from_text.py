"""A rich document out of plain text: paragraphs, line breaks, links."""

import re
from typing import Any

_LINK = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)'\]]")


def document_of_text(text: str) -> dict[str, Any]:
    """Write text as a document: a blank line ends a paragraph, an address becomes a link."""
    paragraphs = re.split(r"\n[ \t]*\n\s*", text.replace("\r\n", "\n").strip("\n"))
    content = [_paragraph(one.strip("\n")) for one in paragraphs if one.strip()]
    return {"type": "doc", "content": content or [{"type": "paragraph"}]}


def _paragraph(text: str) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for number, line in enumerate(text.split("\n")):
        if number:
            content.append({"type": "hardBreak"})
        content += _line(line)
    return {"type": "paragraph", "content": content}


def _line(line: str) -> list[dict[str, Any]]:
    pieces: list[dict[str, Any]] = []
    sent = 0
    for found in _LINK.finditer(line):
        if found.start() > sent:
            pieces.append({"type": "text", "text": line[sent : found.start()]})
        link = {"type": "link", "attrs": {"href": found.group()}}
        pieces.append({"type": "text", "text": found.group(), "marks": [link]})
        sent = found.end()
    if line[sent:]:
        pieces.append({"type": "text", "text": line[sent:]})
    return pieces
