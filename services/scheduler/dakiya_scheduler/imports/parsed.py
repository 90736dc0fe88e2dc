"""What reading a recipient file gives: its columns, its rows, or a refusal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dakiya.errors import InvalidInput

TOO_MUCH_MEMORY = (
    "Reading the file takes more memory than is allowed: delete columns and sheets that the "
    "mail does not need, or save the list as CSV and split it into several files."
)
TOO_SLOW = (
    "Reading the file takes too long: delete columns and sheets that the mail does not need, "
    "or save the list as CSV and split it into several files."
)


class FileRefused(InvalidInput):
    """A recipient file that is not read, or not read on; the text says how to mend it.

    ``damage`` names what the reader beneath raised (``BadZipFile``), for the log; empty when
    it is we who refuse.
    """

    def __init__(self, message: str, damage: str = "") -> None:
        super().__init__(message)
        self.damage = damage


class Role(StrEnum):
    """What a column is for."""

    EMAIL = "email"
    NAME = "name"
    FIELD = "field"
    # neither a header nor, in the first rows, a value
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class FileLimits:
    """What a file may cost before it is refused."""

    size_bytes: int = 25 * 1024 * 1024
    rows: int = 1_000_000
    columns: int = 200
    cell_chars: int = 10_000
    header_chars: int = 100
    # What the parts of an .xlsx may unpack to, all together, and the shared texts among
    # them, which openpyxl keeps in memory (measured: 6 bytes per byte of XML).
    unpacked_bytes: int = 600 * 1024 * 1024
    shared_text_bytes: int = 120 * 1024 * 1024
    # pandas, numpy and openpyxl alone take 170 MiB of address space (measured).
    memory_bytes: int = 1024 * 1024 * 1024
    # Measured: a workbook of 10 columns takes 8 s per 40,000 rows (1.5 MB), so 140 s for the
    # largest that may be uploaded.
    cpu_s: int = 240
    # Spent waiting for the parser, not in what is done with its rows.
    wait_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file: its header as written, and the merge field it fills."""

    header: str
    role: Role
    field: str | None


@dataclass(frozen=True, slots=True)
class Header:
    """How the file was read. Encoding and delimiter are a CSV's, the sheet a workbook's.

    ``warning`` asks the file's owner to look whether it was read as it was meant.
    """

    columns: tuple[Column, ...]
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    warning: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A recipient as the file has it; ``row`` is the number that a spreadsheet shows.

    ``email`` may be anything, ``fields`` leaves out empty cells.
    """

    row: int
    email: str
    name: str | None
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be a recipient, and why; ``cells`` is all that stands in it."""

    row: int
    email: str
    error: str
    cells: Sequence[str] = ()


Parsed = Header | Row | BadRow


@dataclass(frozen=True, slots=True)
class Record:
    """A row of cells before anyone knows what they mean; empty cells at its end are cut."""

    row: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file or one sheet of a workbook. ``records`` can be walked once."""

    records: Iterator[Record]
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    warning: str | None = None
