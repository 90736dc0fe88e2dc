"""What the views need from outside, made once per application and found from any request."""

from dataclasses import dataclass

import redis
from flask import Flask, current_app, g
from sqlalchemy.orm import Session

from dakiya.clock import Clock
from dakiya.db import SessionFactory
from dakiya.mail.links import UNSUBSCRIBE_PURPOSE, derive_key
from dakiya.media.storage import FolderStore, MediaStore
from dakiya.queue import Doorbell
from dakiya.smtp_accounts.egress import EgressRule
from dakiya.smtp_accounts.secrets import SecretBox
from dakiya_web.settings import WebSettings

EXTENSION = "dakiya"
FORMS_PURPOSE = "forms"


@dataclass(frozen=True)
class Wiring:
    """The application's settings and its ways out: database, queue, keys, clock."""

    settings: WebSettings
    sessions: SessionFactory
    doorbell: Doorbell
    # With short time-outs: a request never waits long to learn that Redis is away.
    redis: redis.Redis
    box: SecretBox
    egress: EgressRule
    links_key: bytes
    forms_key: bytes
    media: MediaStore
    clock: Clock

    @classmethod
    def make(
        cls, settings: WebSettings, *, sessions: SessionFactory, doorbell: Doorbell, clock: Clock
    ) -> "Wiring":
        """Derive the keys and rules from the settings. Connects to nothing."""
        return cls(
            settings=settings,
            sessions=sessions,
            doorbell=doorbell,
            redis=redis.Redis.from_url(
                settings.redis_url.get_secret_value(), socket_timeout=2, socket_connect_timeout=2
            ),
            box=SecretBox(settings),
            egress=EgressRule.parse(settings.allowed_internal_hosts),
            links_key=derive_key(settings.secret_key.get_secret_value(), UNSUBSCRIBE_PURPOSE),
            forms_key=derive_key(settings.secret_key.get_secret_value(), FORMS_PURPOSE),
            media=FolderStore(settings.media_dir),
            clock=clock,
        )


def wiring() -> Wiring:
    """Return the wiring of the application that serves this request."""
    found: Wiring = current_app.extensions[EXTENSION]
    return found


def request_session() -> Session:
    """Return this request's session; what the view does not commit is rolled back."""
    if "session" not in g:
        g.session = wiring().sessions()
    session: Session = g.session
    return session


def close_session(_error: BaseException | None = None) -> None:
    """End this request's session, if it opened one."""
    session: Session | None = g.pop("session", None)
    if session is not None:
        session.close()


def install_wiring(app: Flask, made: Wiring) -> None:
    """Make the wiring and the request's session available to the application's views."""
    app.extensions[EXTENSION] = made
    app.teardown_appcontext(close_session)
