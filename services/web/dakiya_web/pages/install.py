"""Registers every page."""

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from dakiya_web.pages.campaigns import campaigns
from dakiya_web.pages.compose.install import install_compose
from dakiya_web.pages.dashboard.views import dashboard
from dakiya_web.pages.media import media
from dakiya_web.pages.passwords.views import passwords
from dakiya_web.pages.people.views import people
from dakiya_web.pages.preferences.views import preferences
from dakiya_web.pages.profile.views import profile
from dakiya_web.pages.smtp_accounts import smtp_accounts
from dakiya_web.pages.suppressions import suppressions
from dakiya_web.pages.templates.install import install_templates
from dakiya_web.pages.tokens.views import tokens
from dakiya_web.pages.unsubscribe.views import unsubscribe


def install_pages(app: Flask, csrf: CSRFProtect) -> None:
    """Register every page."""
    app.register_blueprint(people)
    app.register_blueprint(passwords)
    app.register_blueprint(dashboard)
    app.register_blueprint(campaigns)
    install_compose(app, csrf)
    app.register_blueprint(media)
    install_templates(app, csrf)
    app.register_blueprint(preferences)
    app.register_blueprint(smtp_accounts)
    app.register_blueprint(suppressions)
    app.register_blueprint(tokens)
    app.register_blueprint(profile)
    # The link in a mail is what allows it; mail services post without a cookie (RFC 8058).
    csrf.exempt(unsubscribe)
    app.register_blueprint(unsubscribe)
