"""Whether the installation is well, for people and for load balancers; no token, no secrets."""

from datetime import datetime

import redis
from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from dakiya.delivery.presence import count_alive
from dakiya.models import Tick
from dakiya_web.api.blueprint import api
from dakiya_web.api.present import instant
from dakiya_web.wiring import close_session, request_session, wiring

TICKS_MISSED = 3


@api.get("/health")
def health() -> ResponseReturnValue:
    """200 while the web can do its work; ``degraded`` when mail does not move."""
    queue = _queue_answers()
    try:
        ticked_at, age_s, senders = _look(wiring().clock())
    except SQLAlchemyError:
        close_session()
        return jsonify(status="down", database="down", queue=_word(queue)), 503
    late_after_s = TICKS_MISSED * wiring().settings.tick_seconds
    moving = age_s is not None and age_s <= late_after_s and senders > 0
    status = "ok" if queue and moving else "degraded"
    return jsonify(
        status=status if queue else "down",
        database="ok",
        queue=_word(queue),
        last_tick_at=instant(ticked_at),
        last_tick_age_s=age_s,
        senders_alive=senders,
    ), 200 if queue else 503


def _word(answers: bool) -> str:
    return "ok" if answers else "down"


def _queue_answers() -> bool:
    try:
        return bool(wiring().redis.ping())
    except (redis.RedisError, OSError):
        return False


def _look(now: datetime) -> tuple[datetime | None, float | None, int]:
    """Return the last tick, its age in seconds, and how many senders reported lately."""
    session = request_session()
    ticked_at = session.scalar(select(Tick.ticked_at))
    senders = count_alive(session, "sender")
    age_s = round(max(0.0, (now - ticked_at).total_seconds()), 1) if ticked_at else None
    return ticked_at, age_s, senders
