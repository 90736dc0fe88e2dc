"""The ways in which a mail can be written, as the pages name them."""

from collections.abc import Sequence

from dakiya.models import ContentKind
from dakiya_web.texts import gettext

# The icon of each way, in the order in which they are offered.
_ICONS = {ContentKind.RICH: "writing", ContentKind.HTML: "file-code", ContentKind.TEXT: "file-text"}


def way_word(kind: str) -> str:
    """Return what a way is called."""
    return {
        ContentKind.RICH: gettext("rich text"),
        ContentKind.HTML: "HTML",
        ContentKind.TEXT: gettext("plain text"),
    }.get(ContentKind(kind), str(kind))


def ways() -> Sequence[tuple[str, str, str, str]]:
    """Return name, label, icon and description of each way."""
    words = {
        ContentKind.RICH: (
            gettext("Rich text"),
            gettext("Headings, pictures, buttons, columns: as in a word processor. No code."),
        ),
        ContentKind.HTML: (
            "HTML",
            gettext("For a design of your own, with completion of fields and of tags."),
        ),
        ContentKind.TEXT: (
            gettext("Plain text"),
            gettext("Like a letter from one person to another. Nothing but words."),
        ),
    }
    return [(kind.value, *_placed(words[kind], icon)) for kind, icon in _ICONS.items()]


def _placed(words: tuple[str, str], icon: str) -> tuple[str, str, str]:
    return words[0], icon, words[1]
