"""Recipients by API: a JSON list at once, or a file for the import worker."""

from dataclasses import dataclass

from flask import jsonify, request, url_for
from flask.typing import ResponseReturnValue

from dakiya.campaigns import drafts, reading
from dakiya.contacts.imports import create_import
from dakiya.contacts.recipients import add_recipients
from dakiya.models import Campaign
from dakiya_web.api.blueprint import any_json, api, asking
from dakiya_web.api.campaigns import present_rejections
from dakiya_web.input.campaign import read_recipients
from dakiya_web.input.reader import InvalidFields
from dakiya_web.ring import ring
from dakiya_web.wiring import request_session


@api.post("/campaigns/<id:campaign_id>/recipients")
def add_campaign_recipients(campaign_id: int) -> ResponseReturnValue:
    """Add recipients to a draft: JSON is taken at once, a file is read in the background."""
    # All of the body is read before the transaction begins: a slow upload must not hold a lock.
    is_file = request.mimetype == "multipart/form-data"
    sent = _read_file() if is_file else read_recipients(any_json())
    session = request_session()
    campaign = reading.find_campaign(session, campaign_id, user_id=asking().user_id, lock=True)
    drafts.require_draft(campaign, "given recipients")
    if isinstance(sent, _File):
        return _take_file(campaign, sent)
    intake = add_recipients(session, campaign, sent.raw)
    session.commit()
    return jsonify(
        accepted=intake.accepted,
        rejected=present_rejections([*sent.rejected, *intake.rejected]),
    )


@dataclass(frozen=True)
class _File:
    name: str
    content: bytes


def _read_file() -> _File:
    files = request.files.getlist("file")
    if len(files) != 1 or len(list(request.files.lists())) != 1:
        raise InvalidFields({"file": ["Send exactly one file, in the field named file."]})
    content = files[0].stream.read()
    if not content:
        raise InvalidFields({"file": ["The file is empty."]})
    return _File(files[0].filename or "", content)


def _take_file(campaign: Campaign, file: _File) -> ResponseReturnValue:
    session = request_session()
    created = create_import(session, campaign, filename=file.name, content=file.content)
    session.commit()
    ring(lambda doorbell: doorbell.ring_import(created.id))
    place = url_for("api.show_import", import_id=created.id)
    return jsonify(import_id=created.id, status=created.status), 202, {"Location": place}
