"""Rings other services after a commit; what they must know is in PostgreSQL already."""

from collections.abc import Callable

import redis
from dramatiq.errors import DramatiqError

from dakiya.log import get_logger
from dakiya.queue import Doorbell
from dakiya_web.wiring import wiring

_log = get_logger(__name__)


def ring(what: Callable[[Doorbell], None]) -> None:
    """Ring, and only note it when Redis is away: the next tick finds the work anyway."""
    try:
        what(wiring().doorbell)
    except (redis.RedisError, DramatiqError, OSError) as error:
        _log.warning("doorbell_unreachable", kind=type(error).__name__)
