"""What is worth knowing of a picture before it stands in a mail."""

from dakiya.models import MediaFile
from dakiya_web.pictures.prepare import MAX_WIDTH, Prepared
from dakiya_web.texts import gettext, ngettext
from dakiya_web.wording import number, size

# A mail of 1 MB of pictures takes seconds on a phone; one picture is a part of it.
HEAVY_BYTES = 400_000
# Half of a mail's width: on a fine screen it looks soft.
SMALL_WIDTH = 300


def warnings_of(file: MediaFile, came: Prepared | None = None) -> list[str]:
    """Return advice about a stored picture and, after an upload, what was done to it."""
    found = []
    if came is not None and came.came_width > file.width:
        found.append(
            gettext(
                "It was %(came)s pixels wide and is %(now)s now: no mail shows more.",
                came=number(came.came_width),
                now=number(file.width),
            )
        )
    if came is not None and came.lost_motion:
        found.append(gettext("Only its first image is kept: mails move with GIFs alone."))
    if file.size_bytes > HEAVY_BYTES:
        found.append(
            gettext(
                "It weighs %(size)s, which is slow on phones. Below %(most)s is better.",
                size=size(file.size_bytes),
                most=size(HEAVY_BYTES),
            )
        )
    if file.is_animated:
        found.append(gettext("Outlook on Windows shows only the first image of an animation."))
        if file.width > MAX_WIDTH:
            found.append(
                gettext(
                    "It is %(width)s pixels wide, and animations stay as they are. "
                    "Make it smaller.",
                    width=number(file.width),
                )
            )
    elif file.width < SMALL_WIDTH:
        found.append(
            ngettext(
                "It is only one pixel wide: too small for a picture.",
                "It is only %(width)s pixels wide: good for a logo, too small for a large picture.",
                file.width,
                width=number(file.width),
            )
        )
    return found
