"""SMTP accounts: the servers that mail goes through, their health and their tests."""

from dakiya_web.pages.smtp_accounts import adding, choices, domain, testing, trusting, views  # noqa: F401
from dakiya_web.pages.smtp_accounts.blueprint import smtp_accounts

__all__ = ["smtp_accounts"]
