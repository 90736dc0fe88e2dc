"""The user's word on what the columns of a recipient file are for. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from dakiya.contacts.checks import MAX_FIELD_NAME_CHARS
from dakiya.errors import InvalidInput
from dakiya.mail.fields import BUILT_IN_FIELDS, field_name

EMAIL: Final = "email"
NAME: Final = "name"
SKIP: Final = "skip"
FIELD_PREFIX: Final = "field:"


class WrongColumns(InvalidInput):
    """Roles that cannot be. ``at`` has a sentence for each column that is to be mended."""

    def __init__(self, message: str, at: Mapping[int, str] | None = None) -> None:
        super().__init__(message, "mapping")
        self.at = at or {}


def read_mapping(mapping: Sequence[str], *, columns: int) -> tuple[str, ...]:
    """Return one valid role per column, field names normalised.

    Exactly one column holds the address; several may make up the name, joined by a space.
    Raises WrongColumns.
    """
    if len(mapping) != columns:
        raise WrongColumns(f"Say what each of the {columns} columns is for.")
    roles: list[str] = []
    wrong: dict[int, str] = {}
    for index, role in enumerate(mapping):
        try:
            roles.append(_read_role(role))
        except InvalidInput as error:
            roles.append("")
            wrong[index] = str(error)
    wrong |= _doubled(roles)
    if wrong:
        raise WrongColumns(wrong[min(wrong)], wrong)
    if roles.count(EMAIL) != 1:
        at = [index for index, role in enumerate(roles) if role == EMAIL]
        words = "Choose exactly one column with the e-mail addresses."
        raise WrongColumns(words, dict.fromkeys(at, words))
    return tuple(roles)


def _doubled(roles: Sequence[str]) -> dict[int, str]:
    """Say which columns fill the same field."""
    fields = [role for role in roles if role.startswith(FIELD_PREFIX)]
    return {
        index: f"Two columns are both called “{role.removeprefix(FIELD_PREFIX)}”. Rename one of"
        " them."
        for index, role in enumerate(roles)
        if fields.count(role) > 1
    }


def _read_role(role: str) -> str:
    if role in (EMAIL, NAME, SKIP):
        return role
    if not role.startswith(FIELD_PREFIX):
        raise InvalidInput("A column is email, name, field:… or skip.")
    name = field_name(role.removeprefix(FIELD_PREFIX))
    if not name or len(name) > MAX_FIELD_NAME_CHARS:
        raise InvalidInput("Give each field a name of letters or digits, and not a long one.")
    if name in BUILT_IN_FIELDS:
        raise InvalidInput(
            f"“{name}” exists in every mail. Choose it as the column's role, or another name."
        )
    return FIELD_PREFIX + name
