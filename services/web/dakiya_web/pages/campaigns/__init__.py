"""Pages of campaigns: the list, the monitor, the ledger, and what steers them."""

from dakiya_web.pages.campaigns import exports, listing, mails, monitor, steering  # noqa: F401
from dakiya_web.pages.campaigns.blueprint import campaigns

__all__ = ["campaigns"]
