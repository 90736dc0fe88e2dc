"""Questions to running servers."""

from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

import psycopg2
import redis

from dakiya_dev.trouble import ServerTrouble

HEALTH_PATH = "/api/v1/health"


def answers(host: str, port: int) -> bool:
    """Whether the web's health check is content."""
    with closing(HTTPConnection(host, port, timeout=5)) as connection:
        try:
            connection.request("GET", HEALTH_PATH)
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False


def check_redis(redis_url: str) -> None:
    """See that a Redis that was given answers. Raises ServerTrouble."""
    try:
        with redis.Redis.from_url(redis_url, socket_connect_timeout=10) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise ServerTrouble(
            f"cannot use REDIS_URL: {error}",
            "Start that server, or unset REDIS_URL to use the embedded one.",
        ) from error


def may_create_roles(database_url: str) -> bool:
    """Whether the user of this URL may make the web's role. Raises ServerTrouble."""
    url = database_url.replace("postgresql+psycopg2://", "postgresql://", 1)
    try:
        with closing(psycopg2.connect(url, connect_timeout=10)) as connection:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
                )
                row = cursor.fetchone()
    except psycopg2.Error as error:
        raise ServerTrouble(
            f"cannot use DATABASE_URL: {str(error).strip()}",
            "Start that server, or unset DATABASE_URL to use the embedded one.",
        ) from error
    return bool(row and row[0])
