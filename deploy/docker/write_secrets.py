"""Writes the secrets of a new installation, one folder per kind of container.

What stands there already is read and never overwritten, so that the step may run at every
start. Each folder is a volume that only its containers mount: the web never sees the
password of the database's owner. Standard library only; takes the folder as argument.
"""

import os
import secrets
import sys
from pathlib import Path

REDIS_CONF = """\
bind * -::*
protected-mode yes
requirepass {password}
dir /data
appendonly yes
appendfsync everysec
# A full Redis refuses messages instead of dropping some: the senders are rung again later.
maxmemory {maxmemory}
maxmemory-policy noeviction
"""
REDIS_MAX_MEMORY = "192mb"
DATABASE = "dakiya"
OWNER = "dakiya"
WEB_ROLE = "dakiya_web"


def main(folder: Path) -> None:
    """Write what is missing."""
    db, redis, app, web = (folder / name for name in ("db", "redis", "app", "web"))
    owner_password = keep(db / "password", new_password())
    redis_password = keep(redis / "password", new_password())
    keep(
        redis / "redis.conf", REDIS_CONF.format(password=redis_password, maxmemory=REDIS_MAX_MEMORY)
    )
    web_password = keep(app / "web_db_password", new_password())
    secret_key = keep(app / "secret_key", secrets.token_urlsafe(48))
    redis_url = f"redis://:{redis_password}@redis:6379/0"
    keep(app / "database_url", database_url(OWNER, owner_password))
    keep(web / "database_url", database_url(WEB_ROLE, web_password))
    for service in (app, web):
        keep(service / "redis_url", redis_url)
        keep(service / "secret_key", secret_key)


def new_password() -> str:
    """Return a password that needs no quoting in a URL or in redis.conf."""
    return secrets.token_hex(24)


def database_url(role: str, password: str) -> str:
    """Return the database's address for a role."""
    return f"postgresql://{role}:{password}@db:5432/{DATABASE}"


def keep(path: Path, content: str) -> str:
    """Write the file unless it has content, and return what it then holds.

    A crash leaves either nothing or the whole file. Readable by all: the user ids inside
    the containers differ, and only the volume's own containers see it.
    """
    if path.exists() and path.stat().st_size:
        return path.read_text(encoding="utf-8")
    unfinished = path.with_suffix(".new")
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.chmod(0o444)
    unfinished.rename(path)
    print(f"wrote {path.parent.name}/{path.name}")
    return content


if __name__ == "__main__":
    main(Path(sys.argv[1]))
