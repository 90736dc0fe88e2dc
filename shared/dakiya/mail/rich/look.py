"""What the parts of one mail share: colours, font, direction."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """How a mail looks where its parts do not say so themselves.

    `inner_px` is the width between the paddings of the card, or of a column: the most that Outlook,
    which knows no max-width, may give a picture.
    """

    accent: str = "#1a6fd4"
    background: str = "#f3f5f7"
    font: str = "sans"
    rtl: bool = False
    inner_px: int = 536
