"""What every answer carries so that a browser does nothing that we do not want."""

import secrets
import time
from urllib.parse import urlsplit

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
# What never changes under its address.
_CACHED = (_STATIC, "media.send", "templates.picture")
_log = get_logger(__name__)


def install_headers(app: Flask, settings: WebSettings) -> None:
    """Add the security headers to each answer, and a line to the log for each request."""

    policy = policy_for(settings)
    app.jinja_env.globals.update(style_nonce=style_nonce)

    @app.before_request
    def _start() -> None:
        g.started_at_s = time.perf_counter()

    @app.after_request
    def _finish(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", _policy_of_page(policy))
        for name, value in _ALWAYS.items():
            response.headers.setdefault(name, value)
        if settings.https:
            response.headers.setdefault("Strict-Transport-Security", _HSTS)
        if request.endpoint not in _CACHED or response.status_code >= 400:
            response.headers["Cache-Control"] = "no-store"
        _log_request(response)
        return response


def policy_for(settings: WebSettings) -> str:
    """Return the policy of our pages: pictures of the library carry the public address, which
    need not be the one that a person came by."""
    pictures = f"img-src 'self' data: {media_origin(settings)};"
    return CONTENT_SECURITY_POLICY.replace("img-src 'self' data:;", pictures)


def style_nonce() -> str:
    """Return what the styles of a module must name on this page (CodeMirror writes its own).

    Asking for it is what allows them; other pages take no styles but those of our files.
    """
    if "style_nonce" not in g:
        g.style_nonce = secrets.token_urlsafe(16)
    return str(g.style_nonce)


def show_foreign_pictures() -> None:
    """Let this page show pictures of any https address: those of a mail that is being written."""
    g.foreign_pictures = True


def _policy_of_page(policy: str) -> str:
    if "style_nonce" in g:
        policy = policy.replace("style-src 'self'", f"style-src 'self' 'nonce-{g.style_nonce}'")
    if g.get("foreign_pictures"):
        policy = policy.replace("img-src 'self' data:", "img-src 'self' data: https:")
    return policy


def media_origin(settings: WebSettings) -> str:
    """Return scheme, host and port of the library's pictures, as a policy names them."""
    url = urlsplit(settings.public_url)
    return f"{url.scheme}://{url.netloc}"


def _log_request(response: Response) -> None:
    """Name the rule and not the path: a path may hold somebody's unsubscribe token."""
    if request.endpoint in (*_CACHED, "api.health"):
        return
    started_at_s = g.get("started_at_s")
    _log.info(
        "request",
        method=request.method if request.method.isalpha() else "?",
        rule=request.url_rule.rule if request.url_rule else None,
        status=response.status_code,
        ms=round((time.perf_counter() - started_at_s) * 1000, 1) if started_at_s else None,
    )
