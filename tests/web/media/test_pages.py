"""The media library as a browser, a module of ours and a mail program meet it."""

from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from dakiya.db import SessionFactory
from dakiya.media.library import path_of
from dakiya.models import MediaFile
from dakiya_web.settings import WebSettings
from tests.web.browsing import csrf_token, send
from tests.web.conftest import Person, make_campaign
from tests.web.media.pictures import jpeg, noise, png, written

FORM = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


INSERT = (
    "INSERT INTO media_file (workspace_id, token, file_name, label, content_type, width, height,"
    " size_bytes, is_animated, sha256)"
)


def upload(client: FlaskClient, *files: tuple[bytes, str], **headers: str) -> TestResponse:
    form = {
        "csrf_token": csrf_token(client, "/media"),
        "file": [(BytesIO(data), name) for data, name in files],
    }
    return client.post("/media", data=form, headers=headers)


def stored(session_factory: SessionFactory) -> list[MediaFile]:
    with session_factory() as session:
        return list(session.scalars(select(MediaFile).order_by(MediaFile.id)))


def test_module_gets_all_that_a_mail_needs(
    client: FlaskClient, session_factory: SessionFactory, web_settings: WebSettings
) -> None:
    answer = upload(client, (jpeg(2400, 1200), "Diwali lamps.jpg"), Accept="application/json")
    assert answer.status_code == 201
    (file,) = stored(session_factory)
    assert answer.json is not None
    assert answer.json["url"] == web_settings.public_url + path_of(file)
    assert (answer.json["width"], answer.json["height"]) == (1200, 600)
    assert answer.json["bytes"] == file.size_bytes
    assert answer.json["warnings"] == [
        "It was 2,400 pixels wide and is 1,200 now: no mail shows more."
    ]
    again = upload(client, (jpeg(2400, 1200), "other name.jpg"), Accept="*/*")
    assert again.json is not None
    assert again.json["id"] == file.id


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<svg xmlns='x'></svg>", "Save it as PNG"),
        (b"nothing of the kind", "not a picture"),
        (b"", "empty"),
    ],
)
def test_module_is_told_in_words_what_was_wrong(
    client: FlaskClient, session_factory: SessionFactory, data: bytes, words: str
) -> None:
    answer = upload(client, (data, "x.png"), Accept="application/json")
    assert answer.status_code == 422
    assert answer.json is not None
    assert words in answer.json["error"]
    assert stored(session_factory) == []


def test_form_takes_several_and_says_what_became_of_each(
    client: FlaskClient, session_factory: SessionFactory
) -> None:
    files = ((png(), "logo.png"), (b"no picture", "list.csv"), (png(400, 300), "lamps.png"))
    answer = upload(client, *files, **FORM)
    assert answer.status_code == 303
    page = client.get("/media").text
    assert "2 pictures added." in page
    assert "list: This is not a picture" in page
    assert "only 60 pixels wide" in page
    assert [file.label for file in stored(session_factory)] == ["logo", "lamps"]
    assert upload(client, **FORM).status_code == 303
    assert "Choose a picture first." in client.get("/media").text
    assert upload(client, *[(png(), "x.png")] * 21, **FORM).status_code == 303
    assert "At most 20 pictures" in client.get("/media").text


def test_form_without_its_token_is_refused(
    client: FlaskClient, session_factory: SessionFactory
) -> None:
    answer = client.post("/media", data={"file": (BytesIO(png()), "x.png")})
    assert answer.status_code == 400
    assert stored(session_factory) == []


def test_full_library_says_so(
    app: Flask, client: FlaskClient, session_factory: SessionFactory
) -> None:
    with session_factory() as session:
        session.execute(
            text(
                f"{INSERT} SELECT min(workspace_id), 't', 'x.png',"
                " 'x', 'image/png', 1, 1, 500 * 1000 * 1000, false, 'x' FROM membership"
            )
        )
        session.commit()
    answer = upload(client, (png(), "x.png"), Accept="application/json")
    assert answer.status_code == 422
    assert answer.json == {
        "error": "Your media library is full. Delete pictures that no mail needs any more."
    }


