"""Finds what Python code says to people: in their language, or in English only."""

import ast
import re
from collections.abc import Iterable, Iterator

# A sentence, or a word with a capital.
_PROSE = re.compile(r"[A-Za-z’']{2,}[,:;.]? +[A-Za-z“%(]|^[A-Z][a-z]{2,}[.!?…]?$")
_AROUND_A_VALUE = re.compile(r"\{\} [a-z]|[a-z] \{\}")
_ASKED = ("gettext", "ngettext", "pgettext", "lazy_gettext", "lazy_pgettext")
# What is told to the code, the log or the browser.
_NOT_SHOWN = ("compile", "get_logger", "info", "warning", "error", "setdefault", "TypeVar")


def strings_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield the prose of a module that is not looked up, with "{}" for what is put into it."""
    yield from _strings(ast.parse(source))


def pattern_of(text: str) -> re.Pattern[str]:
    """Match what a text looks like with anything put into it, begun small or with a capital."""
    parts = [re.escape(part) for part in text.rstrip(".").split("{}")]
    return re.compile(".{0,300}?".join(parts) + r"\.?", re.IGNORECASE | re.DOTALL)


def _strings(node: ast.AST) -> Iterator[tuple[int, str]]:
    found = _text_of(node)
    if found is None:
        for child in _to_look_at(node):
            yield from _strings(child)
    elif _PROSE.search(found.replace("{}", "x")) or _AROUND_A_VALUE.search(found):
        yield getattr(node, "lineno", 0), found


def _text_of(node: ast.AST) -> str | None:
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
        )
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def _to_look_at(node: ast.AST) -> Iterable[ast.AST]:
    """Pass docstrings over, and what is looked up or not for people; values are looked at."""
    is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    if is_docstring or isinstance(node, ast.Assert | ast.Subscript):
        return ()
    name = ""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    if name in _NOT_SHOWN:
        return ()
    if name in _ASKED and isinstance(node, ast.Call):
        return [given.value for given in node.keywords]
    return ast.iter_child_nodes(node)
