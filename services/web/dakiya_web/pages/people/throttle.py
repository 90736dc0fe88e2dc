"""Slows guessing down, per account and per address, and never locks anybody out for good."""

import hashlib

from flask import Flask, Response, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from dakiya.mail.addresses import AddressError, parse_address
from dakiya_web.settings import WebSettings

# Only failures count. An account's short window lets its owner in again soon.
PER_ACCOUNT = "10 per 5 minutes"
PER_ADDRESS = "30 per 5 minutes; 200 per day"
SIGN_UPS_PER_ADDRESS = "20 per hour"

limiter = Limiter(
    get_remote_address,
    key_prefix="dakiya:throttle",
    strategy="moving-window",
    # Redis away: each process counts for itself until it is back.
    in_memory_fallback_enabled=True,
    swallow_errors=True,
)


def install_throttle(app: Flask, settings: WebSettings) -> None:
    """Keep the counters in Redis, where every worker sees them."""
    app.config["RATELIMIT_STORAGE_URI"] = settings.redis_url.get_secret_value()
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {"socket_timeout": 2, "socket_connect_timeout": 2}
    limiter.init_app(app)


def account_key() -> str:
    """Name the account that is tried, however it is spelt, without keeping its address."""
    address = request.form.get("email", "")
    try:
        address = parse_address(address).normalised
    except AddressError:
        address = address.strip().lower()
    return "account:" + hashlib.sha256(address.encode(errors="replace")).hexdigest()


def log_in_failed(response: Response) -> bool:
    """Tell whether this attempt counts."""
    return response.status_code == 422
