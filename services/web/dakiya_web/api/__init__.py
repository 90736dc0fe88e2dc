"""The JSON API: a bearer token instead of a session, a module per noun."""

from dakiya_web.api import (  # noqa: F401
    campaigns,
    decisions,
    health,
    imports,
    ledger,
    recipients,
    smtp_accounts,
    suppressions,
    tokens,
    versions,
    workspace,
)
from dakiya_web.api.blueprint import api

__all__ = ["api"]
