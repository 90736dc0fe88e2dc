"""SMTP accounts: the servers that mail goes through, their health and their tests."""

from dakiya_web.pages.smtp_accounts import (  # noqa: F401
    adding,
    choices,
    domain,
    suggesting,
    testing,
    trusting,
    views,
)
from dakiya_web.pages.smtp_accounts.blueprint import smtp_accounts

__all__ = ["smtp_accounts"]
