"""What alice owns, and browsers of people who are logged in."""

from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import text

from dakiya.accounts.users import workspace_of
from dakiya.campaigns.content import Content
from dakiya.db import SessionFactory
from dakiya.mail.links import UnsubscribeRef, unsubscribe_token
from dakiya.media.library import add_picture
from dakiya.templates.own import keep_template
from dakiya_web.assets import MANIFEST, Assets
from dakiya_web.pages.templates.starters import EDITION
from dakiya_web.pictures.prepare import prepare
from dakiya_web.wiring import Wiring
from tests.web.conftest import Person, make_account, make_campaign
from tests.web.isolation.cases import World
from tests.web.media.pictures import png


@pytest.fixture
def world(app: Flask, alice: Person, session_factory: SessionFactory) -> World:
    account_id = make_account(alice)
    campaign_id = make_campaign(alice, smtp_account_id=account_id)
    running_id = make_campaign(alice, smtp_account_id=account_id, name="Running")
    assert alice.api.post(f"/campaigns/{running_id}/schedule", {"at": "now"}).status == 200
    upload = {"file": (BytesIO(b"email\nx@example.com\n"), "list.csv")}
    answer = alice.api.post(f"/campaigns/{campaign_id}/recipients", data=upload)
    assert answer.status == 202, answer.text
    alice.api.post("/suppressions", {"emails": ["suppressed@example.com"]})
    wired: Wiring = app.extensions["dakiya"]
    with session_factory() as session:
        recipient_id = session.scalar(
            text("SELECT id FROM recipient WHERE campaign_id = :id"), {"id": campaign_id}
        )
        # A line of the ledger, for the page that tells its story.
        session.execute(
            text("INSERT INTO email (campaign_id, recipient_id, due_at) VALUES (:id, :one, now())"),
            {"id": campaign_id, "one": recipient_id},
        )
        session.commit()
        token_id = session.scalar(
            text("SELECT id FROM api_token WHERE user_id = :id"), {"id": alice.user_id}
        )
        picture = add_picture(
            session,
            prepare(png()).picture,
            workspace_id=workspace_of(session, alice.user_id),
            name="A picture of alice.png",
            store=wired.media,
            quota_bytes=10**6,
        )
        template = keep_template(
            session,
            workspace_id=workspace_of(session, alice.user_id),
            name="Diwali offer",
            content=Content(subject="Hello", html="<p>Hello</p>"),
        )
        session.commit()
    ref = UnsubscribeRef(campaign_id=campaign_id, recipient_id=int(recipient_id or 0))
    return World(
        ids={
            "account_id": account_id,
            "campaign_id": campaign_id,
            "number": 1,
            "recipient_id": recipient_id,
            "token_id": token_id,
            "email": "suppressed@example.com",
            "secret": "a-secret-of-nobody",
            "template_id": template.id,
            "key": "newsletter",
            "edition": EDITION,
            "picture_name": "newsletter.png",
            "media_id": picture.id,
            "media_token": picture.token,
            "media_name": picture.file_name,
            "import_id": answer.json["import_id"],
            "token": unsubscribe_token(wired.links_key, ref),
            "filename": f"dist/{Assets(MANIFEST).name_of('app.css')}",
        },
        running_campaign_id=running_id,
    )
