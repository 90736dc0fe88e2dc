"""The ledger of a campaign: a table of its mails, and the story of each."""

from collections.abc import Mapping
from typing import Final

from flask import render_template, request
from flask.typing import ResponseReturnValue

from dakiya.campaigns.mails import Wanted, list_emails, tell_story
from dakiya.models import EmailState
from dakiya_web.input.query import read_page
from dakiya_web.pages.campaigns.blueprint import campaigns, find_own
from dakiya_web.pages.campaigns.rows import read_rows
from dakiya_web.pages.campaigns.words import (
    STATE_WORDS,
    STOPPED_FOR_GOOD,
    advise,
    explain,
    goes_again_by_itself,
)
from dakiya_web.texts import Text, lazy_gettext
from dakiya_web.wiring import request_session

PER_PAGE = 50
MAX_SEARCH_CHARS = 320
# The steps of RFC 5321 in words; "build" comes before any of them.
PHASES: Final[Mapping[str, Text]] = {
    "build": lazy_gettext("while the mail was built"),
    "connect": lazy_gettext("while connecting"),
    "greeting": lazy_gettext("at the server's greeting"),
    "ehlo": lazy_gettext("at the introduction (EHLO)"),
    "tls": lazy_gettext("while encrypting"),
    "auth": lazy_gettext("at the log-in"),
    "mail": lazy_gettext("at the sender's address (MAIL FROM)"),
    "rcpt": lazy_gettext("at the recipient's address (RCPT TO)"),
    "data": lazy_gettext("before the content (DATA)"),
    "body": lazy_gettext("in the middle of the content"),
    "dot": lazy_gettext("after the whole mail"),
}


@campaigns.get("/campaigns/<id:campaign_id>/emails")
def emails(campaign_id: int) -> ResponseReturnValue:
    """A page of a campaign's mails, of one state or cause, or with a part of an address."""
    session = request_session()
    campaign = find_own(campaign_id)
    page = read_page(request.args)
    wanted = read_wanted(request.args)
    found = list_emails(
        session,
        campaign,
        wanted=wanted,
        after_recipient_id=page.cursor or 0,
        limit=PER_PAGE + 1,
    )
    shown = found[:PER_PAGE]
    row = read_rows(session, [campaign])[0]
    return render_template(
        "campaigns/emails.html",
        campaign=campaign,
        row=row,
        lines=shown,
        wanted=wanted,
        cause=advise(wanted.reason, wanted.state) if wanted.reason and wanted.state else None,
        first_page=page.cursor is None,
        following=shown[-1].recipient_id if len(found) > PER_PAGE else None,
        states=EmailState,
        advise=advise,
        explain=explain,
        resends=goes_again_by_itself(campaign),
        can_send=campaign.status not in STOPPED_FOR_GOOD,
    )


@campaigns.get("/campaigns/<id:campaign_id>/emails/<id:recipient_id>")
def email(campaign_id: int, recipient_id: int) -> ResponseReturnValue:
    """The story of one mail: each attempt, its time and its reply, and how it stands."""
    campaign = find_own(campaign_id)
    story = tell_story(request_session(), campaign, recipient_id)
    return render_template(
        "campaigns/email.html",
        campaign=campaign,
        story=story,
        line=story.line,
        advice=advise(story.line.reason, story.line.state),
        state_words=STATE_WORDS,
        advise=advise,
        phases=PHASES,
        states=EmailState,
        resends=goes_again_by_itself(campaign),
        can_send=campaign.status not in STOPPED_FOR_GOOD,
    )


def read_wanted(query: Mapping[str, str]) -> Wanted:
    """Read which mails are asked for; what makes no sense asks for all."""
    state, reason = query.get("state", ""), query.get("reason", "")
    return Wanted(
        state=EmailState(state) if state in list(EmailState) else None,
        reason=reason[:60].replace("\0", "") or None,
        search=query.get("q", "").replace("\0", "").strip()[:MAX_SEARCH_CHARS],
    )
