"""Finds what Python code says to people: in their language, or in English only."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

# A sentence, or a word with a capital.
_PROSE = re.compile(r"[A-Za-z’']{2,}[,:;.]? +[A-Za-z“%]|^[A-Z][a-z]{2,}$")
_ASKED = ("gettext", "ngettext", "pgettext", "lazy_gettext", "lazy_pgettext")
# What is told to the code, the log or the browser.
_NOT_SHOWN = ("compile", "get_logger", "info", "warning", "error", "setdefault", "TypeVar")


def strings_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the prose of a module that is not looked up, with "{}" for what is put into it."""
    yield from _strings(ast.parse(path.read_text(encoding="utf-8")))


def pattern_of(text: str) -> re.Pattern[str]:
    """Match what a text looks like with anything put into it, begun small or with a capital."""
    parts = [re.escape(part) for part in text.rstrip(".").split("{}")]
    return re.compile(".{0,300}?".join(parts) + r"\.?", re.IGNORECASE | re.DOTALL)


def _strings(node: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in _NOT_SHOWN or name in _ASKED:
            return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Assert | ast.Subscript):
        return
    found = None
    if isinstance(node, ast.JoinedStr):
        found = "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
        )
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        found = node.value
    if found is not None:
        if _PROSE.search(found.replace("{}", "x")) or re.search(r"\{\} [a-z]|[a-z] \{\}", found):
            yield getattr(node, "lineno", 0), found
        return
    for child in ast.iter_child_nodes(node):
        yield from _strings(child)
