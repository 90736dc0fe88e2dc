"""Alembic's entry: runs on the connection that ``dakiya.migrations.run`` hands over."""

from alembic import context
from sqlalchemy import text

from dakiya.models import Base

# A migration must not queue behind a long transaction and block everybody behind it.
LOCK_TIMEOUT = "10s"
STATEMENT_TIMEOUT = "15min"

connection = context.config.attributes["connection"]
connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
