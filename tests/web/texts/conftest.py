"""A reader who knows only the language of wide letters, and notes what cannot be read."""

from collections.abc import Callable, Iterator

import flask_babel
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web.texts.data import DATA, english_yet
from tests.web.texts.pseudo import Pseudo, latin_words


class Reader:
    """Opens pages, follows where they lead, and reads them; mistakes are told at the end."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.unread: dict[str, str] = {}

    def get(self, path: str) -> str:
        """Open a page and read it."""
        return self.read(self.client.get(path))

    def post(self, path: str, **fields: object) -> str:
        """Send a form, and read what it leads to."""
        return self.read(self.client.post(path, data=fields))

    def read(self, answer: TestResponse) -> str:
        """Read an answer, if it is a page."""
        while answer.status_code in (302, 303):
            answer = self.client.get(answer.headers["Location"])
        page = answer.text if answer.content_type.startswith("text/html") else ""
        for text in latin_words(page, data=DATA, further=english_yet):
            self.unread.setdefault(text, answer.request.path)
        return page


@pytest.fixture
def wide(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every page is in wide letters, and forms need no token."""
    monkeypatch.setattr(flask_babel.Domain, "get_translations", lambda _: Pseudo())
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.fixture
def read_by(wide: None) -> Iterator[Callable[[FlaskClient], Reader]]:
    """Make readers; the test fails if one of them could not read a text."""
    readers: list[Reader] = []

    def read_by(client: FlaskClient) -> Reader:
        readers.append(Reader(client))
        return readers[-1]

    yield read_by
    unread = {text: path for reader in readers for text, path in reader.unread.items()}
    assert not unread, "\n".join(f"{path}: {text}" for text, path in unread.items())


@pytest.fixture
def reader(client: FlaskClient, read_by: Callable[[FlaskClient], Reader]) -> Reader:
    """alice, who reads nothing else."""
    return read_by(client)
