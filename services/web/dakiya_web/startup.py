"""What must be true of the database before the web starts."""

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from dakiya.db import make_engine
from dakiya.errors import ConfigurationError
from dakiya.migrations.run import WEB_ROLE, alembic_config
from dakiya_web.settings import WebSettings


def check_database(settings: WebSettings) -> None:
    """Raise ConfigurationError with a hint unless the schema is ours and the role is modest."""
    engine = make_engine(
        settings.database_url.get_secret_value(),
        pool_size=1,
        application_name="dakiya-web-startup",
    )
    try:
        with engine.connect() as connection:
            _check_schema(connection)
            _check_role(connection)
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[-1] if error.orig else "no answer"
        raise ConfigurationError(
            f"the database of DATABASE_URL cannot be reached: {reason}"
        ) from None
    finally:
        engine.dispose()


def _check_schema(connection: Connection) -> None:
    wanted = ScriptDirectory.from_config(alembic_config(connection)).get_current_head()
    try:
        present = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError:
        connection.rollback()
        present = None
    if present != wanted:
        raise ConfigurationError(
            f"the database is at schema {present or 'none'}, this version needs {wanted};"
            " run `dakiya migrate` as the owner of the tables"
        )


def _check_role(connection: Connection) -> None:
    owns = connection.scalar(
        text(
            "SELECT pg_has_role(current_user, relowner, 'MEMBER') FROM pg_class"
            " WHERE oid = to_regclass('campaign')"
        )
    )
    if owns:
        raise ConfigurationError(
            "the role of DATABASE_URL owns the tables, so a hole in the web could drop them;"
            f" connect as {WEB_ROLE} (`dakiya migrate` makes it when DAKIYA_WEB_DB_PASSWORD is set)"
        )
