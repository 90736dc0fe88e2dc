"""The media library: pictures for mails."""

from dakiya_web.pages.media import (  # noqa: F401 - each registers its routes
    library,
    public,
    uploads,
)
from dakiya_web.pages.media.blueprint import media

__all__ = ["media"]
