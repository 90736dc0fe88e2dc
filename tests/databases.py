"""Databases of the tests' own servers: made from others, reached and dropped."""

from contextlib import closing

import psycopg2
from psycopg2 import sql

from dakiya_dev.embedded import EmbeddedPostgres


def for_sqlalchemy(url: str) -> str:
    """Name the driver in a server's URL."""
    return url.replace("postgresql://", "postgresql+psycopg2://", 1)


def copy_database(server: EmbeddedPostgres, template: str, name: str) -> str:
    """Copy a database that nobody is connected to, and return the URL of the copy."""
    # Half the work of the usual way, which goes through the log: 37 ms of CPU instead of 75.
    statement = "CREATE DATABASE {} OWNER dakiya TEMPLATE {} STRATEGY FILE_COPY"
    as_admin(server, statement, name, template)
    return for_sqlalchemy(server.url_for(name))


def drop_database(server: EmbeddedPostgres, name: str) -> None:
    """Drop a database, whoever is connected to it."""
    as_admin(server, "DROP DATABASE {} WITH (FORCE)", name)


def as_admin(server: EmbeddedPostgres, statement: str, *names: str) -> None:
    """Run a statement about whole databases, with names filled in."""
    with closing(psycopg2.connect(server.url_for("postgres", admin=True))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
