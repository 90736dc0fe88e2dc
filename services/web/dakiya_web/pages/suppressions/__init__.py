"""Suppressions: the addresses that get no mail."""

from dakiya_web.pages.suppressions import adding, views  # noqa: F401
from dakiya_web.pages.suppressions.blueprint import suppressions

__all__ = ["suppressions"]
