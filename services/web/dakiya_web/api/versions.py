"""Versions of a campaign's content by API: list them, and go back to one."""

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from dakiya.campaigns import reading, versions
from dakiya.campaigns.content import ContentError
from dakiya_web.api.blueprint import api, asking, optional_json_body
from dakiya_web.api.campaigns import present_campaign
from dakiya_web.api.present import instant
from dakiya_web.input.query import read_page
from dakiya_web.input.reader import InvalidFields
from dakiya_web.wiring import request_session


@api.get("/campaigns/<id:campaign_id>/versions")
def list_versions(campaign_id: int) -> ResponseReturnValue:
    """A page of the versions, newest first."""
    session = request_session()
    campaign = reading.find_campaign(session, campaign_id, user_id=asking().user_id)
    page = read_page(request.args)
    found = versions.list_versions(session, campaign, before=page.cursor, limit=page.limit)
    following = str(found[-1].number) if len(found) == page.limit else None
    items = [
        {
            "number": version.number,
            "kind": version.kind,
            "subject": version.subject,
            "created_at": instant(version.created_at),
            "present": version.is_present,
        }
        for version in found
    ]
    return jsonify(items=items, next=following)


@api.post("/campaigns/<id:campaign_id>/versions/<id:number>/restore")
def restore_version(campaign_id: int, number: int) -> ResponseReturnValue:
    """Say again what a version said, as the next one."""
    optional_json_body()
    session = request_session()
    campaign = reading.find_campaign(session, campaign_id, user_id=asking().user_id, lock=True)
    try:
        errors = versions.restore_version(session, campaign, number)
    except ContentError as error:
        errors = {error.field: list(error.messages)}
    if errors:
        session.rollback()
        raise InvalidFields(dict(errors))
    session.commit()
    session.refresh(campaign)
    return jsonify(present_campaign(campaign))
