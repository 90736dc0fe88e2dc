"""Which encoding a text file is in, and reading it so that nothing unreadable slips by."""

import codecs
import io
import re
from dataclasses import dataclass
from typing import BinaryIO

from charset_normalizer import from_bytes

from dakiya_scheduler.imports.kind import utf_16_without_bom

# Stands for a NUL and for bytes that are no text in the file's encoding.
UNREADABLE = "\ufffd"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BLOCK_BYTES = 1024 * 1024
_SAMPLE_BYTES = 32 * 1024
# What spreadsheet programs save CSV in when it is not Unicode.
_WESTERN = "cp1252"
_CODE_PAGES = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257",
    "cp932", "cp949", "gb18030", "big5",
]  # fmt: skip
# Signs that stand inside a word only when the page is wrong: Łódź of cp1250 reads £ódŸ.
_SIGN_IN_A_WORD = re.compile(r"[^\W\d_][£¥¿¡³¹²¼½¾¯¸]|[£¥³¹²¼½¾¯¸][^\W\d_]")
_MANY_TO_ONE = 10
# Bytes above 127. Measured: the guess from one Polish name (3) or one Greek (19) was wrong,
# from more it was right; names that happen to fit another page may need many more.
_SURE_FROM_BYTES = 1_000


@dataclass(frozen=True, slots=True)
class Encoding:
    """A text file's encoding, and what its owner should check when it is a mere guess."""

    name: str
    warning: str | None = None


def detect_encoding(file: BinaryIO) -> Encoding:
    """Name the encoding: a byte order mark, then UTF-8, then a guess among legacy code pages.

    Mostly UTF-8 with a few broken bytes stays UTF-8: only the rows with those are lost.
    """
    file.seek(0)
    head = file.read(_BLOCK_BYTES)
    for mark, name in _BOMS:
        if head.startswith(mark):
            return Encoding(name)
    wide = utf_16_without_bom(head)
    if wide is not None:
        return Encoding(wide)
    good, bad, sample = _weigh_utf_8(file)
    if good >= bad * _MANY_TO_ONE:
        return Encoding("utf-8")
    page = _guess_legacy(sample)
    telling_bytes = sum(byte > 127 for byte in sample)
    if telling_bytes >= _SURE_FROM_BYTES:
        return Encoding(page)
    return Encoding(
        page,
        f"The file is not UTF-8; it was read as {page}. Check the names below; if they look "
        "wrong, save it as CSV UTF-8.",
    )


def _weigh_utf_8(file: BinaryIO) -> tuple[int, int, bytes]:
    """Count non-ASCII characters and broken bytes, and keep some lines that are not ASCII."""
    good = bad = 0
    sample = bytearray()
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    file.seek(0)
    while block := file.read(_BLOCK_BYTES):
        text = decoder.decode(block)
        if text.isascii():
            continue
        broken = len(text) - len(text.encode("utf-8", "ignore").decode("utf-8"))
        bad += broken
        good += len(text) - len(text.encode("ascii", "ignore")) - broken
        for line in block.splitlines():
            if len(sample) < _SAMPLE_BYTES and not line.isascii():
                sample += line[:1024] + b"\n"
    return good, bad + len(decoder.getstate()[0]), bytes(sample)


def _guess_legacy(sample: bytes) -> str:
    """Guess a code page; between equals the Western one, by far the most common, wins.

    charset-normalizer alone calls German and French names cp1250 (measured).
    """
    candidates = [
        page for page in _CODE_PAGES if not _SIGN_IN_A_WORD.search(sample.decode(page, "replace"))
    ]
    matches = list(from_bytes(sample, cp_isolation=candidates, enable_fallback=False))
    for match in matches:
        as_good = match.chaos <= matches[0].chaos and match.coherence >= matches[0].coherence
        # or: in these bytes both pages give the same text
        if as_good and _WESTERN in (match.encoding, *match.could_be_from_charset):
            return _WESTERN
    return matches[0].encoding if matches else _WESTERN


class TextSource(io.TextIOWrapper):
    """The file as text for a CSV parser, with NULs and broken bytes made visible.

    Line ends are left alone: inside quotes they belong to a cell. Call ``detach`` to keep
    the file open.
    """

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        file.seek(0)
        super().__init__(file, encoding=encoding, errors="replace", newline="")
        self._ahead = ""

    def put_back(self, text: str) -> None:
        """Have ``text`` read next, by one call whatever its size."""
        self._ahead = text

    def read(self, size: int | None = -1, /) -> str:
        """Return about ``size`` characters, "" at the end."""
        if self._ahead:
            ahead, self._ahead = self._ahead, ""
            return ahead
        return super().read(size).replace("\0", UNREADABLE)
