"""What every answer carries so that a browser does nothing that we do not want."""

import time

from flask import Flask, Response, g, request

from dakiya.log import get_logger
from dakiya_web.settings import WebSettings

CONTENT_SECURITY_POLICY = (
    # data: for the small pictures inside Tabler's styles (arrows, ticks).
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_ALWAYS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: behind TLS the CSRF check compares the referrer's origin.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_HSTS = "max-age=31536000"
_STATIC = "static"
_log = get_logger(__name__)


def install_headers(app: Flask, settings: WebSettings) -> None:
    """Add the security headers to each answer, and a line to the log for each request."""

    @app.before_request
    def _start() -> None:
        g.started_at_s = time.perf_counter()

    @app.after_request
    def _finish(response: Response) -> Response:
        for name, value in _ALWAYS.items():
            response.headers.setdefault(name, value)
        if settings.https:
            response.headers.setdefault("Strict-Transport-Security", _HSTS)
        if request.endpoint != _STATIC or response.status_code >= 400:
            response.headers["Cache-Control"] = "no-store"
        _log_request(response)
        return response


def _log_request(response: Response) -> None:
    """Name the rule and not the path: a path may hold somebody's unsubscribe token."""
    if request.endpoint == _STATIC or request.endpoint == "api.health":
        return
    started_at_s = g.get("started_at_s")
    _log.info(
        "request",
        method=request.method if request.method.isalpha() else "?",
        rule=request.url_rule.rule if request.url_rule else None,
        status=response.status_code,
        ms=round((time.perf_counter() - started_at_s) * 1000, 1) if started_at_s else None,
    )
