"""The starters: all of them can be sent as they are, and their pictures are there."""

import re
import tomllib
from importlib.resources import files
from io import BytesIO
from itertools import pairwise

import pytest
from PIL import Image

from dakiya.mail.merge import parse
from dakiya.mail.preview import render_preview
from dakiya.models import ContentKind
from dakiya.templates import gallery
from dakiya.templates.starters import KEYS, find_starter, list_starters, picture_bytes
from tests.repository.checkout import ROOT

PLACE = "https://mail.example.com/m/starter-1/"
# Gmail shows no more of a mail.
GMAIL_CUTS_AT = 102_000


def address_of(name: str) -> str:
    return PLACE + name


def test_starters_come_along_when_dakiya_is_installed() -> None:
    # Only what lies in a package goes into a wheel.
    assert gallery.__file__ is not None
    assert {path.name.rpartition(".")[2] for path in files(gallery).iterdir()} >= {"json", "png"}
    wheel = tomllib.loads((ROOT / "shared/pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    assert {"*.json", "*.png"} <= set(wheel["package-data"]["*"])


def test_there_are_eight_in_their_order() -> None:
    found = list_starters(address_of)
    assert [starter.key for starter in found] == list(KEYS)
    assert len({starter.name for starter in found}) == 8
    assert find_starter("../own", address_of) is None


@pytest.mark.parametrize("key", KEYS)
def test_starter_can_be_sent_as_it_is(key: str) -> None:
    starter = find_starter(key, address_of)
    assert starter is not None
    content = starter.content
    assert content.kind is ContentKind.RICH
    assert starter.about
    assert content.preheader
    # Whoever uses it has no other fields yet.
    named = {name for part in (content.subject, content.html) for name in parse(part).fields}
    assert named <= {"name", "unsubscribe_url", "postal_address"}
    shown = render_preview(
        content.subject, content.html, content.text, preheader=content.preheader,
        postal_address="14 Lake Road, Pune", envelope="a@example.com", name="", values={},
        unsubscribe_url="https://mail.example.com/u/x",
    )  # fmt: skip
    assert shown.html is not None
    assert len(shown.html.encode()) < GMAIL_CUTS_AT / 4
    assert "{{" not in shown.html + shown.text + shown.subject
    assert "14 Lake Road" in shown.html
    assert len(shown.text) > 200


@pytest.mark.parametrize("key", KEYS)
def test_headings_of_a_starter_leave_no_level_out(key: str) -> None:
    # Readers who hear a mail go from heading to heading.
    starter = find_starter(key, address_of)
    assert starter is not None
    levels = [int(level) for level in re.findall(r"<h([1-6])\b", starter.content.html)]
    assert levels[:1] in ([], [1])
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels


@pytest.mark.parametrize("key", KEYS)
def test_pictures_of_a_starter_are_there_and_say_what_they_show(key: str) -> None:
    starter = find_starter(key, address_of)
    assert starter is not None
    pictures = re.findall(r"<img [^>]*>", starter.content.html)
    assert bool(pictures) is (key != "plain-letter")
    for tag in pictures:
        name = tag.partition(f'src="{PLACE}')[2].partition('"')[0]
        data = picture_bytes(name)
        assert data is not None, tag
        assert len(data) < 60_000
        assert Image.open(BytesIO(data)).width <= 1200
        assert re.search(r'alt="[^"]{10,}"', tag), tag
    assert "starter:" not in starter.content.html


@pytest.mark.parametrize(
    "name", ["", "x.png", "../own.py", "newsletter.json", "..%2fown.png", "NEWSLETTER.png"]
)
def test_nothing_but_pictures_is_handed_out(name: str) -> None:
    assert picture_bytes(name) is None
