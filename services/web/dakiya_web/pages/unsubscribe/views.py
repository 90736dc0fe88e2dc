"""The unsubscribe link of every mail: GET shows a page, only POST acts (RFC 8058)."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from dakiya.contacts.suppressions import is_suppressed, suppress
from dakiya.errors import NotFound
from dakiya.log import get_logger
from dakiya.mail.links import read_unsubscribe_token
from dakiya.models import Recipient, SuppressionReason
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session, wiring

unsubscribe = Blueprint("unsubscribe", __name__)

ONE_CLICK = "One-Click"
_log = get_logger(__name__)


@unsubscribe.get("/u/<token>")
def show(token: str) -> ResponseReturnValue:
    """Ask, unless it is done; scanners and previews follow links, so nothing happens yet."""
    recipient = _find(token)
    already = is_suppressed(request_session(), recipient.workspace_id, recipient.email_normalised)
    return _page(recipient, already=already)


@unsubscribe.post("/u/<token>")
def act(token: str) -> ResponseReturnValue:
    """Suppress the address, for a mail program's one click as for the page's button.

    No cookie, no log-in, no redirect; doing it twice changes nothing.
    """
    recipient = _find(token)
    session = request_session()
    added = suppress(
        session,
        recipient.workspace_id,
        recipient.email_normalised,
        SuppressionReason.UNSUBSCRIBED,
        campaign_id=recipient.campaign_id,
    )
    session.commit()
    one_click = request.form.get("List-Unsubscribe") == ONE_CLICK
    _log.info(
        "unsubscribed",
        campaign_id=recipient.campaign_id,
        recipient_id=recipient.id,
        one_click=one_click,
        already=not added,
    )
    if one_click:
        return "Unsubscribed.\n", 200, {"Content-Type": "text/plain; charset=utf-8"}
    return _page(recipient, done=True)


def mask(address: str) -> str:
    """Show enough of an address for its owner to know it: "a•••@example.com"."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def _page(recipient: Recipient, *, done: bool = False, already: bool = False) -> str:
    return render_template(
        "unsubscribe/show.html", address=mask(recipient.email), done=done, already=already
    )


def _find(token: str) -> Recipient:
    """Return the recipient of a link of ours. Raises NotFound."""
    ref = read_unsubscribe_token(wiring().links_key, token)
    recipient = ref and request_session().scalar(
        select(Recipient).where(
            Recipient.id == ref.recipient_id, Recipient.campaign_id == ref.campaign_id
        )
    )
    if not recipient:
        raise NotFound(
            gettext(
                "This unsubscribe link is not complete, or it is too old. Copy the whole "
                "link from the mail, or reply to the mail and ask its sender."
            )
        )
    return recipient
