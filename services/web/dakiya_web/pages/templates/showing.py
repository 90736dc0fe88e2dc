"""How a template looks when somebody gets it, on an address of its own where nothing can run."""

from flask import Response, render_template, request

from dakiya.accounts.users import workspace_of
from dakiya.campaigns.content import Content, html_or_none
from dakiya.errors import InvalidInput
from dakiya.mail.compiled import MessageError
from dakiya.mail.preview import Preview, in_the_dark, render_preview
from dakiya.models import Workspace
from dakiya_web.pages.compose.preview import inert
from dakiya_web.pages.people.sessions import logged_in_user
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session


def show(content: Content) -> Preview:
    """Fill in an example recipient and the workspace's own address. Raises as the real mail."""
    session = request_session()
    workspace = session.get_one(Workspace, workspace_of(session, logged_in_user().id))
    address = workspace.postal_address or gettext("The postal address from your profile")
    return render_preview(
        content.subject,
        html_or_none(content),
        content.text,
        preheader=content.preheader,
        language=content.language,
        postal_address=address,
        envelope="asha@example.com",
        name="Asha",
        values={},
        unsubscribe_url="#",
    )


def answer_with(content: Content) -> Response:
    """Answer with the mail as it looks, for a frame; part=dark in the dark, part=text its text."""
    try:
        shown = show(content)
    except (InvalidInput, MessageError) as error:
        return inert(render_template("compose/no_preview.html", words=str(error)))
    part = request.args.get("part")
    if shown.html is None or part == "text":
        return inert(render_template("compose/preview_text.html", text=shown.text))
    return inert(in_the_dark(shown.html) if part == "dark" else shown.html)
