"""What becomes of an uploaded picture: good ones, large ones, and what is none."""

import random
import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from dakiya.errors import InvalidInput
from dakiya_web.pictures import prepare as module
from dakiya_web.pictures.gif import BrokenGif, strip
from dakiya_web.pictures.prepare import MAX_BYTES, MAX_WIDTH, prepare
from tests.web.media.pictures import gif, jpeg, noise, picture, png, written

SECRET = b"Taken at 18.5204 N, 73.8567 E"


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it is large and holds next to nothing."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def test_small_picture_keeps_its_kind_and_size() -> None:
    for data, kind, ending in ((png(), "image/png", "png"), (jpeg(), "image/jpeg", "jpg")):
        made = prepare(data).picture
        assert (made.content_type, made.ending) == (kind, ending)
        assert (made.width, made.height) == (60, 40)
        assert opened(made.data).size == (60, 40)


def test_kind_is_told_by_content_and_not_by_name() -> None:
    made = prepare(written(picture(), "WEBP"))
    assert made.picture.content_type in ("image/png", "image/jpeg")


def test_wide_picture_is_made_as_wide_as_mails_want_it() -> None:
    came = prepare(jpeg(4000, 3000))
    assert (came.picture.width, came.picture.height) == (MAX_WIDTH, 900)
    assert (came.came_width, came.came_height) == (4000, 3000)


def test_picture_of_a_turned_camera_stands_upright_and_is_measured_so() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    came = prepare(jpeg(2000, 1600, exif=exif))
    assert (came.picture.width, came.picture.height) == (1200, 1500)
    assert came.came_width == 1600


def test_nothing_of_what_a_camera_wrote_is_left() -> None:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    texts = PngInfo()
    texts.add_text("Comment", SECRET.decode())
    for data in (
        jpeg(exif=exif, comment=SECRET),
        written(picture(), "PNG", pnginfo=texts, exif=exif),
        written(picture(), "WEBP", exif=exif),
        gif(comment=SECRET),
        gif(frames=1, comment=SECRET),
    ):
        assert SECRET in data
        assert SECRET not in prepare(data).picture.data


def test_colours_of_another_profile_are_put_into_srgb() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    for wrong in (profile.tobytes(), b"no profile at all"):
        made = prepare(jpeg(icc_profile=wrong)).picture
        assert "icc_profile" not in opened(made.data).info
    for mode in ("CMYK", "L"):
        assert opened(prepare(written(picture(mode=mode), "JPEG")).picture.data).mode in (
            "RGB",
            "L",
        )


def test_clear_places_stay_clear() -> None:
    image = picture(1600, 20, "RGBA", (10, 20, 30, 0))
    made = prepare(written(image, "PNG")).picture
    assert made.content_type == "image/png"
    assert opened(made.data).convert("RGBA").getpixel((5, 5))[3] == 0  # type: ignore[index]
    palette = image.convert("P")
    kept = opened(
        prepare(written(palette, "PNG", transparency=palette.getpixel((0, 0)))).picture.data
    )
    assert kept.convert("RGBA").getpixel((5, 5))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "RGB", "RGBA"])
def test_every_kind_of_png_is_taken(mode: str) -> None:
    for width in (30, 1300):
        data = written(
            picture(width, 20, "RGBA").convert(mode)
            if mode != "I;16"
            else Image.new("I;16", (width, 20)),
            "PNG",
        )
        assert prepare(data).picture.width == min(width, MAX_WIDTH)


def test_photograph_as_png_becomes_a_jpeg() -> None:
    data = written(noise(900, 600), "PNG")
    made = prepare(data).picture
    assert made.content_type == "image/jpeg"
    assert len(made.data) < len(data) / 2


def test_animated_gif_keeps_its_frames_and_its_loop() -> None:
    made = prepare(gif(frames=5)).picture
    assert made.is_animated
    image = opened(made.data)
    assert getattr(image, "n_frames") == 5  # noqa: B009
    assert image.info["loop"] == 0
    still = prepare(gif(frames=1)).picture
    assert (still.content_type, still.is_animated) == ("image/gif", False)
    wide = prepare(gif(frames=1, width=1500)).picture
    assert (wide.content_type, wide.width) == ("image/png", MAX_WIDTH)


def test_motion_that_mails_do_not_show_is_told() -> None:
    frames = [picture(colour=(n, 0, 0)) for n in (0, 200)]
    moving = written(frames[0], "PNG", save_all=True, append_images=frames[1:])
    assert prepare(moving).lost_motion
    assert not prepare(png()).lost_motion


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"GIF89a", "not a picture"),
        (b"\x00" * 5000, "not a picture"),
        (b"%PDF-1.7 and more", "not a picture"),
        (b"PK\x03\x04 a spreadsheet", "not a picture"),
        (b"BM" + b"\0" * 80, "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>", "SVG"),
        (b"\xef\xbb\xbf \n<?xml version='1.0'?><!-- c --><SVG></SVG>", "SVG"),
        (b"<html><body>hello</body></html>", "not a picture"),
        (b"\x00\x00\x00\x18ftypheic" + b"\0" * 40, "HEIC"),
        (b"\x00\x00\x00\x18ftypavif" + b"\0" * 40, "AVIF"),
        (b"x" * (MAX_BYTES + 1), "at most 15 MB"),
        (png_header(30_000, 30_000), "too many pixels"),
        (png_header(7_000, 7_000), "too many pixels"),
        (png_header(2_000, 2_000), "damaged"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused_with_words(data: bytes, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        prepare(data)


def test_picture_that_was_cut_off_is_refused() -> None:
    for data in (png(400, 400), jpeg(400, 400), gif(), written(noise(200, 200), "WEBP")):
        with pytest.raises(InvalidInput, match="damaged"):
            prepare(data[: len(data) // 2])


def test_chance_bytes_raise_nothing_else() -> None:
    chance = random.Random(7)
    for data in (png(), jpeg(), gif(), written(picture(), "WEBP")):
        for _ in range(150):
            broken = bytearray(data)
            for _ in range(chance.randint(1, 12)):
                broken[chance.randrange(len(broken))] = chance.randrange(256)
            try:
                prepare(bytes(broken))
            except InvalidInput:
                continue


def test_long_animation_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FRAME_PIXELS", 3 * 40 * 30)
    assert prepare(gif(frames=3)).picture.is_animated
    with pytest.raises(InvalidInput, match="too long"):
        prepare(gif(frames=4))
    with pytest.raises(BrokenGif):
        strip(gif(frames=4), max_frames=3)


def test_what_stands_behind_the_end_of_a_gif_is_left_out() -> None:
    data = gif() + b"<script>alert(1)</script>"
    assert b"script" not in prepare(data).picture.data
    assert strip(data, max_frames=9).frames == 3


def test_picture_that_waits_too_long_for_its_turn_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "WAIT_S", 0.01)
    with module._turn, pytest.raises(InvalidInput, match="Try again"):
        prepare(png())
    assert prepare(png()).picture.width == 60
