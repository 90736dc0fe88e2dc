"""Runs a command with the settings of the installation that `make run` keeps in ./var.

    .venv/bin/python deploy/dev/within.py dakiya token create demo@example.com

DATABASE_URL, REDIS_URL and SECRET_KEY that are set already stay as they are.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from dakiya_dev.embedded.postgres import DATABASE, OWNER
from dakiya_dev.environment import given
from dakiya_dev.ports import HOST, port_is_free
from dakiya_dev.trouble import ServerTrouble


def settings_within(var_dir: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that are missing in ``environ``.

    Raises ServerTrouble when one of the embedded servers is needed and does not run.
    """
    found = {}
    if given(environ, "DATABASE_URL") is None:
        password, port = _read(var_dir / "postgres", f"{OWNER}.password")
        found["DATABASE_URL"] = f"postgresql://{OWNER}:{password}@{HOST}:{port}/{DATABASE}"
    if given(environ, "REDIS_URL") is None:
        password, port = _read(var_dir / "valkey", "valkey.password")
        found["REDIS_URL"] = f"redis://:{password}@{HOST}:{port}/0"
    if given(environ, "SECRET_KEY") is None:
        found["SECRET_KEY_FILE"] = str((var_dir / "secret_key").resolve())
    return found


def _read(folder: Path, password_file: str) -> tuple[str, int]:
    try:
        password = (folder / password_file).read_text(encoding="ascii").strip()
        port = int((folder / "port").read_text(encoding="ascii"))
    except (OSError, ValueError):
        raise ServerTrouble(f"nothing has run from {folder} yet", "Run make run first.") from None
    if port_is_free(port):
        raise ServerTrouble(f"{folder.name} does not run", "Leave make run running meanwhile.")
    return password, port


def main(var_dir: Path, command: list[str]) -> None:
    """Become the command; a program of this virtual environment needs no path."""
    try:
        settings = settings_within(var_dir, os.environ)
    except ServerTrouble as trouble:
        sys.exit(f"dakiya: {trouble}")
    beside = str(Path(sys.executable).parent)
    path = f"{beside}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    os.execvpe(command[0], command, {**os.environ, **settings, "PATH": path})  # noqa: S606


if __name__ == "__main__":
    main(Path("var"), sys.argv[1:])
