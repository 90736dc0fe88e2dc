"""The JSON API: a bearer token instead of a session, a module per noun."""

from dakiya_web.api import campaigns, health, recipients, smtp_accounts  # noqa: F401
from dakiya_web.api.blueprint import api

__all__ = ["api"]
