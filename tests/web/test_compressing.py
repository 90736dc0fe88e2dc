"""Answers in fewer bytes: for those who want them, and not for other sites."""

import gzip
from collections.abc import Iterator

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from dakiya_web.compressing import LEAST_BYTES
from tests.web.conftest import Person, make_campaign

WANTED = {"Accept-Encoding": "gzip, deflate, br"}


def test_page_is_compressed_for_who_wants_it(client: FlaskClient) -> None:
    plain = client.get("/")
    assert "Content-Encoding" not in plain.headers
    packed = client.get("/", headers=WANTED)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert {"accept-encoding", "sec-fetch-site", "cookie"} == {one.lower() for one in packed.vary}
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
    assert "<h1>" in gzip.decompress(packed.data).decode()


@pytest.mark.parametrize(
    ("headers", "packed"),
    [
        ({}, False),
        ({"Accept-Encoding": "gzip;q=0"}, False),
        ({"Accept-Encoding": "br"}, False),
        (WANTED | {"Sec-Fetch-Site": "cross-site"}, False),
        (WANTED | {"Sec-Fetch-Site": "same-site"}, False),
        (WANTED | {"Sec-Fetch-Site": "none"}, True),
        (WANTED | {"Sec-Fetch-Site": "same-origin"}, True),
    ],
)
def test_other_sites_learn_nothing_from_the_length(
    client: FlaskClient, headers: dict[str, str], packed: bool
) -> None:
    answer = client.get("/campaigns?q=guess", headers=headers)
    assert ("Content-Encoding" in answer.headers) is packed
    assert "Sec-Fetch-Site" in answer.headers["Vary"]


def test_file_is_compressed_while_it_is_sent(
    client: FlaskClient, app: Flask, alice: Person
) -> None:
    campaign_id = make_campaign(alice)
    place = f"/campaigns/{campaign_id}/export.csv"
    packed = client.get(place, headers=WANTED)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Length" not in packed.headers
    assert gzip.decompress(packed.data) == client.get(place).data
    workbook = client.get(place.replace(".csv", ".xlsx"), headers=WANTED)
    assert "Content-Encoding" not in workbook.headers

    read = []

    def pieces() -> Iterator[bytes]:
        for number in range(100):
            read.append(number)
            yield f"{number},{'x' * number * 1000}\n".encode()

    with app.test_request_context(headers=WANTED):
        sent = app.process_response(Response(pieces(), content_type="text/csv"))
        next(iter(sent.response))
    assert len(read) < 50


def test_small_answers_and_those_to_head_stay_as_they_are(client: FlaskClient) -> None:
    health = client.get("/api/v1/health", headers=WANTED)
    assert len(health.data) < LEAST_BYTES
    assert "Content-Encoding" not in health.headers
    assert "Content-Encoding" not in client.head("/", headers=WANTED).headers
