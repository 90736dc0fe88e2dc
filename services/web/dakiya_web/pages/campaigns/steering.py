"""What people do with a campaign that stands: pause, resume, cancel, take back, try again."""

from collections.abc import Callable

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from dakiya.campaigns import lifecycle
from dakiya.delivery import second_chances
from dakiya.delivery.second_chances import Given
from dakiya.errors import IllegalState
from dakiya.models import Campaign, CampaignStatus
from dakiya_web.confirming import ask
from dakiya_web.input.reader import MAX_ID
from dakiya_web.navigation import has_page
from dakiya_web.pages.campaigns.blueprint import campaigns, find_own
from dakiya_web.pages.campaigns.rows import read_rows
from dakiya_web.pages.campaigns.words import say_on_the_wire
from dakiya_web.ring import ring
from dakiya_web.wiring import request_session
from dakiya_web.wording import number

# Does something to a campaign and returns what to tell its owner.
Act = Callable[[Session, Campaign], str]


@campaigns.post("/campaigns/<id:campaign_id>/pause")
def pause(campaign_id: int) -> ResponseReturnValue:
    """Stop a campaign, and say how many mails were on the wire."""
    return _steer(
        campaign_id,
        lambda session, campaign: f"Paused. {say_on_the_wire(lifecycle.pause(session, campaign))}",
    )


@campaigns.post("/campaigns/<id:campaign_id>/resume")
def resume(campaign_id: int) -> ResponseReturnValue:
    """Let a paused campaign go on."""

    def act(session: Session, campaign: Campaign) -> str:
        lifecycle.resume(session, campaign)
        return "It goes on where it stood."

    return _steer(campaign_id, act)


@campaigns.get("/campaigns/<id:campaign_id>/cancel")
def ask_cancel(campaign_id: int) -> ResponseReturnValue:
    """Ask before a campaign is cancelled."""
    campaign = find_own(campaign_id)
    row = read_rows(request_session(), [campaign])[0]
    return ask(
        f"Cancel “{campaign.name}”?",
        "What was sent stays sent. What waits will never go out, and this cannot be undone. "
        "To stop for a while, pause it instead.",
        details=(f"{number(row.sent)} sent", f"{number(row.waiting or row.total)} still to go"),
        button="Cancel the campaign",
        keep="Keep it",
        action=url_for("campaigns.cancel", campaign_id=campaign.id),
        back=_page(campaign),
    )


@campaigns.post("/campaigns/<id:campaign_id>/cancel")
def cancel(campaign_id: int) -> ResponseReturnValue:
    """Stop a campaign for good."""
    return _steer(
        campaign_id,
        lambda session, campaign: (
            f"Cancelled. {say_on_the_wire(lifecycle.cancel(session, campaign))}"
        ),
    )


@campaigns.post("/campaigns/<id:campaign_id>/unschedule")
def unschedule(campaign_id: int) -> ResponseReturnValue:
    """Take a campaign back that has not begun to send: it is a draft again."""

    def act(session: Session, campaign: Campaign) -> str:
        lifecycle.unschedule(session, campaign)
        return "Taken back: nothing was sent. It is a draft again."

    return _steer(campaign_id, act)


@campaigns.post("/campaigns/<id:campaign_id>/retry-failed")
def retry_failed(campaign_id: int) -> ResponseReturnValue:
    """Let the failed mails that may pass wait for their turn again."""

    def act(session: Session, campaign: Campaign) -> str:
        given = second_chances.retry_failed(session, campaign)
        return _say(given, "tried again", nothing="No failed mail can be tried again.")

    return _steer(campaign_id, act)


@campaigns.get("/campaigns/<id:campaign_id>/unknown")
def ask_unknown(campaign_id: int) -> ResponseReturnValue:
    """Ask before unknown mails are sent again, or counted as sent."""
    campaign = find_own(campaign_id)
    recipient_id, again = _chosen_recipient(), request.args.get("as") != "sent"
    unknown = 1 if recipient_id else read_rows(request_session(), [campaign])[0].unknown
    which = "this mail" if recipient_id else f"{unknown:,} unknown {_plural(unknown)}"
    fields = {"as": "again" if again else "sent"}
    return ask(
        f"Send {which} again?" if again else f"Count {which} as sent?",
        "Whoever got it already gets it twice: nobody can know whether the first one arrived."
        if again
        else "Nothing is sent. The ledger says from then on that it was you who said so.",
        button="Send again" if again else "Count as sent",
        keep="Leave it unknown",
        action=url_for("campaigns.resolve_unknown", campaign_id=campaign.id),
        back=_page(campaign, recipient_id),
        fields=fields | ({"recipient": str(recipient_id)} if recipient_id else {}),
        dangerous=again,
    )


@campaigns.post("/campaigns/<id:campaign_id>/unknown")
def resolve_unknown(campaign_id: int) -> ResponseReturnValue:
    """Do with unknown mails, or one of them, what their owner says."""
    recipient_id, as_sent = _chosen_recipient(), request.form.get("as") == "sent"

    def act(session: Session, campaign: Campaign) -> str:
        given = second_chances.resolve_unknown(
            session,
            campaign,
            recipient_ids=[recipient_id] if recipient_id else None,
            as_sent=as_sent,
        )
        words = "counted as sent" if as_sent else "sent again"
        return _say(given, words, nothing="There was nothing unknown any more.")

    return _steer(campaign_id, act, recipient_id=recipient_id)


def _steer(campaign_id: int, act: Act, *, recipient_id: int | None = None) -> ResponseReturnValue:
    """Do it, commit, ring, and go back to the page; a refusal is told there too."""
    session = request_session()
    campaign = find_own(campaign_id)
    try:
        words = act(session, campaign)
        session.commit()
    except IllegalState as error:
        session.rollback()
        flash(str(error), "warning")
        return redirect(_page(campaign, recipient_id), 303)
    flash(words, "success")
    if campaign.status is CampaignStatus.PREPARING:
        ring(lambda doorbell: doorbell.ring_prepare(campaign_id))
    if second_chances.find_chance(session, campaign_id) is not None:
        ring(lambda doorbell: doorbell.ring_second_chances())
    ring(lambda doorbell: doorbell.ring_tick())
    return redirect(_page(campaign, recipient_id), 303)


def _page(campaign: Campaign, recipient_id: int | None = None) -> str:
    if recipient_id:
        return url_for("campaigns.email", campaign_id=campaign.id, recipient_id=recipient_id)
    if campaign.status is CampaignStatus.DRAFT and has_page("compose.edit"):
        return url_for("compose.edit", campaign_id=campaign.id)
    return url_for("campaigns.show", campaign_id=campaign.id)


def _chosen_recipient() -> int | None:
    text = request.values.get("recipient", "")
    return int(text) if text.isdecimal() and len(text) < 19 and 0 < int(text) <= MAX_ID else None


def _say(given: Given, words: str, *, nothing: str) -> str:
    if given.remaining:
        mails = given.moved + given.remaining
        return f"{_mails(mails)} {words}. That takes a moment; you may leave this page."
    return f"{_mails(given.moved)} {words}." if given.moved else nothing


def _plural(mails: int) -> str:
    return "mail" if mails == 1 else "mails"


def _mails(mails: int) -> str:
    return f"{mails:,} {_plural(mails)} {'is' if mails == 1 else 'are'}"
