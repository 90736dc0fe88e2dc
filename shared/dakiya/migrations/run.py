"""Brings a database to the present schema, and makes the role that the web connects as."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import ProgrammingError

from dakiya.errors import ConfigurationError

WEB_ROLE = "dakiya_web"
MIGRATION_LOCK = 0x64616B69

# Written once: the web may add and delete these, and never change them.
IMMUTABLE_TABLES = ("recipient", "content_version", "attempt")
PRIVATE_TABLES = ("alembic_version",)


def alembic_config(connection: Connection) -> Config:
    """Make Alembic's configuration without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def upgrade(database_url: str, web_password: str | None = None) -> None:
    """Run the missing migrations and refresh the web role's grants; may be repeated.

    ``database_url`` is the owner's. With ``web_password`` the role ``dakiya_web`` may log
    in with it. Raises ConfigurationError when the owner may not create that role.
    """
    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            # Two containers that migrate at once: the second waits and finds nothing to do.
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
            connection.commit()
            command.upgrade(alembic_config(connection), "head")
            connection.commit()
            if web_password is not None:
                _grant_web_role(connection, web_password)
                connection.commit()
    finally:
        engine.dispose()


def _grant_web_role(connection: Connection, password: str) -> None:
    exists = connection.scalar(
        text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": WEB_ROLE}
    )
    literal = connection.scalar(text("SELECT quote_literal(:password)"), {"password": password})
    # A new role has no other privilege, and only a superuser may say so of an existing one.
    try:
        connection.exec_driver_sql(
            f"{'ALTER' if exists else 'CREATE'} ROLE {WEB_ROLE} LOGIN"
            f" PASSWORD {str(literal).replace('%', '%%')}"
        )
    except ProgrammingError:
        raise ConfigurationError(
            f"the database user may not create the role {WEB_ROLE}, which the web connects as;"
            " give it CREATEROLE, or create that role yourself and unset DAKIYA_WEB_DB_PASSWORD"
        ) from None
    for statement in (
        f"GRANT USAGE ON SCHEMA public TO {WEB_ROLE}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {WEB_ROLE}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {WEB_ROLE}",
        f"REVOKE UPDATE ON {', '.join(IMMUTABLE_TABLES)} FROM {WEB_ROLE}",
        f"REVOKE ALL ON {', '.join(PRIVATE_TABLES)} FROM {WEB_ROLE}",
        f"GRANT SELECT ON {', '.join(PRIVATE_TABLES)} TO {WEB_ROLE}",
    ):
        connection.exec_driver_sql(statement)
