"""The blocks of a rich document as HTML: one function for each type."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from html import escape
from typing import Final

from dakiya.mail.rich.colours import DARK_CARD, TOLD_APART, contrast, text_on
from dakiya.mail.rich.direction import direction_of
from dakiya.mail.rich.document import Node
from dakiya.mail.rich.inline import inline
from dakiya.mail.rich.look import Look

COLUMN_PX: Final = 256

_TABLE: Final = 'role="presentation" cellpadding="0" cellspacing="0" border="0"'
# Outlook ignores the padding of a link: blanks of a width and height of their own stand for it.
# Lines end where that means nothing: for one of more than 998 bytes a mail has to be encoded.
_OUTLOOK_LEFT: Final = (
    '<!--[if mso]><i\nstyle="mso-font-width:150%;mso-text-raise:18pt" hidden>&emsp;</i>'
    '<span style="mso-text-raise:9pt"><![endif]-->'
)
_OUTLOOK_RIGHT: Final = (
    '<!--[if mso]></span><i\nstyle="mso-font-width:150%" hidden>&emsp;&#8203;</i><![endif]-->'
)


def blocks(nodes: tuple[Node, ...], look: Look) -> str:
    """Write blocks one below the other."""
    return "".join(_WRITERS[node.type](node, look) for node in nodes)


def _paragraph(node: Node, look: Look) -> str:
    # An empty line is wanted; an empty paragraph has no height.
    return f"<p{_way(node, look)}>{inline(node.content) or '&nbsp;'}</p>\n"


def _heading(node: Node, look: Look) -> str:
    level = node.attrs["level"]
    return f"<h{level}{_way(node, look)}>{inline(node.content) or '&nbsp;'}</h{level}>\n"


def _way(node: Node, look: Look) -> str:
    """The alignment and direction that differ from what the text has anyway."""
    direction = direction_of(node)
    own = "rtl" if look.rtl else "ltr"
    align = node.attrs.get("textAlign")
    if align is None and direction != own:
        align = "right" if direction == "rtl" else "left"
    way = f' dir="{direction}"' if direction != own else ""
    return f'{way} align="{align}" style="text-align:{align}"' if align else way


def _bullet_list(node: Node, look: Look) -> str:
    return f"<ul{_side(look)}>\n{blocks(node.content, look)}</ul>\n"


def _ordered_list(node: Node, look: Look) -> str:
    start = node.attrs["start"]
    begin = f' start="{start}"' if start != 1 else ""
    return f"<ol{_side(look)}{begin}>\n{blocks(node.content, look)}</ol>\n"


def _list_item(node: Node, look: Look) -> str:
    return f"<li>{blocks(node.content, look).rstrip()}</li>\n"


def _blockquote(node: Node, look: Look) -> str:
    return f"<blockquote{_side(look)}>\n{blocks(node.content, look)}</blockquote>\n"


def _side(look: Look) -> str:
    return ' class="rtl"' if look.rtl else ""


def _divider(_node: Node, _look: Look) -> str:
    return "<hr>\n"


def _image(node: Node, look: Look) -> str:
    attrs = node.attrs
    align = attrs["align"] or ("right" if look.rtl else "left")
    title = f' title="{escape(attrs["title"])}"' if attrs["title"] else ""
    width = min(attrs["width"] or 0, look.inner_px)
    # Without a width it has its own, but for Outlook, which would show all of a large picture.
    shown = f'width="{width or look.inner_px}" style="width:{f"{width}px" if width else "auto"}"'
    alt = "" if attrs["decorative"] else escape(attrs["alt"])
    picture = f'<img src="{escape(attrs["src"])}" alt="{alt}"{title} {shown}>'
    if attrs["href"]:
        picture = f'<a href="{escape(attrs["href"])}">{picture}</a>'
    return f'<div class="picture" align="{align}" style="text-align:{align}">{picture}</div>\n'


def _button(node: Node, look: Look) -> str:
    attrs = node.attrs
    align = attrs["align"] or ("right" if look.rtl else "left")
    colour = attrs["color"] or look.accent
    text_colour = attrs["textColor"] or text_on(colour)
    edge = ' class="edged"' if contrast(colour, DARK_CARD) < TOLD_APART else ""
    return (
        f'<table class="push" {_TABLE} align="{align}" width="100%">\n<tr>'
        f'<td align="{align}">\n<table {_TABLE}>\n<tr>'
        f'<td{edge} bgcolor="{colour}" style="background-color:{colour}">\n'
        f'<a href="{escape(attrs["href"])}" '
        f'style="color:{text_colour};background-color:{colour}">'
        f'{_OUTLOOK_LEFT}<span style="color:{text_colour}">{escape(attrs["label"], quote=False)}'
        f"</span>{_OUTLOOK_RIGHT}</a></td></tr></table>\n</td></tr></table>\n"
    )


def _columns(node: Node, look: Look) -> str:
    """Two boxes beside each other where there is room; for Outlook two cells of a table."""
    inner = replace(look, inner_px=COLUMN_PX)
    left, right = (blocks(column.content, inner) for column in node.content)
    cell = '<td width="50%" valign="top">'
    first, last = (" second", "") if look.rtl else ("", " second")
    return (
        f'<div class="columns"><!--[if mso]><table {_TABLE} width="100%"><tr>{cell}<![endif]-->'
        f'<div class="column"><div class="column-inner{first}">\n{left}</div></div>'
        f"<!--[if mso]></td>{cell}<![endif]-->"
        f'<div class="column"><div class="column-inner{last}">\n{right}</div></div>'
        "<!--[if mso]></td></tr></table><![endif]--></div>\n"
    )


def _table(node: Node, look: Look) -> str:
    side = " rtl" if look.rtl else ""
    rows = "".join(
        f"<tr>{''.join(_cell(cell, look) for cell in row.content)}</tr>\n" for row in node.content
    )
    return (
        f'<table class="data{side}" width="100%" cellpadding="0" cellspacing="0" border="0">\n'
        f"{rows}</table>\n"
    )


def _cell(node: Node, look: Look) -> str:
    name = "th" if node.type == "tableHeader" else "td"
    spans = "".join(
        f' {span}="{node.attrs[span]}"' for span in ("colspan", "rowspan") if node.attrs[span] > 1
    )
    align = node.attrs["textAlign"]
    side = f' align="{align}" style="text-align:{align}"' if align else ""
    return f"<{name}{spans}{side}>{blocks(node.content, look).rstrip()}</{name}>"


def _condition(node: Node, look: Look) -> str:
    negated = "not " if node.attrs["negate"] else ""
    inside = blocks(node.content, look)
    return f"{{% if {negated}{node.attrs['field']} %}}{inside}{{% endif %}}\n"


_WRITERS: Final[Mapping[str, Callable[[Node, Look], str]]] = {
    "paragraph": _paragraph,
    "heading": _heading,
    "bulletList": _bullet_list,
    "orderedList": _ordered_list,
    "listItem": _list_item,
    "blockquote": _blockquote,
    "horizontalRule": _divider,
    "image": _image,
    "button": _button,
    "columns": _columns,
    "table": _table,
    "condition": _condition,
}
