#!/opt/dakiya/bin/python
"""Whether this container does its work, for Docker's health check: exit code 0 or 1.

web        answers /api/v1/health with 200 (database and queue reachable)
scheduler  the last tick is recent
sender     this very process said lately that it lives
"""

import os
import socket
import sys
from pathlib import Path
from urllib.request import urlopen

TIMEOUT_S = 5
TICKS_MISSED = 4
SENDER_SEEN_WITHIN_S = 45


def main() -> int:
    """Look, say one line, and return the exit code."""
    service = os.environ["SERVICE"]
    try:
        trouble = web_trouble() if service == "web" else database_trouble(service)
    except Exception as error:  # noqa: BLE001 - whatever it is, the container is not well
        trouble = f"{type(error).__name__}: {error}"
    print(trouble or "ok")
    return 1 if trouble else 0


def web_trouble() -> str | None:
    """Ask the web; raises what urlopen raises."""
    port = os.environ.get("DAKIYA_PORT") or "5000"
    with urlopen(f"http://127.0.0.1:{port}/api/v1/health", timeout=TIMEOUT_S) as answer:
        return None if answer.status == 200 else f"answered {answer.status}"


def database_trouble(service: str) -> str | None:
    """Look into the database for what the service last said; raises psycopg2's errors."""
    import psycopg2

    url = os.environ.get("DATABASE_URL") or Path(os.environ["DATABASE_URL_FILE"]).read_text("utf-8")
    url = url.strip().replace("postgresql+psycopg2://", "postgresql://", 1)
    with (
        psycopg2.connect(url, connect_timeout=TIMEOUT_S) as connection,
        connection.cursor() as cursor,
    ):
        if service == "scheduler":
            limit_s = TICKS_MISSED * int(os.environ.get("DAKIYA_TICK_SECONDS") or 10)
            cursor.execute("SELECT extract(epoch FROM now() - max(ticked_at)) FROM tick")
        else:
            limit_s = SENDER_SEEN_WITHIN_S
            cursor.execute(
                "SELECT extract(epoch FROM now() - max(seen_at)) FROM service"
                " WHERE kind = 'sender' AND starts_with(id, %s)",
                (f"sender-{socket.gethostname()}-",),
            )
        ((age_s,),) = cursor.fetchall()
    if age_s is None:
        return "has not reported yet"
    return f"last reported {age_s:.0f} s ago" if age_s > limit_s else None


if __name__ == "__main__":
    sys.exit(main())
