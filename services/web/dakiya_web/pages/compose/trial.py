"""A draft's mail to a few addresses of its owner's choice, before anybody else gets it."""

import re
from functools import partial

from flask import jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from dakiya.campaigns.testing import latest_campaign_tests, request_campaign_tests
from dakiya.errors import IllegalState, InvalidInput
from dakiya.queue import Doorbell
from dakiya.smtp_accounts.errands import OPEN
from dakiya_web.input.query import read_page
from dakiya_web.input.reader import sentence
from dakiya_web.pages.compose.blueprint import compose, find_changeable, find_own
from dakiya_web.pages.compose.content import content_page
from dakiya_web.pages.compose.forms import TestForm
from dakiya_web.ring import ring
from dakiya_web.wiring import request_session, wiring


@compose.post("/campaigns/<id:campaign_id>/test")
@login_required
def send_test(campaign_id: int) -> ResponseReturnValue:
    """Ask a sender to send the saved content as the recipient who is looked at."""
    session = request_session()
    campaign = find_changeable(campaign_id, lock=True)
    form = TestForm()
    recipient_id = read_page({"cursor": request.form.get("recipient", "")}).cursor
    try:
        if not form.validate():
            return content_page(campaign, test=form), 422
        tests = request_campaign_tests(
            session,
            campaign,
            to_emails=addresses_in(form.to.data),
            recipient_id=recipient_id,
            now=wiring().clock(),
        )
    except (InvalidInput, IllegalState) as error:
        form.to.errors = [sentence(str(error))]
        return content_page(campaign, test=form), 422
    session.commit()
    for test in tests:
        ring(partial(_ring, test_id=test.id))
    place = url_for("compose.content", campaign_id=campaign.id, recipient=recipient_id)
    return redirect(f"{place}#test", 303)


def addresses_in(written: str) -> list[str]:
    """Return the addresses of a line: parted by commas, semicolons, blanks or line ends."""
    return [one for one in re.split(r"[,;\s]+", written) if one]


def _ring(doorbell: Doorbell, *, test_id: int) -> None:
    doorbell.ring_campaign_test(test_id)


@compose.get("/campaigns/<id:campaign_id>/test")
@login_required
def test_progress(campaign_id: int) -> ResponseReturnValue:
    """Tell the page whether the last tests have ended; then it is loaded anew."""
    tests = latest_campaign_tests(request_session(), find_own(campaign_id))
    is_open = any(test.status in OPEN for test in tests)
    return jsonify(busy=is_open, reload=not is_open)
