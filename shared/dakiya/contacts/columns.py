"""The user's word on what the columns of a recipient file are for. Pure."""

from collections.abc import Sequence
from typing import Final

from dakiya.contacts.checks import MAX_FIELD_NAME_CHARS
from dakiya.errors import InvalidInput
from dakiya.mail.fields import BUILT_IN_FIELDS, field_name

EMAIL: Final = "email"
NAME: Final = "name"
SKIP: Final = "skip"
FIELD_PREFIX: Final = "field:"


def read_mapping(mapping: Sequence[str], *, columns: int) -> tuple[str, ...]:
    """Return one valid role per column, field names normalised.

    Exactly one column holds the address; several may make up the name, joined by a space.
    Raises InvalidInput (field ``mapping``).
    """
    if len(mapping) != columns:
        raise InvalidInput(f"Say what each of the {columns} columns is for.", "mapping")
    roles = tuple(_read_role(role) for role in mapping)
    if roles.count(EMAIL) != 1:
        raise InvalidInput("Choose exactly one column with the e-mail addresses.", "mapping")
    fields = [role for role in roles if role.startswith(FIELD_PREFIX)]
    for field in fields:
        if fields.count(field) > 1:
            name = field.removeprefix(FIELD_PREFIX)
            raise InvalidInput(
                f"Two columns are both called “{name}”. Rename one of them.", "mapping"
            )
    return roles


def _read_role(role: str) -> str:
    if role in (EMAIL, NAME, SKIP):
        return role
    if not role.startswith(FIELD_PREFIX):
        raise InvalidInput("A column is email, name, field:… or skip.", "mapping")
    name = field_name(role.removeprefix(FIELD_PREFIX))
    if not name or len(name) > MAX_FIELD_NAME_CHARS:
        raise InvalidInput(
            "Give each field a name of letters or digits, and not a long one.", "mapping"
        )
    if name in BUILT_IN_FIELDS:
        raise InvalidInput(
            f"“{name}” exists in every mail. Choose it as the column's role, or another name.",
            "mapping",
        )
    return FIELD_PREFIX + name
