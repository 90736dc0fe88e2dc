"""The gallery of templates: ours and the user's own."""

from dakiya_web.pages.templates import (  # noqa: F401 - each registers its routes
    exchange,
    gallery,
    own,
    saving,
    starters,
)
from dakiya_web.pages.templates.blueprint import templates

__all__ = ["templates"]
