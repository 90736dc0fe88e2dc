"""Registers the steps of making a campaign."""

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from dakiya_web.pages.compose import (  # noqa: F401 - each registers its routes
    columns,
    content,
    copies,
    details,
    imports,
    preview,
    recipients,
    removal,
    schedule,
    trial,
)
from dakiya_web.pages.compose.blueprint import compose


def install_compose(app: Flask, csrf: CSRFProtect) -> None:
    """Register them."""
    # Its form checks the token itself and keeps what was typed when it is refused.
    csrf.exempt(content.save_content)
    app.register_blueprint(compose)
