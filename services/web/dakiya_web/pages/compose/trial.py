"""One mail of a draft to an address of its owner's choice, before anybody else gets it."""

from flask import jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from dakiya.campaigns.testing import latest_campaign_test, request_campaign_test
from dakiya.errors import IllegalState, InvalidInput
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
    if not form.validate():
        return content_page(campaign, test=form), 422
    recipient_id = read_page({"cursor": request.form.get("recipient", "")}).cursor
    try:
        test = request_campaign_test(
            session,
            campaign,
            to_email=form.to.data.strip(),
            recipient_id=recipient_id,
            now=wiring().clock(),
        )
    except (InvalidInput, IllegalState) as error:
        form.to.errors = [sentence(str(error))]
        return content_page(campaign, test=form), 422
    session.commit()
    ring(lambda doorbell: doorbell.ring_campaign_test(test.id))
    place = url_for("compose.content", campaign_id=campaign.id, recipient=recipient_id)
    return redirect(f"{place}#test", 303)


@compose.get("/campaigns/<id:campaign_id>/test")
@login_required
def test_progress(campaign_id: int) -> ResponseReturnValue:
    """Tell the page whether the last test has ended; then it is loaded anew."""
    test = latest_campaign_test(request_session(), find_own(campaign_id))
    is_open = test is not None and test.status in OPEN
    return jsonify(busy=is_open, reload=not is_open)
