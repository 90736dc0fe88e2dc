"""Slows guessing down, per account and per address, and never locks anybody out for good.

An attempt is counted before it is looked at, and taken back unless it failed: guesses that come
all at once are as many as those that come one after the other.
"""

import hashlib
import math
import time

import redis
from flask import Flask, Response, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from dakiya.log import get_logger
from dakiya.mail.addresses import AddressError, parse_address
from dakiya_web.settings import WebSettings

# An account's short window lets its owner in again soon.
PER_ACCOUNT = "10 per 5 minutes"
PER_ADDRESS = "30 per 5 minutes; 200 per day"
SIGN_UPS_PER_ADDRESS = "20 per hour"
# Where only failures count, and the answer that tells one.
ONLY_FAILURES = frozenset({"people.login", "profile.change_password"})
FAILED = 422
_RETRY_AFTER_S = 60
_log = get_logger(__name__)

limiter = Limiter(
    get_remote_address,
    key_prefix="dakiya:throttle",
    # The one whose counts can be taken back.
    strategy="sliding-window-counter",
    # Redis away: each process counts for itself until it is back.
    in_memory_fallback_enabled=True,
    swallow_errors=True,
)


def install_throttle(app: Flask, settings: WebSettings) -> None:
    """Keep the counters in Redis, where every worker sees them."""
    app.config["RATELIMIT_STORAGE_URI"] = settings.redis_url.get_secret_value()
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {"socket_timeout": 2, "socket_connect_timeout": 2}
    limiter.init_app(app)
    app.after_request(_take_back)


def retry_after_s() -> int:
    """Say in how many seconds the request that was refused may be tried again."""
    try:
        waits_s = [one.reset_at - time.time() for one in limiter.current_limits if one.breached]
    except (redis.RedisError, OSError):
        waits_s = []
    return max(1, math.ceil(max(waits_s, default=_RETRY_AFTER_S)))


def account_key() -> str:
    """Name the account that is tried, however it is spelt, without keeping its address."""
    address = request.form.get("email", "")
    try:
        address = parse_address(address).normalised
    except AddressError:
        address = address.strip().lower()
    return "account:" + hashlib.sha256(address.encode(errors="replace")).hexdigest()


def _take_back(response: Response) -> Response:
    """Uncount an attempt that did not fail, and one that another limit refused."""
    if request.endpoint in ONLY_FAILURES and response.status_code != FAILED:
        for counted in limiter.current_limits:
            if not counted.breached:
                try:
                    counted.limiter.hit(counted.limit, *counted.request_args, cost=-1)
                except (redis.RedisError, OSError) as error:
                    _log.warning("throttle_unreachable", kind=type(error).__name__)
    return response
