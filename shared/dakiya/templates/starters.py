"""The templates that come with Dakiya: rich documents in the folder ``gallery``, with pictures.

A document names a picture ``starter:newsletter``; whoever uses it puts an address in its place.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from dakiya.campaigns.content import Content
from dakiya.templates.exchange import read_template

# In the order of the gallery.
KEYS: Final = (
    "newsletter",
    "sale",
    "invitation",
    "product-update",
    "event-reminder",
    "festive-greeting",
    "plain-letter",
    "welcome",
)
_FOLDER: Final = files("dakiya.templates.gallery")
_PICTURE = re.compile(r'"starter:([a-z]+)"')
_NAME = re.compile(r"[a-z]+\.png")

AddressOf = Callable[[str], str]


@dataclass(frozen=True)
class Starter:
    """A template of ours, ready to be used."""

    key: str
    name: str
    about: str
    content: Content


def list_starters(address_of: AddressOf) -> Sequence[Starter]:
    """Return them all. ``address_of`` turns a picture's file name into where mails find it."""
    return [_read(key, address_of) for key in KEYS]


def find_starter(key: str, address_of: AddressOf) -> Starter | None:
    """Return one of them."""
    return _read(key, address_of) if key in KEYS else None


def picture_bytes(file_name: str) -> bytes | None:
    """Return a picture of the starters, a PNG."""
    if not _NAME.fullmatch(file_name) or not (_FOLDER / file_name).is_file():
        return None
    return (_FOLDER / file_name).read_bytes()


def _read(key: str, address_of: AddressOf) -> Starter:
    def placed(found: re.Match[str]) -> str:
        return json.dumps(address_of(f"{found[1]}.png"))

    return _parse(key, _PICTURE.sub(placed, _written(key)))


@cache
def _written(key: str) -> str:
    return (_FOLDER / f"{key}.json").read_text("utf-8")


# The addresses are the same for a whole installation.
@cache
def _parse(key: str, written: str) -> Starter:
    said: Any = read_template(written.encode())
    return Starter(key, said.name, said.about, said.content)
