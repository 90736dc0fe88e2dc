"""Colours of a mail, and whether they can be read on one another (WCAG 2.2, 1.4.3)."""

from typing import Final

WHITE: Final = "#ffffff"
DARK_CARD: Final = "#1e2226"
READABLE: Final = 4.5
# An area with less against what is around it needs an edge to be seen as one.
TOLD_APART: Final = 2.0

_NEAR_BLACK: Final = "#1f2328"
_BLACK: Final = "#000000"


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours such as "#1a7f64": 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def lightened_for_dark(colour: str) -> str:
    """Mix a colour with white until it can be read on a dark card."""
    for step in range(11):
        mixed = "#" + "".join(
            f"{channel + (255 - channel) * step // 10:02x}" for channel in _channels(colour)
        )
        if contrast(mixed, DARK_CARD) >= READABLE:
            return mixed
    return WHITE


def quiet_on(background: str) -> str:
    """Return grey for what stands below a mail, or what can be read where grey cannot."""
    grey = "#5d6670"
    return grey if contrast(grey, background) >= READABLE else text_on(background)


def text_on(background: str) -> str:
    """Return white, near-black or, on a middling background, black: what can be read there."""
    best = max((WHITE, _NEAR_BLACK), key=lambda colour: contrast(colour, background))
    return best if contrast(best, background) >= READABLE else _BLACK


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    parts = [
        channel / 255 / 12.92 if channel <= 10 else ((channel / 255 + 0.055) / 1.055) ** 2.4
        for channel in _channels(colour)
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
