"""Looks at what was uploaded, whatever it calls itself, and makes a picture for mails of it.

1. what mail programs do not show (SVG, HEIC, ...) is refused by its first bytes, with words;
2. the size is read from the header before anything is unpacked (decompression bombs);
3. the picture is turned as its camera said, put into sRGB, made at most 1,200 pixels wide, and
   written anew: of EXIF, places and comments nothing is left;
4. an animated GIF keeps its frames, without its comments.
"""

import re
import threading
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from dakiya.errors import InvalidInput
from dakiya.media.library import NewPicture
from dakiya_web.pictures import gif
from dakiya_web.texts import gettext

MAX_BYTES = 15 * 1024 * 1024
# A mail is about 600 pixels wide; twice that is sharp on every screen.
MAX_WIDTH, MAX_HEIGHT = 1200, 6000
# 40 million pixels take 160 MB while they are unpacked.
MAX_PIXELS = 40_000_000
MAX_FRAMES = 500
MAX_FRAME_PIXELS = 250_000_000
JPEG_QUALITY = 85
# A PNG this large is looked at as a JPEG too, which photographs are a tenth of.
TRY_JPEG_BYTES = 150_000
WAIT_S = 20.0

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
_ORIENTATION = 0x0112
_LYING = (5, 6, 7, 8)
_SVG = re.compile(rb"<svg[\s>]", re.IGNORECASE)
_HEIC = re.compile(rb"....ftyp(?:hei|hev|mif1|msf1|avif|avis)", re.DOTALL)
# One at a time in each process: eight together would want more memory than the container has.
_turn = threading.Lock()


@dataclass(frozen=True)
class Prepared:
    """A picture for mails, and what it was when it came (in pixels)."""

    picture: NewPicture
    came_width: int
    came_height: int
    lost_motion: bool = False


def prepare(data: bytes) -> Prepared:
    """Make a picture for mails out of an upload. Raises InvalidInput in plain words."""
    _refuse_by_first_bytes(data)
    if not _turn.acquire(timeout=WAIT_S):
        raise InvalidInput(gettext("Many pictures are being read at present. Try again."))
    try:
        return _prepare(data)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    except InvalidInput:
        raise
    except Exception:  # noqa: BLE001 - Pillow raises whatever the bytes make it stumble over
        raise InvalidInput(
            gettext("This picture is damaged or was cut off on its way. Upload it again.")
        ) from None
    finally:
        _turn.release()


def _refuse_by_first_bytes(data: bytes) -> None:
    if not data:
        raise InvalidInput(gettext("This file is empty."))
    if len(data) > MAX_BYTES:
        raise InvalidInput(
            gettext("A picture may have at most %(size)s MB.", size=MAX_BYTES // 1024 // 1024)
        )
    beginning = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if beginning.startswith(b"<") and _SVG.search(beginning):
        raise InvalidInput(
            gettext(
                "SVG pictures are not taken: Gmail and Outlook do not show them, and they may hold "
                "scripts. Save it as PNG."
            )
        )
    if _HEIC.match(data[:64]):
        raise InvalidInput(
            gettext("Mail programs do not show HEIC or AVIF pictures. Save it as JPEG.")
        )


def _too_large() -> InvalidInput:
    return InvalidInput(
        gettext(
            "This picture has too many pixels: at most %(pixels)s million. Make it smaller.",
            pixels=MAX_PIXELS // 1_000_000,
        )
    )


def _prepare(data: bytes) -> Prepared:
    try:
        image: Image.Image = Image.open(BytesIO(data), formats=_FORMATS)
    except UnidentifiedImageError:
        raise InvalidInput(
            gettext("This is not a picture that mails can show. Take a JPEG, PNG, GIF or WebP.")
        ) from None
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise _too_large()
    if image.format == "GIF":
        stripped = gif.strip(data, max_frames=MAX_FRAMES)
        if stripped.frames * width * height > MAX_FRAME_PIXELS:
            raise InvalidInput(
                gettext("This animation is too long for a mail. Make it shorter or smaller.")
            )
        if stripped.frames > 1 or width <= MAX_WIDTH:
            image.load()
            moves = stripped.frames > 1
            made = NewPicture(stripped.data, "image/gif", "gif", width, height, moves)
            return Prepared(made, width, height)
    moves = getattr(image, "n_frames", 1) > 1 and image.format in ("PNG", "WEBP")
    was_jpeg = image.format not in ("PNG", "GIF", "WEBP")
    orientation = image.getexif().get(_ORIENTATION)
    if orientation in _LYING:
        width, height = height, width
    image = _in_plain_colours(_fit(image, lying=orientation in _LYING))
    data, kind = _written(image, as_jpeg=was_jpeg)
    made = NewPicture(
        data,
        f"image/{kind}",
        "jpg" if kind == "jpeg" else kind,
        image.width,
        image.height,
        is_animated=False,
    )
    return Prepared(made, width, height, lost_motion=moves)


def _fit(image: Image.Image, *, lying: bool) -> Image.Image:
    """Make it as small as mails want it, and upright."""
    box = (MAX_HEIGHT, MAX_WIDTH) if lying else (MAX_WIDTH, MAX_HEIGHT)
    if image.width <= box[0] and image.height <= box[1]:
        image.load()
    else:
        if image.mode not in ("RGB", "L", "CMYK"):
            # Pillow scales palettes without smoothing.
            image = image.convert("RGBA" if _may_be_clear(image) else "RGB")
        image.thumbnail(box, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return ImageOps.exif_transpose(image)


def _may_be_clear(image: Image.Image) -> bool:
    return "A" in image.getbands() or "a" in image.getbands() or "transparency" in image.info


def _in_plain_colours(image: Image.Image) -> Image.Image:
    """Return it as sRGB, and without anything that came beside its pixels."""
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "CMYK"):
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(
                image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            image = converted or image
        except (ImageCms.PyCMSError, OSError, ValueError):
            image = image.convert("RGB")
    clear = image.info.get("transparency")
    if image.mode not in ("RGB", "RGBA", "L", "P"):
        image = image.convert("RGBA" if _may_be_clear(image) else "RGB")
        clear = None
    image.info = {} if clear is None else {"transparency": clear}
    return image


def _written(image: Image.Image, *, as_jpeg: bool) -> tuple[bytes, str]:
    if as_jpeg:
        return _as_jpeg(image), "jpeg"
    png = BytesIO()
    image.save(png, "PNG", optimize=True)
    if png.tell() > TRY_JPEG_BYTES and _is_opaque(image):
        jpeg = _as_jpeg(image)
        if len(jpeg) < png.tell() / 2:
            return jpeg, "jpeg"
    return png.getvalue(), "png"


def _is_opaque(image: Image.Image) -> bool:
    if image.mode == "RGBA":
        low, _high = image.getchannel("A").getextrema()
        return bool(low == 255)
    return "transparency" not in image.info


def _as_jpeg(image: Image.Image) -> bytes:
    written = BytesIO()
    plain = image if image.mode in ("RGB", "L") else image.convert("RGB")
    plain.save(written, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True)
    return written.getvalue()
