"""Where the bytes of pictures lie: a narrow interface, and a folder behind it.

Another store (S3, a database) has these three methods and nothing else to offer. Keys come
from `dakiya.media.library` alone; they hold letters, digits, ``-``, ``_`` and one ``/``.
"""

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from dakiya.errors import DakiyaError

_KEY = re.compile(r"[A-Za-z0-9_-]{2}/[A-Za-z0-9_-]{10,60}")


class MissingMedia(DakiyaError):
    """The library knows a picture whose bytes are gone."""


class MediaStore(Protocol):
    """Keeps bytes under keys that are never used twice."""

    def put(self, key: str, data: bytes) -> None:
        """Keep them, whole or not at all, until they are deleted. Raises OSError."""

    def read(self, key: str) -> bytes:
        """Return them. Raises MissingMedia."""

    def delete(self, key: str) -> None:
        """Forget them; what is not there is forgotten already."""


class FolderStore:
    """A folder, which all processes of the web share (a volume, in containers)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: str, data: bytes) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Renamed when it is whole: nobody reads half a picture, also after a power cut.
        handle, written = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(written).chmod(0o640)
            Path(written).replace(path)
        except BaseException:
            Path(written).unlink(missing_ok=True)
            raise

    def read(self, key: str) -> bytes:
        try:
            return self._path(key).read_bytes()
        except OSError:
            raise MissingMedia(f"the bytes of {key[:2]}/… cannot be read") from None

    def delete(self, key: str) -> None:
        path = self._path(key)
        path.unlink(missing_ok=True)
        with suppress(OSError):
            path.parent.rmdir()

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError("no key of the library")
        return self._folder / key
