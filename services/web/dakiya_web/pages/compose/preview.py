"""The mail as one recipient sees it, on an address of its own where nothing can run."""

from contextlib import suppress
from functools import partial

from flask import Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from markupsafe import Markup

from dakiya.campaigns.changing import content_changed_at
from dakiya.contacts import audience
from dakiya.errors import InvalidInput, NotFound
from dakiya.mail.compiled import MessageError
from dakiya.mail.preview import Preview, in_the_dark, render_preview
from dakiya.models import Campaign, ContentKind, ContentVersion, Recipient, Workspace
from dakiya_web.headers import media_origin
from dakiya_web.input.query import read_page
from dakiya_web.pages.compose.blueprint import compose, find_own
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session, wiring

# Opened directly it is as inert as in its frame (SECURITY: campaign HTML).
INERT = (
    "sandbox; default-src 'none'; img-src https: data: {media}; style-src 'unsafe-inline'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
# The pages that the preview stands on.
WRITING, READING = "compose.content", "compose.mail"


@compose.get("/campaigns/<id:campaign_id>/mail")
@login_required
def mail(campaign_id: int) -> ResponseReturnValue:
    """The mail of a campaign to read, whatever its status."""
    campaign = find_own(campaign_id)
    if campaign.content is None:
        raise NotFound(gettext("The campaign has no content yet."))
    return render_template(
        "compose/mail.html",
        changed_at=content_changed_at(campaign),
        **preview_of(campaign, on=READING),
    )


@compose.get("/campaigns/<id:campaign_id>/preview")
@login_required
def preview(campaign_id: int) -> ResponseReturnValue:
    """The HTML or, with part=text, the text, with part=dark the HTML in the dark; always inert."""
    campaign = find_own(campaign_id)
    if campaign.content is None:
        raise NotFound(gettext("The campaign has no content yet."))
    return inert_preview(campaign, campaign.content)


def inert_preview(campaign: Campaign, version: ContentVersion) -> Response:
    """Show a version of the mail to the recipient that is asked for."""
    try:
        shown = _render(campaign, version, _asked_recipient(campaign))
    except (InvalidInput, MessageError) as error:
        page = render_template("compose/no_preview.html", words=str(error))
    else:
        part = request.args.get("part")
        if part == "text" or shown.html is None:
            page = render_template("compose/preview_text.html", text=shown.text)
        else:
            html = in_the_dark(shown.html) if part == "dark" else shown.html
            page = Markup(html)  # noqa: S704 - its own document, inert by its policy
    return inert(page)


def inert(page: str) -> Response:
    """Answer with a mail that can do nothing, wherever its address is opened."""
    response = make_response(str(page))
    media = media_origin(wiring().settings)
    response.headers["Content-Security-Policy"] = INERT.format(media=media)
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@compose.get("/campaigns/<id:campaign_id>/preview/frame")
@login_required
def preview_frame(campaign_id: int) -> ResponseReturnValue:
    """The part of the page around the preview, and whom a test would be filled in for."""
    on = READING if request.args.get("on") == "mail" else WRITING
    shown = preview_of(find_own(campaign_id), on=on)
    return render_template("compose/preview_frame.html", **shown)


def preview_of(campaign: Campaign, *, on: str = WRITING) -> dict[str, object]:
    """Return what the preview's surroundings show; ``looked_at`` is None without recipients."""
    session = request_session()
    recipient = _asked_recipient(campaign)
    before, after = audience.neighbours(session, recipient) if recipient else (None, None)
    subject = preheader = ""
    with suppress(InvalidInput, MessageError):
        if campaign.content is not None:
            shown = _render(campaign, campaign.content, recipient)
            subject, preheader = shown.subject, shown.preheader
    shown_id = recipient.id if recipient else None
    place = partial(url_for, "compose.preview", campaign_id=campaign.id, recipient=shown_id)
    return {
        "campaign": campaign,
        "looked_at": recipient,
        "before": before,
        "after": after,
        "shown_subject": subject,
        "shown_preheader": preheader,
        "has_html": campaign.content is None or campaign.content.kind is not ContentKind.TEXT,
        "on": on,
        "html_url": place(),
        "dark_url": place(part="dark"),
        "text_url": place(part="text"),
    }


def _asked_recipient(campaign: Campaign) -> Recipient | None:
    asked = read_page({"cursor": request.args.get("recipient", "")}).cursor or 0
    return audience.find_recipient(request_session(), campaign, asked)


def _render(campaign: Campaign, content: ContentVersion, recipient: Recipient | None) -> Preview:
    workspace = request_session().get_one(Workspace, campaign.workspace_id)
    return render_preview(
        content.subject,
        content.html_sent,
        content.text,
        preheader=content.preheader,
        language=content.language,
        postal_address=workspace.postal_address or "",
        envelope=recipient.email if recipient else "you@example.com",
        name=recipient.name if recipient else "",
        values=recipient.fields if recipient else {},
        # Nobody is unsubscribed by a look.
        unsubscribe_url="#",
    )
