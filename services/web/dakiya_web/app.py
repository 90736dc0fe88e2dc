"""Makes the web application: settings in, a WSGI callable out."""

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter

from dakiya.accounts import sessions
from dakiya.clock import Clock, utc_now
from dakiya.db import make_engine, make_session_factory
from dakiya.queue import Doorbell, make_broker
from dakiya_web.api import api
from dakiya_web.assets import install_assets
from dakiya_web.bodies import MAX_FORM_BYTES, MAX_FORM_PARTS, BodyRequest
from dakiya_web.compressing import install_compression
from dakiya_web.failures import install_failures
from dakiya_web.headers import install_headers
from dakiya_web.navigation import install_navigation
from dakiya_web.pages.install import install_pages
from dakiya_web.pages.people.sessions import install_sessions
from dakiya_web.pages.people.throttle import install_throttle
from dakiya_web.rendering import install_rendering
from dakiya_web.settings import WebSettings
from dakiya_web.texts import install_texts
from dakiya_web.wiring import Wiring, install_wiring


class _ReadableJson(DefaultJSONProvider):
    """Keys as they were written, and letters of every script as themselves."""

    sort_keys = False
    ensure_ascii = False


class IdConverter(IntegerConverter):
    """A database id in a path: positive, and no larger than the column."""

    regex = r"[1-9][0-9]{0,17}"


def create_app(
    settings: WebSettings, *, engine: Engine | None = None, clock: Clock = utc_now
) -> Flask:
    """Make the application. Connects to nothing until the first request."""
    app = Flask("dakiya_web", static_folder=None)
    app.config.from_mapping(_flask_config(settings))
    app.json = _ReadableJson(app)
    app.request_class = BodyRequest
    app.url_map.converters["id"] = IdConverter
    engine = engine or make_engine(
        settings.database_url.get_secret_value(),
        pool_size=settings.threads,
        max_overflow=2,
        application_name="dakiya-web",
    )
    wired = Wiring.make(
        settings,
        sessions=make_session_factory(engine),
        doorbell=Doorbell(make_broker(settings.redis_url.get_secret_value())),
        clock=clock,
    )
    install_wiring(app, wired)
    install_failures(app)
    install_headers(app, settings)
    install_compression(app)
    csrf = CSRFProtect(app)
    install_sessions(app)
    install_throttle(app, settings)
    install_assets(app)
    install_navigation(app)
    install_texts(app)
    install_rendering(app)
    install_pages(app, csrf)
    csrf.exempt(api)
    app.register_blueprint(api)
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_port=hops, x_prefix=0
        )
    return app


def _flask_config(settings: WebSettings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "MAX_CONTENT_LENGTH": settings.max_upload_bytes,
        "MAX_FORM_PARTS": MAX_FORM_PARTS,
        "MAX_FORM_MEMORY_SIZE": min(MAX_FORM_BYTES, settings.max_upload_bytes),
        "SESSION_COOKIE_NAME": "dakiya",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.https,
        "PERMANENT_SESSION_LIFETIME": sessions.LASTS,
        # They belong to a user (sessions.py), and outlive no session that is out of use.
        "WTF_CSRF_TIME_LIMIT": int(sessions.LASTS.total_seconds()),
    }
