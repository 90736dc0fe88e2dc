"""Tell from a file's bytes what it is, and refuse what cannot hold a list of recipients."""

import re
from enum import StrEnum
from typing import BinaryIO

from dakiya_scheduler.imports.archive import check_archive
from dakiya_scheduler.imports.parsed import FileLimits, FileRefused

_HINT = "save the list as .xlsx or CSV in your spreadsheet program and upload that"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# A password-protected .xlsx is an old-style container with a stream of this name.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_FOREIGN = (
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "a compressed archive (.gz)"),
    (b"7z\xbc\xaf", "a compressed archive (.7z)"),
    (b"Rar!", "a compressed archive (.rar)"),
    (b"SQLite format 3", "a database"),
    (b"PAR1", "a Parquet file"),
)
_MARKUP = re.compile(rb"\s*(<!doctype html|<html|<table|<head|<\?xml|<workbook)", re.IGNORECASE)
_HEAD_BYTES = 64 * 1024
# Text has none; a file with more is something else. A stray NUL costs its row only.
_MAX_NUL_SHARE = 0.02


class Kind(StrEnum):
    """The kinds of file that are read."""

    CSV = "csv"
    XLSX = "xlsx"


def recognise_kind(file: BinaryIO, limits: FileLimits) -> Kind:
    """Look at the file's size and bytes, never at its name. Raises FileRefused.

    An archive's declared sizes are checked here, before anything is unpacked.
    """
    size_bytes = file.seek(0, 2)
    if size_bytes == 0:
        raise FileRefused("The file is empty: it has 0 bytes. Save the list again and upload it.")
    if size_bytes > limits.size_bytes:
        raise FileRefused(
            f"The file has {size_bytes / 1e6:,.1f} MB, more than the "
            f"{limits.size_bytes / 1e6:,.1f} MB that are allowed: split it into several files."
        )
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        check_archive(file, size_bytes, limits)
        return Kind.XLSX
    _refuse_foreign(file, head)
    return Kind.CSV


def _refuse_foreign(file: BinaryIO, head: bytes) -> None:
    if head.startswith(_OLE):
        file.seek(0)
        if _ENCRYPTED in file.read():
            raise FileRefused(
                "The workbook is protected with a password: remove the password in your "
                "spreadsheet program (save it without encryption) and upload it again."
            )
        raise FileRefused(f"This is an old Excel file (.xls): {_HINT}.")
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            raise FileRefused(f"This is {what}, not a spreadsheet: {_HINT}.")
    if _MARKUP.match(head.removeprefix(b"\xef\xbb\xbf")):
        raise FileRefused(
            f"This is a web page or XML, even if its name says .xls or .csv: open it and {_HINT}."
        )
    if not _may_be_utf_16_or_32(head) and head.count(0) > max(4, len(head) * _MAX_NUL_SHARE):
        raise FileRefused(f"This is not a text file or a workbook: {_HINT}.")


def _may_be_utf_16_or_32(head: bytes) -> bool:
    return head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")) or (
        utf_16_without_bom(head) is not None
    )


def utf_16_without_bom(head: bytes) -> str | None:
    """Name the byte order when every second byte of the text is NUL, as in UTF-16 of Latin text."""
    half = len(head) // 2
    if half < 2:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 0.6 * half and even < 0.02 * half:
        return "utf-16-le"
    if even > 0.6 * half and odd < 0.02 * half:
        return "utf-16-be"
    return None
