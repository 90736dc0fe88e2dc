"""Registers the pages of the gallery."""

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from dakiya_web.pages.templates import (  # noqa: F401 - each registers its routes
    editing,
    exchange,
    gallery,
    own,
    saving,
    starters,
)
from dakiya_web.pages.templates.blueprint import templates


def install_templates(app: Flask, csrf: CSRFProtect) -> None:
    """Register them."""
    # Their form checks the token itself and keeps what was typed when it is refused.
    csrf.exempt(editing.save_mail)
    csrf.exempt(editing.keep_mail)
    app.register_blueprint(templates)
