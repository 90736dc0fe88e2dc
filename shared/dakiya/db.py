"""Engine and sessions: one place that knows how Dakiya talks to PostgreSQL."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.orm import Session, sessionmaker

SessionFactory = sessionmaker[Session]

STATEMENT_TIMEOUT_MS = 60_000
LOCK_TIMEOUT_MS = 10_000
# A transaction left open slows every claim down (6 times, measured): the server ends it.
IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000


def make_engine(
    url: str,
    *,
    pool_size: int = 5,
    max_overflow: int = 10,
    application_name: str = "dakiya",
    ask_first: bool = True,
) -> Engine:
    """Make an engine whose sessions are in UTC and have time-outs; connects lazily.

    ``ask_first`` tests a pooled connection before its use, at the price of a round trip;
    the senders, who try again anyway, do without.
    """
    options: Mapping[str, str | int] = {
        "statement_timeout": STATEMENT_TIMEOUT_MS,
        "lock_timeout": LOCK_TIMEOUT_MS,
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_TIMEOUT_MS,
        "timezone": "UTC",
    }
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_pre_ping=ask_first,
        pool_recycle=1800,
        hide_parameters=True,  # an exception's text ends in the logs, addresses must not
        connect_args={
            "application_name": application_name,
            "connect_timeout": 10,
            "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
        },
    )


def make_session_factory(engine: Engine) -> SessionFactory:
    """Make the factory that entry points open their sessions with."""
    return sessionmaker(engine, expire_on_commit=False)


def database_now(session: Session) -> datetime:
    """Return the database's clock, which every lease and instant is measured by."""
    now: datetime = session.scalars(select(func.clock_timestamp())).one()
    return now
