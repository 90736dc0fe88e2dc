"""Pictures made for tests."""

from io import BytesIO
from typing import Any

from PIL import Image


def picture(width: int = 60, height: int = 40, mode: str = "RGB", colour: Any = 0) -> Image.Image:
    return Image.new(mode, (width, height), colour)


def written(image: Image.Image, kind: str, **options: Any) -> bytes:
    into = BytesIO()
    image.save(into, kind, **options)
    return into.getvalue()


def png(width: int = 60, height: int = 40, colour: str = "#b3261e") -> bytes:
    return written(picture(width, height, colour=colour), "PNG")


def jpeg(width: int = 60, height: int = 40, **options: Any) -> bytes:
    return written(picture(width, height, colour="#1e8449"), "JPEG", **options)


def gif(frames: int = 3, width: int = 40, **options: Any) -> bytes:
    first, *rest = [picture(width, 30, colour=(40 * n, 20, 90)) for n in range(frames)]
    return written(first, "GIF", save_all=True, append_images=rest, duration=90, loop=0, **options)


def noise(width: int, height: int) -> Image.Image:
    """What no format packs well, as a photograph."""
    return Image.effect_noise((width, height), 90).convert("RGB")
