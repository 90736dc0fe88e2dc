"""Numbers of a recipient's fields, written with commas: 1,234,567.50 or, in lakh, 12,34,567.50."""

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

MAX_DECIMALS: Final = 6

_MAX_CHARS: Final = 40
_EXACT: Final = Context(prec=2 * _MAX_CHARS, rounding=ROUND_HALF_UP)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_SIGNS = str.maketrans({"\N{MINUS SIGN}": "-", "\xa0": " ", "\N{NARROW NO-BREAK SPACE}": " "})
_GROUPS = re.compile(r"\d(?=(?:\d{3})+$)")
_LAKHS = re.compile(r"\d(?=(?:\d{2})+\d{3}$)|\d(?=\d{3}$)")


def write_number(value: str, decimals: int | None = None, *, lakh: bool = False) -> str:
    """Group a number's digits, in threes or as in India; round it to `decimals` if given.

    Commas and blanks between digits are taken for grouping, the point for the decimal mark. Digits
    of any script become 0-9. Whatever is no number comes back as it is.
    """
    plain = re.sub(r"(?<=\d)[, _'](?=\d)", "", value.translate(_SIGNS).strip())
    if len(plain) > _MAX_CHARS or not _NUMBER.fullmatch(plain):
        return value
    number = Decimal(plain)
    if decimals is not None:
        number = number.quantize(Decimal(1).scaleb(-decimals), context=_EXACT)
    digits = f"{number.copy_abs():f}"
    whole, point, fraction = digits.partition(".")
    # "-0.00" says no more than "0.00".
    sign = "-" if number < 0 else ""
    return sign + (_LAKHS if lakh else _GROUPS).sub(r"\g<0>,", whole) + point + fraction
