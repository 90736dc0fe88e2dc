"""Secrets that are made once and kept beside the data."""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def kept_secret(path: Path, *, size_bytes: int = 48) -> str:
    """Read a secret from a file of mode 0600, making both the first time.

    ``size_bytes`` random ones are written as letters, digits, - and _, four for three.
    """
    with suppress(FileNotFoundError):
        if value := path.read_text(encoding="ascii").strip():
            return value
    value = secrets.token_urlsafe(size_bytes)
    write_secret(path, value)
    return value


def write_secret(path: Path, value: str) -> None:
    """Write a file of mode 0600, whole or not at all, and make it last."""
    partial = path.with_name(f"{path.name}.new")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(value + "\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
