"""How far a recipient file is, what was recognised in it, and the rows that were not taken."""

from collections.abc import Iterator

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from dakiya.campaigns import reading
from dakiya.contacts.imports import cancel_import, list_rejections
from dakiya.db import SessionFactory
from dakiya.models import ImportStatus, RecipientImport
from dakiya_web.exporting import csv_download
from dakiya_web.input.query import read_page
from dakiya_web.input.reader import sentence
from dakiya_web.pages.compose.blueprint import asking_user, compose, find_own
from dakiya_web.pages.compose.columns import columns_page, columns_used, is_waiting
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session, wiring
from dakiya_web.wording import number

ROWS_PER_PAGE = 100
ROWS_PER_READ = 500
OPEN = (ImportStatus.QUEUED, ImportStatus.RUNNING)


@compose.get("/imports/<id:import_id>")
@login_required
def show_import(import_id: int) -> ResponseReturnValue:
    """One recipient file: what its columns are for, or how far it is."""
    session, found = request_session(), _find(import_id)
    if is_waiting(found):
        return columns_page(found)
    page = read_page(request.args)
    rejected = list_rejections(
        session, found.id, after_row=page.cursor or 0, limit=ROWS_PER_PAGE + 1
    )
    return render_template(
        "compose/import.html",
        found=found,
        campaign=find_own(found.campaign_id),
        columns=columns_used(found),
        is_open=found.status in OPEN,
        rejected=rejected[:ROWS_PER_PAGE],
        following=rejected[ROWS_PER_PAGE - 1].row if len(rejected) > ROWS_PER_PAGE else None,
        is_first=page.cursor is None,
    )


@compose.get("/imports/<id:import_id>/progress")
@login_required
def import_progress(import_id: int) -> ResponseReturnValue:
    """The figures of the page, for it to follow."""
    found = _find(import_id)
    is_open = found.status in OPEN
    return jsonify(
        {
            "busy": is_open,
            "reload": not is_open,
            "rows": number(found.accepted + found.rejected),
            "accepted": number(found.accepted),
            "rejected": number(found.rejected),
        }
    )


@compose.get("/imports/<id:import_id>/rejected.csv")
@login_required
def rejected_rows(import_id: int) -> ResponseReturnValue:
    """The rows that were not taken, whole, to be mended in a spreadsheet and uploaded again."""
    found = _find(import_id)
    return csv_download(
        f"not taken from {found.filename}",
        ("row", "error", *_headers(found)),
        _read_rejections(found, wiring().sessions),
    )


@compose.post("/imports/<id:import_id>/cancel")
@login_required
def stop_import(import_id: int) -> ResponseReturnValue:
    """Stop reading a file; the recipients that it has added stay."""
    found = _find(import_id)
    find_own(found.campaign_id, lock=True)
    if was_waiting := is_waiting(found):
        place = url_for("compose.edit", campaign_id=found.campaign_id) + "#recipients"
    else:
        place = url_for("compose.show_import", import_id=found.id)
    cancel_import(request_session(), found.id)
    request_session().commit()
    flash(
        gettext("Nobody was added, and the file is forgotten.")
        if was_waiting
        else gettext("The import was stopped. Recipients that were added already stay."),
        "info",
    )
    return redirect(place, 303)


def _find(import_id: int) -> RecipientImport:
    return reading.find_import(request_session(), import_id, user_id=asking_user().id)


def _read_rejections(
    found: RecipientImport, sessions: SessionFactory
) -> Iterator[tuple[object, ...]]:
    """Read the rows while they are sent, when the request's session is gone already."""
    import_id, address = found.id, _address_column(found)
    with sessions() as session:
        row = 0
        while part := list_rejections(session, import_id, after_row=row, limit=ROWS_PER_READ):
            for line in part:
                cells = [""] * address + [line.email] if line.cells is None else line.cells
                yield (line.row, sentence(line.error), *cells)
            row = part[-1].row


def _headers(found: RecipientImport) -> list[str]:
    """The titles of the file's columns; without any, such that it is recognised again."""
    names = {"email": "email", "name": "name"}
    return [
        column["header"] or names.get(column["role"], f"Column {number}")
        for number, column in enumerate(found.columns, start=1)
    ] or ["email"]


def _address_column(found: RecipientImport) -> int:
    roles = [column["role"] for column in found.columns]
    return roles.index("email") if "email" in roles else 0
