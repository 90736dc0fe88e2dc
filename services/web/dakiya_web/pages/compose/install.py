"""Registers the steps of making a campaign."""

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from dakiya_web.pages.compose import (  # noqa: F401 - each registers its routes
    columns,
    content,
    copies,
    details,
    imports,
    keeping,
    preview,
    recipients,
    removal,
    schedule,
    trial,
    versions,
)
from dakiya_web.pages.compose.blueprint import compose


def install_compose(app: Flask, csrf: CSRFProtect) -> None:
    """Register them."""
    # Their form checks the token itself and keeps what was typed when it is refused.
    csrf.exempt(content.save_content)
    csrf.exempt(keeping.keep_content)
    app.register_blueprint(compose)
