"""GIFs without what nobody sees: an animation stays as it was drawn, byte by byte (GIF89a)."""

from dataclasses import dataclass

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_GRAPHIC_CONTROL, _APPLICATION = 0xF9, 0xFF
# The applications that say how often an animation is repeated.
_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


class BrokenGif(ValueError):
    """The blocks do not follow each other as they should."""


@dataclass(frozen=True)
class Gif:
    """A GIF of header, frames and loop alone: no comments, no metadata, nothing after its end."""

    data: bytes
    frames: int


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        piece = self.data[self.at : self.at + count]
        if len(piece) < count:
            raise BrokenGif
        self.at += count
        return piece

    def take_colours(self, flags: int) -> bytes:
        return self.take(3 * 2 ** ((flags & 7) + 1)) if flags & 0x80 else b""

    def take_blocks(self) -> bytes:
        begin = self.at
        while length := self.take(1)[0]:
            self.take(length)
        return self.data[begin : self.at]


def strip(data: bytes, *, max_frames: int) -> Gif:
    """Copy what is seen of a GIF. Raises BrokenGif, also for more frames than are allowed."""
    reader = _Reader(data)
    head = reader.take(13)
    kept = [head, reader.take_colours(head[10])]
    frames = 0
    while (kind := reader.take(1)[0]) != _TRAILER:
        if kind == _EXTENSION:
            label, blocks = reader.take(1), reader.take_blocks()
            is_loop = label[0] == _APPLICATION and blocks[1:12] in _LOOPS
            if label[0] == _GRAPHIC_CONTROL or is_loop:
                kept += [b"\x21", label, blocks]
        elif kind == _IMAGE:
            place = reader.take(9)
            kept += [b"\x2c", place, reader.take_colours(place[8]), reader.take(1)]
            kept.append(reader.take_blocks())
            frames += 1
            if frames > max_frames:
                raise BrokenGif
        else:
            raise BrokenGif
    if not frames:
        raise BrokenGif
    return Gif(b"".join([*kept, b"\x3b"]), frames)
