"""What the columns of a recipient file are for: recognised, and corrected by its owner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from dakiya.campaigns import reading
from dakiya.contacts.columns import EMAIL, FIELD_PREFIX, NAME, SKIP, WrongColumns
from dakiya.contacts.imports import start_import
from dakiya.mail.fields import BUILT_IN_FIELDS, field_name
from dakiya.models import ImportStatus, RecipientImport
from dakiya_web.pages.compose.blueprint import asking_user, compose, find_draft, find_own
from dakiya_web.ring import ring
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session

FIELD = "field"
SAMPLES = 3
ROWS_SHOWN = 5
MAX_CHARS = 200


@dataclass(frozen=True)
class ColumnChoice:
    """A column as the page offers it.

    ``nothing_in_it``: it has neither a header nor a value, so there is nothing to choose.
    """

    header: str
    samples: Sequence[str]
    recognised: str
    role: str
    field: str
    mistake: str = ""

    @property
    def nothing_in_it(self) -> bool:
        """Whether the file has nothing there."""
        return self.recognised == SKIP


@compose.post("/imports/<id:import_id>/columns")
@login_required
def choose_columns(import_id: int) -> ResponseReturnValue:
    """Import a file by its owner's word on the columns; a refusal keeps what was chosen."""
    session = request_session()
    found = reading.find_import(session, import_id, user_id=asking_user().id)
    find_draft(found.campaign_id, lock=True)
    place = url_for("compose.show_import", import_id=found.id)
    if not is_waiting(found):
        flash(gettext("The file was started or put aside already."), "info")
        return redirect(place, 303)
    try:
        start_import(session, found, mapping=_mapping(found))
    except WrongColumns as wrong:
        return columns_page(found, wrong=wrong), 422
    session.commit()
    ring(lambda doorbell: doorbell.ring_import(import_id))
    return redirect(place, 303)


def columns_page(found: RecipientImport, *, wrong: WrongColumns | None = None) -> str:
    """Render the first rows, and what each column is for, as recognised or as chosen."""
    preview = found.preview or []
    mistakes = wrong.at if wrong else {}
    return render_template(
        "compose/columns.html",
        found=found,
        campaign=find_own(found.campaign_id),
        choices=[
            _choice(column, index, preview, mistake=mistakes.get(index, ""))
            for index, column in enumerate(found.columns)
        ],
        first_rows=preview[:ROWS_SHOWN],
        wrong=str(wrong) if wrong else "",
    )


def columns_used(found: RecipientImport) -> list[tuple[str, str, str]]:
    """Return header, role and field of each column, by its owner's word where there is one."""
    recognised = [_recognised_role(column) for column in found.columns]
    roles = found.mapping or recognised
    return [
        (column["header"], FIELD, role.removeprefix(FIELD_PREFIX))
        if role.startswith(FIELD_PREFIX)
        else (column["header"], role, "")
        for column, role in zip(found.columns, roles, strict=True)
    ]


def _choice(
    column: Mapping[str, Any], index: int, preview: Sequence[Sequence[str]], *, mistake: str
) -> ColumnChoice:
    values = dict.fromkeys(row[index] for row in preview if row[index])
    asked = request.method == "POST"
    return ColumnChoice(
        header=column["header"],
        samples=list(values)[:SAMPLES],
        recognised=column["role"],
        role=request.form.get(f"role-{index}", column["role"]) if asked else column["role"],
        field=_sent_field(index) if asked else _field_of(column, index),
        mistake=mistake,
    )


def _mapping(found: RecipientImport) -> list[str]:
    return [
        SKIP if column["role"] == SKIP else _sent_role(index)
        for index, column in enumerate(found.columns)
    ]


def _sent_role(index: int) -> str:
    role = request.form.get(f"role-{index}", "")
    return FIELD_PREFIX + _sent_field(index) if role == FIELD else role


def _sent_field(index: int) -> str:
    return request.form.get(f"field-{index}", "")[:MAX_CHARS]


def _recognised_role(column: Mapping[str, Any]) -> str:
    return f"{FIELD_PREFIX}{column['field']}" if column["role"] == FIELD else column["role"]


def _field_of(column: Mapping[str, Any], index: int) -> str:
    """Offer a name for the field that the column would fill."""
    if column["role"] not in (EMAIL, NAME):
        return column["field"] or ""
    name = field_name(column["header"])
    return f"{name or 'column'}_{index + 1}" if name in {"", *BUILT_IN_FIELDS} else name


def is_waiting(found: RecipientImport) -> bool:
    """Whether the file waits for its owner's word."""
    return found.status is ImportStatus.WAITING
