"""A small tree out of sound HTML: each end tag has its start tag."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from dakiya.mail.html_pieces import Comment, End, Start, Text

# What lies deeper stands beside its parent: a mail has no use for it, and recursion has an end.
MAX_DEPTH: Final = 80


@dataclass(slots=True)
class Element:
    """A tag with what is inside it, text and elements in their order."""

    tag: Start
    children: list["Element | str"] = field(default_factory=list)


def tree_of(pieces: Iterable[Start | End | Text | Comment], void: frozenset[str]) -> Element:
    """Build the tree; `void` names the elements that nothing is inside of."""
    root = Element(Start("body", {}))
    open_elements = [root]
    # Start tags that were too deep: their end tags close nothing.
    too_deep = 0
    for piece in pieces:
        if isinstance(piece, Text):
            open_elements[-1].children.append(piece.data)
        elif isinstance(piece, Start):
            element = Element(piece)
            open_elements[-1].children.append(element)
            if piece.name in void:
                continue
            if len(open_elements) < MAX_DEPTH:
                open_elements.append(element)
            else:
                too_deep += 1
        elif isinstance(piece, End):
            if too_deep:
                too_deep -= 1
            elif len(open_elements) > 1:
                open_elements.pop()
    return root
