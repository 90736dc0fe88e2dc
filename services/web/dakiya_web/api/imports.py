"""Recipient files by API: how far they are, the rows that were not taken, and stopping one."""

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from dakiya.campaigns import reading
from dakiya.contacts.imports import cancel_import as cancel
from dakiya.contacts.imports import list_rejections
from dakiya.models import RecipientImport
from dakiya_web.api.blueprint import api, asking, optional_json_body
from dakiya_web.api.campaigns import present_rejections
from dakiya_web.api.present import instant
from dakiya_web.input.query import read_page
from dakiya_web.wiring import request_session

REJECTIONS_PER_PAGE = 500


@api.get("/campaigns/<id:campaign_id>/imports")
def list_imports(campaign_id: int) -> ResponseReturnValue:
    """A page of a campaign's files, the newest first."""
    session, page = request_session(), read_page(request.args)
    campaign = reading.find_campaign(session, campaign_id, user_id=asking().user_id)
    found = reading.list_imports(session, campaign, before_id=page.cursor, limit=page.limit)
    following = str(found[-1].id) if len(found) == page.limit else None
    return jsonify(items=[_present(one) for one in found], next=following)


@api.get("/imports/<id:import_id>")
def show_import(import_id: int) -> ResponseReturnValue:
    """How far a file is, and a page of the rows that were not taken."""
    session = request_session()
    found = reading.find_import(session, import_id, user_id=asking().user_id)
    page = read_page(request.args, default_limit=REJECTIONS_PER_PAGE)
    rejected = list_rejections(session, found.id, after_row=page.cursor or 0, limit=page.limit)
    return jsonify(
        _present(found)
        | {
            "rejected": present_rejections(rejected),
            "next": str(rejected[-1].row) if len(rejected) == page.limit else None,
            "columns": found.columns,
            "format": found.file_format,
        }
    )


@api.post("/imports/<id:import_id>/cancel")
def cancel_import(import_id: int) -> ResponseReturnValue:
    """Stop reading a file; the recipients that it has added stay."""
    optional_json_body()
    session, user_id = request_session(), asking().user_id
    found = reading.find_import(session, import_id, user_id=user_id)
    reading.find_campaign(session, found.campaign_id, user_id=user_id, lock=True)
    cancel(session, found.id)
    session.commit()
    session.refresh(found)
    return jsonify(_present(found))


def _present(found: RecipientImport) -> dict[str, object]:
    return {
        "id": found.id,
        "campaign_id": found.campaign_id,
        "filename": found.filename,
        "status": found.status,
        "error": found.error,
        "rows_done": found.rows_done,
        "accepted": found.accepted,
        "rejected_count": found.rejected,
        "created_at": instant(found.created_at),
        "finished_at": instant(found.finished_at),
    }
