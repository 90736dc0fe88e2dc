"""Built files: hashed names cached for ever, compressed, and all that the templates name."""

import gzip
import json
import re
from pathlib import Path

import pytest
from flask import Flask

from dakiya.errors import ConfigurationError
from dakiya_web.assets import FOR_EVER, MANIFEST, STATIC_DIR, Assets
from dakiya_web.navigation import ENTRIES
from tests.repository.checkout import ROOT
from tests.web.browsing import log_in
from tests.web.conftest import Person

TEMPLATES = ROOT / "services/web/dakiya_web/templates"
PAGES = ROOT / "services/web/dakiya_web"


def built(name: str) -> str:
    return f"/static/dist/{Assets(MANIFEST).name_of(name)}"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("app.css", "text/css; charset=utf-8"),
        ("app.js", "text/javascript; charset=utf-8"),
        ("theme.js", "text/javascript; charset=utf-8"),
        ("icons.svg", "image/svg+xml"),
        ("mark.svg", "image/svg+xml"),
    ],
)
def test_built_file_is_typed_and_cached_for_ever(app: Flask, name: str, kind: str) -> None:
    with app.test_client().get(built(name)) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == kind
        assert answer.headers["Cache-Control"] == FOR_EVER
        assert re.search(r"-[0-9A-Za-z]{8}\.", built(name))


def test_code_and_prose_fall_back_to_the_bundled_devanagari(app: Flask) -> None:
    with app.test_client().get(built("app.css")) as answer:
        ours = answer.get_data(as_text=True).rpartition("--tblr-font-sans-serif:")[2]
    for stack in (ours, ours.rpartition("--tblr-font-monospace:")[2]):
        assert "Noto Sans Devanagari Variable" in stack.partition(";")[0]


def test_shared_caches_learn_nothing_of_who_asked(app: Flask, alice: Person) -> None:
    client = app.test_client()
    assert log_in(client, alice.email).status_code == 303
    with client.get(built("app.css")) as answer:
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Vary"] == "Accept-Encoding"


def test_missing_file_is_cached_by_nobody(app: Flask) -> None:
    for path in ("/static/dist/app-00000000.css", "/static/none", "/static/../settings.py"):
        with app.test_client().get(path) as answer:
            assert answer.status_code == 404
            assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [("gzip", "gzip"), ("gzip, br", "br"), ("br;q=0, gzip", "gzip"), ("", None), ("zstd", None)],
)
def test_compressed_as_the_browser_takes_it(app: Flask, accepted: str, coding: str | None) -> None:
    with app.test_client().get(built("app.css"), headers={"Accept-Encoding": accepted}) as answer:
        assert answer.headers.get("Content-Encoding") == coding
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
        body = gzip.decompress(answer.data) if coding == "gzip" else answer.data
    if coding != "br":
        assert body == (STATIC_DIR / "dist" / Path(built("app.css")).name).read_bytes()


def test_fonts_are_our_own_and_typed(app: Flask) -> None:
    with app.test_client().get(built("app.css")) as answer:
        urls = set(re.findall(r"url\(\"?([^\")]+)", answer.get_data(as_text=True)))
    assert [url for url in urls if not url.startswith(("./", "data:", "#"))] == []
    (latin,) = [url for url in urls if "inter-latin-wght" in url]
    with app.test_client().get(f"/static/dist/{latin.removeprefix('./')}") as answer:
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "font/woff2")


def test_unbuilt_assets_are_refused_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="make assets"):
        Assets(tmp_path / "manifest.json")


def test_new_build_is_noticed(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"app.css": "app-1.css"}))
    assets = Assets(manifest)
    assert assets.name_of("app.css") == "app-1.css"
    fresh = tmp_path / "manifest.new"
    fresh.write_text(json.dumps({"app.css": "app-2.css"}))
    fresh.rename(manifest)
    assert assets.name_of("app.css") == "app-2.css"


def named(call: str) -> set[str]:
    """The first arguments of a global's calls in all templates and views."""
    pattern = re.compile(rf"\b{call}\(\s*[\"']([^\"']+)[\"']")
    files = [*TEMPLATES.rglob("*.html"), *PAGES.rglob("*.py")]
    return {name for path in files for name in pattern.findall(path.read_text(encoding="utf-8"))}


def test_templates_name_only_what_is_built() -> None:
    missing = named("asset") - set(json.loads(MANIFEST.read_text(encoding="utf-8")))
    assert missing == set()


def test_templates_name_only_icons_of_the_sprite(app: Flask) -> None:
    with app.test_client().get(built("icons.svg")) as answer:
        drawn = set(re.findall(r'<symbol id="([^"]+)"', answer.get_data(as_text=True)))
    used = named("icon") | {entry.icon for entry in ENTRIES}
    assert used - drawn == set()
    assert len(used) > 10


def test_built_scripts_need_no_eval_and_load_nothing_foreign(app: Flask) -> None:
    for name in ("app.js", "theme.js"):
        with app.test_client().get(built(name)) as answer:
            assert "eval(" not in answer.get_data(as_text=True)
            assert not re.search(
                r"(import|fetch|from)\s*\(?[\"']https?:", answer.get_data(as_text=True)
            )
