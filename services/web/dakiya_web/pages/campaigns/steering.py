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
from dakiya_web.texts import gettext, ngettext
from dakiya_web.wiring import request_session
from dakiya_web.wording import number

# Does something to a campaign and returns what to tell its owner.
Act = Callable[[Session, Campaign], str]


@campaigns.post("/campaigns/<id:campaign_id>/pause")
def pause(campaign_id: int) -> ResponseReturnValue:
    """Stop a campaign, and say how many mails were on the wire."""
    return _steer(
        campaign_id,
        lambda session, campaign: gettext(
            "Paused. %(wire)s", wire=say_on_the_wire(lifecycle.pause(session, campaign))
        ),
    )


@campaigns.post("/campaigns/<id:campaign_id>/resume")
def resume(campaign_id: int) -> ResponseReturnValue:
    """Let a paused campaign go on."""

    def act(session: Session, campaign: Campaign) -> str:
        lifecycle.resume(session, campaign)
        return gettext("It goes on where it stood.")

    return _steer(campaign_id, act)


@campaigns.get("/campaigns/<id:campaign_id>/cancel")
def ask_cancel(campaign_id: int) -> ResponseReturnValue:
    """Ask before a campaign is cancelled."""
    campaign = find_own(campaign_id)
    row = read_rows(request_session(), [campaign])[0]
    return ask(
        gettext("Cancel “%(name)s”?", name=campaign.name),
        gettext(
            "What was sent stays sent. What waits will never go out, and this cannot be undone. "
            "To stop for a while, pause it instead."
        ),
        details=(
            gettext("%(mails)s sent", mails=number(row.sent)),
            gettext("%(mails)s still to go", mails=number(row.waiting or row.total)),
        ),
        button=gettext("Cancel the campaign"),
        keep=gettext("Keep it"),
        action=url_for("campaigns.cancel", campaign_id=campaign.id),
        back=_page(campaign),
    )


@campaigns.post("/campaigns/<id:campaign_id>/cancel")
def cancel(campaign_id: int) -> ResponseReturnValue:
    """Stop a campaign for good."""
    return _steer(
        campaign_id,
        lambda session, campaign: gettext(
            "Cancelled. %(wire)s", wire=say_on_the_wire(lifecycle.cancel(session, campaign))
        ),
    )


@campaigns.post("/campaigns/<id:campaign_id>/unschedule")
def unschedule(campaign_id: int) -> ResponseReturnValue:
    """Take a campaign back that has not begun to send: it is a draft again."""

    def act(session: Session, campaign: Campaign) -> str:
        lifecycle.unschedule(session, campaign)
        return gettext("Taken back: nothing was sent. It is a draft again.")

    return _steer(campaign_id, act)


@campaigns.post("/campaigns/<id:campaign_id>/retry-failed")
def retry_failed(campaign_id: int) -> ResponseReturnValue:
    """Let the failed mails that may pass wait for their turn again."""

    def act(session: Session, campaign: Campaign) -> str:
        given = second_chances.retry_failed(session, campaign)
        return _say(given, _tried_again, nothing=gettext("No failed mail can be tried again."))

    return _steer(campaign_id, act)


@campaigns.get("/campaigns/<id:campaign_id>/unknown")
def ask_unknown(campaign_id: int) -> ResponseReturnValue:
    """Ask before unknown mails are sent again, or counted as sent."""
    campaign = find_own(campaign_id)
    recipient_id, again = _chosen_recipient(), request.args.get("as") != "sent"
    unknown = 1 if recipient_id else read_rows(request_session(), [campaign])[0].unknown
    fields = {"as": "again" if again else "sent"}
    return ask(
        _ask_again(unknown, one=bool(recipient_id))
        if again
        else _ask_count(unknown, one=bool(recipient_id)),
        gettext(
            "Whoever got it already gets it twice: nobody can know whether the first one arrived."
        )
        if again
        else gettext("Nothing is sent. The ledger says from then on that it was you who said so."),
        button=gettext("Send again") if again else gettext("Count as sent"),
        keep=gettext("Leave it unknown"),
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
        words = _counted_as_sent if as_sent else _sent_again
        return _say(given, words, nothing=gettext("There was nothing unknown any more."))

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


def _say(given: Given, words: Callable[[int], str], *, nothing: str) -> str:
    if given.remaining:
        takes = gettext("That takes a moment; you may leave this page.")
        return f"{words(given.moved + given.remaining)} {takes}"
    return words(given.moved) if given.moved else nothing


def _ask_again(mails: int, *, one: bool) -> str:
    if one:
        return gettext("Send this mail again?")
    return ngettext(
        "Send %(num)s unknown mail again?",
        "Send %(num)s unknown mails again?",
        mails,
        num=number(mails),
    )


def _ask_count(mails: int, *, one: bool) -> str:
    if one:
        return gettext("Count this mail as sent?")
    return ngettext(
        "Count %(num)s unknown mail as sent?",
        "Count %(num)s unknown mails as sent?",
        mails,
        num=number(mails),
    )


def _tried_again(mails: int) -> str:
    return ngettext(
        "%(num)s mail is tried again.",
        "%(num)s mails are tried again.",
        mails,
        num=number(mails),
    )


def _counted_as_sent(mails: int) -> str:
    return ngettext(
        "%(num)s mail is counted as sent.",
        "%(num)s mails are counted as sent.",
        mails,
        num=number(mails),
    )


def _sent_again(mails: int) -> str:
    return ngettext(
        "%(num)s mail is sent again.",
        "%(num)s mails are sent again.",
        mails,
        num=number(mails),
    )
