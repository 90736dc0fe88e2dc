"""Recognise which row is the header, which column holds the address and which the name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dakiya.mail.fields import BUILT_IN_FIELDS, field_name
from dakiya_scheduler.imports.parsed import Column, FileLimits, FileRefused, Record, Role

# As `field_name` writes them.
_EMAIL_HEADERS = frozenset(
    {
        "email", "e_mail", "email_address", "e_mail_address", "emailaddress", "email_id",
        "e_mail_id", "emailid", "mail", "mail_id", "mail_address", "e_mail_adresse",
        "email_adresse", "correo", "correo_electrónico", "courriel", "adresse_e_mail",
        "ईमेल", "ई_मेल", "ईमेल_पता", "ई_मेल_पता", "मेल",
    }
)  # fmt: skip
_NAME_HEADERS = frozenset({"name", "full_name", "fullname", "display_name", "नाम", "पूरा_नाम"})
_FIRST_NAME_HEADERS = frozenset({"first_name", "firstname", "given_name", "forename", "पहला_नाम"})
_LAST_NAME_HEADERS = frozenset(
    {"last_name", "lastname", "surname", "family_name", "उपनाम", "अंतिम_नाम", "कुलनाम"}
)
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# A title and a blank row or two often stand above the header.
_HEADER_WITHIN_ROWS = 10


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand. ``header_row`` is 0 when the file has no header.

    ``first_name`` and ``last_name`` are set when they make up for a missing name column.
    """

    header_row: int
    columns: tuple[Column, ...]
    email: int
    name: int | None
    first_name: int | None
    last_name: int | None


class NoEmailColumn(FileRefused):
    """None of the columns holds addresses; another sheet may."""


def recognise(sample: Sequence[Record], limits: FileLimits) -> Layout:
    """Find header and columns from the first rows that are not blank. Raises FileRefused."""
    if not sample:
        raise FileRefused("The file is empty: it has no row with anything in it.")
    header, data = _split_header(sample)
    width = len(header.cells) if header else max(len(row.cells) for row in data)
    if width > limits.columns:
        raise FileRefused(
            f"The file has more than the {limits.columns} columns that are allowed: delete the "
            "columns that the mail does not need, and whatever stands far to the right."
        )
    headers = header.cells if header else [""] * width
    names = [field_name(text) for text in headers]
    email = _find_email(headers, names, data)
    if not data:
        raise FileRefused("The file has only a header row and no recipients below it.")
    name = _first_of(names, _NAME_HEADERS, other_than=email)
    return Layout(
        header_row=header.row if header else 0,
        columns=_make_columns(headers, names, data, email=email, name=name, limits=limits),
        email=email,
        name=name,
        first_name=_first_of(names, _FIRST_NAME_HEADERS) if name is None else None,
        last_name=_first_of(names, _LAST_NAME_HEADERS) if name is None else None,
    )


def looks_like_address(cell: str) -> bool:
    """Whether a cell was meant as an address, valid or not."""
    return _ADDRESS.fullmatch(cell) is not None


def _split_header(rows: Sequence[Record]) -> tuple[Record | None, Sequence[Record]]:
    for index, row in enumerate(rows[:_HEADER_WITHIN_ROWS]):
        if any(map(looks_like_address, row.cells)):
            break
        if any(field_name(cell) in _EMAIL_HEADERS for cell in row.cells):
            return row, rows[index + 1 :]
    if any(map(looks_like_address, rows[0].cells)):
        return None, rows
    return rows[0], rows[1:]


def _find_email(headers: Sequence[str], names: Sequence[str], data: Sequence[Record]) -> int:
    """Choose a column called e-mail, unless only another one really holds addresses."""
    shares = [_share_with_at(data, index) for index in range(len(names))]
    called = [index for index, name in enumerate(names) if name in _EMAIL_HEADERS]
    holding = [index for index, share in enumerate(shares) if share > 0.5]
    both = [index for index in called if index in holding]
    if both:
        return both[0]
    if holding:
        return max(holding, key=lambda index: shares[index])
    if called:
        return called[0]
    found = ", ".join(f"“{text[:40]}”" for text in headers[:20] if text) or "none with a name"
    raise NoEmailColumn(
        f"No column with e-mail addresses was found. The columns are: {found}. "
        "Name the column that holds the addresses “Email”."
    )


def _share_with_at(data: Sequence[Record], index: int) -> float:
    values = [row.cells[index] for row in data if index < len(row.cells) and row.cells[index]]
    return sum("@" in value for value in values) / len(values) if values else 0.0


def _first_of(
    names: Sequence[str], wanted: frozenset[str], *, other_than: int | None = None
) -> int | None:
    found = (i for i, name in enumerate(names) if name in wanted and i != other_than)
    return next(found, None)


def _make_columns(
    headers: Sequence[str],
    names: Sequence[str],
    data: Sequence[Record],
    *,
    email: int,
    name: int | None,
    limits: FileLimits,
) -> tuple[Column, ...]:
    taken = set(BUILT_IN_FIELDS)
    columns = []
    for index, header in enumerate(headers):
        label = header[: limits.header_chars]
        if index == email:
            columns.append(Column(label, Role.EMAIL, "email"))
        elif index == name:
            columns.append(Column(label, Role.NAME, "name"))
        elif not header and not any(index < len(r.cells) and r.cells[index] for r in data):
            columns.append(Column("", Role.SKIP, None))
        else:
            field = _unique(names[index][: limits.header_chars] or f"column_{index + 1}", taken)
            taken.add(field)
            columns.append(Column(label or f"Column {index + 1}", Role.FIELD, field))
    return tuple(columns)


def _unique(field: str, taken: set[str]) -> str:
    candidate, number = field, 2
    while candidate in taken:
        candidate, number = f"{field}_{number}", number + 1
    return candidate
