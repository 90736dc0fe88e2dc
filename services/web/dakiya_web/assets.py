"""Styles, modules, icons and fonts: built once, served under names that hold their hash."""

import json
from pathlib import Path

from flask import Flask, Response, request, send_from_directory, url_for
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from dakiya.errors import ConfigurationError

STATIC_DIR = Path(__file__).with_name("static")
BUILT = "dist"
MANIFEST = STATIC_DIR / BUILT / "manifest.json"
# A hashed name never means anything else, so nobody needs to ask for it again.
FOR_EVER = "public, max-age=31536000, immutable"
FOR_AN_HOUR = "public, max-age=3600"
# The best first; the build writes both beside each text file.
CODINGS = (("br", ".br"), ("gzip", ".gz"))
# Slim systems have no table of types that knows them all.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}


class Assets:
    """The built files by the names that templates use ("app.css")."""

    def __init__(self, manifest: Path) -> None:
        self._manifest = manifest
        self._read_at_ns = -1
        self._names: dict[str, str] = {}
        self.name_of("app.css")

    def name_of(self, name: str) -> str:
        """Return the hashed name of a file.

        Raises ConfigurationError when nothing has been built, KeyError for a name that the
        build does not make. A new build is noticed, since `make run` may go on meanwhile.
        """
        try:
            changed_at_ns = self._manifest.stat().st_mtime_ns
        except FileNotFoundError:
            raise ConfigurationError(
                "the styles and scripts of the pages are not built; run `make assets`"
            ) from None
        if changed_at_ns != self._read_at_ns:
            self._names = json.loads(self._manifest.read_text(encoding="utf-8"))
            self._read_at_ns = changed_at_ns
        return self._names[name]


def install_assets(app: Flask, manifest: Path = MANIFEST) -> None:
    """Serve the static files, and let templates say ``asset(name)`` and ``icon(name)``.

    Raises ConfigurationError when the assets have not been built.
    """
    assets = Assets(manifest)

    def asset(name: str) -> str:
        return url_for("static", filename=f"{BUILT}/{assets.name_of(name)}")

    def icon(name: str, *, label: str = "", extra: str = "") -> Markup:
        """Draw an icon of src/icons.txt; without a label it is decoration."""
        meaning = Markup('role="img" aria-label="{}"').format(label) if label else _DECORATION
        return Markup('<svg class="icon {}" {}><use href="{}#{}"></use></svg>').format(
            extra, meaning, asset("icons.svg"), name
        )

    app.jinja_env.globals.update(asset=asset, icon=icon)
    app.add_url_rule("/static/<path:filename>", endpoint="static", view_func=send_static)


_DECORATION = Markup('aria-hidden="true"')


def send_static(filename: str) -> Response:
    """Send a static file, compressed as the browser takes it."""
    response = _best_coding(filename) or send_from_directory(STATIC_DIR, filename)
    response.headers["Content-Type"] = _TYPES.get(
        Path(filename).suffix, response.headers["Content-Type"]
    )
    response.headers["Vary"] = "Accept-Encoding"
    built = filename.startswith(f"{BUILT}/")
    response.headers["Cache-Control"] = FOR_EVER if built else FOR_AN_HOUR
    return response


def _best_coding(filename: str) -> Response | None:
    for coding, ending in CODINGS:
        if request.accept_encodings.quality(coding) <= 0:
            continue
        try:
            response = send_from_directory(STATIC_DIR, filename + ending)
        except NotFound:
            continue
        response.headers["Content-Encoding"] = coding
        return response
    return None
