"""What the database holds, whoever owns it."""

from sqlalchemy import text

from dakiya.db import SessionFactory


def everything(session_factory: SessionFactory) -> dict[str, list[str]]:
    """Every row of every table, but when a token was last used."""
    with session_factory() as session:
        tables = session.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ).all()
        return {
            table: sorted(
                session.scalars(
                    text(f"SELECT (to_jsonb(t) - 'last_used_at')::text FROM {table} AS t")
                ).all()
            )
            for table in tables
        }


def value(session_factory: SessionFactory, query: str) -> object:
    """Return the one value that a query finds, or the first."""
    with session_factory() as session:
        return session.scalar(text(query))
