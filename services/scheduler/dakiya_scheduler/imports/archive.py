"""Look at a zip's directory before anything of it is unpacked."""

import struct
import zipfile
from typing import BinaryIO

from dakiya_scheduler.imports.parsed import FileLimits, FileRefused

_HINT = "save the list as .xlsx or CSV in your spreadsheet program and upload that"
_MAX_MEMBERS = 2_000
# The directory itself is read into memory: 20,000 members would fit.
_MAX_DIRECTORY_BYTES = 1024 * 1024
# Measured: a list of 100,000 rows 10, one city in every cell 19, styled empty cells 15.
_MAX_RATIO = 100
_RATIO_MATTERS_FROM_BYTES = 32 * 1024 * 1024
_END = struct.Struct("<4s4H2LH")  # APPNOTE 4.3.16, end of central directory record
_END_64 = struct.Struct("<4sQ2H2L4Q")  # APPNOTE 4.3.14, its zip64 form
_LOCATOR_64 = struct.Struct("<4sLQL")  # APPNOTE 4.3.15
# What zipfile raises for a directory that is not as it should be: it cannot be read, needs a zip
# of a version that there is not, has names in no encoding. A test shows each.
_DAMAGE = (zipfile.BadZipFile, NotImplementedError, ValueError)
_BROKEN = (
    "The workbook is damaged or was not uploaded completely: open it in your spreadsheet "
    "program, save it again as .xlsx and upload it."
)


def check_archive(file: BinaryIO, size_bytes: int, limits: FileLimits) -> None:
    """Refuse a zip that is broken, is no .xlsx, or would unpack to too much.

    zipfile never unpacks more of a member than its directory declares, so what is declared
    is a bound. Raises FileRefused.
    """
    members, directory_bytes = _directory(file, size_bytes)
    if members > _MAX_MEMBERS or directory_bytes > _MAX_DIRECTORY_BYTES:
        raise FileRefused(
            f"The file holds {members:,} parts, far more than a workbook has: {_HINT}."
        )
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
    except _DAMAGE as error:
        raise FileRefused(_BROKEN, type(error).__name__) from error
    _check_sizes(infos, limits)
    _check_is_workbook({info.filename for info in infos})
    if any(info.flag_bits & 0x1 for info in infos):
        raise FileRefused("The file is protected with a password: save it without one.")


def _directory(file: BinaryIO, size_bytes: int) -> tuple[int, int]:
    """Return how many members the end record declares, and the size of their directory."""
    tail_bytes = min(size_bytes, 65_535 + _END.size)
    file.seek(size_bytes - tail_bytes)
    tail = file.read(tail_bytes)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > len(tail):
        raise FileRefused(_BROKEN)
    end = _END.unpack_from(tail, at)
    members, directory_bytes = end[4], end[5]
    locator_at = at - _LOCATOR_64.size
    if locator_at >= 0 and tail[locator_at : locator_at + 4] == b"PK\x06\x07":
        file.seek(min(_LOCATOR_64.unpack_from(tail, locator_at)[2], size_bytes))
        record = file.read(_END_64.size)
        if len(record) < _END_64.size:
            raise FileRefused(_BROKEN)
        wide = _END_64.unpack(record)
        members, directory_bytes = max(members, wide[7]), max(directory_bytes, wide[8])
        # The narrow record then holds all ones, which is no size.
        members = wide[7] if end[4] == 0xFFFF else members
        directory_bytes = wide[8] if end[5] == 0xFFFFFFFF else directory_bytes
    return members, directory_bytes


def _check_sizes(infos: list[zipfile.ZipInfo], limits: FileLimits) -> None:
    unpacked = sum(info.file_size for info in infos)
    packed = sum(info.compress_size for info in infos)
    shared = sum(i.file_size for i in infos if i.filename.lower().endswith("sharedstrings.xml"))
    too_dense = unpacked > _RATIO_MATTERS_FROM_BYTES and unpacked > _MAX_RATIO * max(packed, 1)
    if unpacked > limits.unpacked_bytes or shared > limits.shared_text_bytes or too_dense:
        raise FileRefused(
            f"The workbook would unpack to {unpacked / 1e6:,.0f} MB, more than is safe to read: "
            "delete empty rows, other sheets and pictures, or save the list as CSV."
        )


def _check_is_workbook(names: set[str]) -> None:
    if any(name.lower().endswith("workbook.xml") for name in names):
        return
    if "xl/workbook.bin" in names:
        what = "a binary Excel workbook (.xlsb)"
    elif "content.xml" in names and "mimetype" in names:
        what = "an OpenDocument file (.ods)"
    elif any(name.startswith("Index/") or name.endswith(".numbers") for name in names):
        what = "a Numbers document"
    elif any(name.startswith(("word/", "ppt/")) for name in names):
        what = "a text document or a presentation"
    else:
        what = "a zip archive"
    raise FileRefused(f"This is {what}, not a spreadsheet that can be read: {_HINT}.")
