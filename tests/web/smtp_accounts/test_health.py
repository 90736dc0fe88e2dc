"""An account's health is one story: list, page and the review of a campaign tell the same."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from markupsafe import escape

from dakiya.clock import utc_now
from dakiya.db import SessionFactory
from dakiya.models import SmtpAccount, SmtpTest, TestStatus
from tests.web.conftest import Person, make_account, make_campaign

LATER = timedelta(minutes=30)


@pytest.mark.parametrize(
    ("pause", "test", "pill", "words"),
    [
        ({}, None, "Not tested yet", "“Shop”: Not tested yet. Test it before you send."),
        ({}, TestStatus.PASSED, "Fine", ""),
        ({}, TestStatus.FAILED, "Last test failed", "“Shop”: Last test failed. Test it before"),
        ({}, TestStatus.RUNNING, "Being tested", "“Shop”: Being tested."),
        (
            {"pause_reason": "auth"},
            TestStatus.PASSED,
            "Needs you",
            "“Shop”: Needs you. The server refuses the login.",
        ),
        (
            {"pause_reason": "connection", "paused_until": LATER},
            TestStatus.PASSED,
            "Waiting",
            "“Shop”: Waiting. The server cannot be reached.",
        ),
        (
            {"pause_reason": "connection", "paused_until": -LATER},
            TestStatus.PASSED,
            "Trying again",
            "“Shop”: Trying again.",
        ),
    ],
)
def test_list_page_and_review_tell_the_same(
    client: FlaskClient,
    alice: Person,
    session_factory: SessionFactory,
    pause: dict[str, Any],
    test: TestStatus | None,
    pill: str,
    words: str,
) -> None:
    account_id = make_account(alice, name="Shop")
    campaign_id = make_campaign(alice, smtp_account_id=account_id)
    with session_factory.begin() as session:
        account = session.get_one(SmtpAccount, account_id)
        if pause:
            account.paused_at = utc_now() - timedelta(hours=1)
            account.pause_reason = pause["pause_reason"]
            until = pause.get("paused_until")
            account.paused_until = utc_now() + until if until is not None else None
        if test is not None:
            ended = None if test is TestStatus.RUNNING else utc_now()
            session.add(
                SmtpTest(
                    smtp_account_id=account_id,
                    to_email="a@b.example",
                    status=test,
                    finished_at=ended,
                )
            )
    review = f"/campaigns/{campaign_id}/edit/review?when=now"
    pages = [
        client.get(path).text for path in ("/smtp-accounts", f"/smtp-accounts/{account_id}", review)
    ]
    assert all(f">{pill}</span>" in page for page in pages)
    assert (str(escape(words)) in pages[-1]) if words else "“Shop”:" not in pages[-1]