def test_picture_is_served_to_anybody_for_ever(
    client: FlaskClient, app: Flask, session_factory: SessionFactory
) -> None:
    upload(client, (png(), "logo.png"), Accept="application/json")
    (file,) = stored(session_factory)
    stranger = app.test_client()
    answer = stranger.get(path_of(file))
    assert answer.status_code == 200
    assert answer.data.startswith(b"\x89PNG")
    headers = answer.headers
    assert headers["Content-Type"] == "image/png"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "Set-Cookie" not in headers
    known = stranger.get(path_of(file), headers={"If-None-Match": headers["ETag"]})
    assert known.status_code == 304
    begun = f"/m/{file.token[:-1]}/{file.file_name}"
    for wrong in (f"/m/{file.token}/other.png", begun, "/m/x/y", "/m/%00/y"):
        refused = stranger.get(wrong)
        assert refused.status_code == 404
        assert refused.headers["Cache-Control"] == "no-store"


def test_picture_whose_bytes_are_gone_is_not_there(
    client: FlaskClient, session_factory: SessionFactory, web_settings: WebSettings
) -> None:
    upload(client, (png(), "logo.png"), Accept="application/json")
    (file,) = stored(session_factory)
    for path in Path(web_settings.media_dir).rglob("*"):
        if path.is_file():
            path.unlink()
    assert client.get(path_of(file)).status_code == 404


def test_grid_is_searched_and_goes_on(client: FlaskClient, session_factory: SessionFactory) -> None:
    assert "No picture yet" in client.get("/media").text
    upload(client, (png(), "old one.png"), Accept="application/json")
    with session_factory() as session:
        session.execute(
            text(
                f"{INSERT} SELECT workspace_id, 't' || n, 'x.png',"
                " 'x' || n, 'image/png', 1, 1, 1, false, 'x' || n FROM media_file,"
                " generate_series(1, 48) n"
            )
        )
        session.commit()
    page = client.get("/media").text
    assert "old one" not in page
    link = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert "old one" in client.get(link).text
    assert "old one" in client.get("/media?q=OLD").text
    assert "Nothing found" in client.get("/media?q=%25nothing%00").text
    for odd in ("before=0", "before=99999999999999999999", "before=x", "q=%ff"):
        assert client.get(f"/media?{odd}").status_code in (200, 422), odd


def test_picker_offers_what_the_composer_needs(
    client: FlaskClient, session_factory: SessionFactory, web_settings: WebSettings
) -> None:
    assert "There is no picture here yet." in client.get("/media/picker").text
    upload(client, (png(), "Lamps & tea.png"), Accept="application/json")
    (file,) = stored(session_factory)
    page = client.get("/media/picker").text
    assert f'data-url="{web_settings.public_url}{path_of(file)}"' in page
    assert 'data-name="Lamps &amp; tea"' in page
    assert 'data-width="60"' in page
    assert "<html" not in page
    assert "says “moon”" in client.get("/media/picker?q=moon").text


def test_alternative_text_is_kept(client: FlaskClient, session_factory: SessionFactory) -> None:
    upload(client, (png(), "lamps.png"), Accept="application/json")
    (file,) = stored(session_factory)
    path = f"/media/{file.id}"
    assert send(client, path, label="Lamps", alt="Clay lamps <b>").status_code == 303
    page = client.get(path).text
    assert "Clay lamps &lt;b&gt;" in page
    assert 'alt="Clay lamps &lt;b&gt;"' in page
    refused = send(client, path, label=" ", alt="x" * 1001)
    assert refused.status_code == 422
    assert "Give the picture a name." in refused.text
    assert stored(session_factory)[0].label == "Lamps"


def test_deleting_warns_of_the_mails_that_use_it(
    client: FlaskClient, alice: Person, session_factory: SessionFactory, web_settings: WebSettings
) -> None:
    upload(client, (written(noise(400, 300), "JPEG"), "lamps.jpg"), Accept="application/json")
    (file,) = stored(session_factory)
    question = client.get(f"/media/{file.id}/delete").text
    assert "Mails that were sent with it" in question
    make_campaign(
        alice, name="Lamps for all", html=f'<img src="http://localhost{path_of(file)}" alt="">'
    )
    question = client.get(f"/media/{file.id}/delete").text
    assert "1 mail of yours uses it" in question
    assert "Lamps for all" in question
    assert "Lamps for all" in client.get(f"/media/{file.id}").text
    token = csrf_token(client, f"/media/{file.id}/delete")
    answer = client.post(f"/media/{file.id}/delete", data={"csrf_token": token})
    assert answer.status_code == 303
    assert client.get(path_of(file)).status_code == 404
    assert stored(session_factory) == []
    assert [path for path in Path(web_settings.media_dir).rglob("*") if path.is_file()] == []
