"""Recipients of a draft: pasted or from a file, the whole list, and away with all of them."""

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from dakiya.contacts import audience
from dakiya.contacts.imports import create_import
from dakiya.contacts.pasted import read_pasted
from dakiya.contacts.recipients import add_recipients
from dakiya_web.confirming import ask
from dakiya_web.input.query import read_page
from dakiya_web.pages.compose.blueprint import compose, find_draft
from dakiya_web.pages.compose.details import details_page
from dakiya_web.pages.compose.forms import PasteForm
from dakiya_web.rendering import is_fragment
from dakiya_web.ring import ring
from dakiya_web.texts import gettext, ngettext
from dakiya_web.wiring import request_session
from dakiya_web.wording import number

PER_PAGE = 50
REJECTED_SHOWN = 200


@compose.get("/campaigns/<id:campaign_id>/edit/recipients")
@login_required
def recipients(campaign_id: int) -> ResponseReturnValue:
    """A page of the recipients so far."""
    session, campaign = request_session(), find_draft(campaign_id)
    page = read_page(request.args)
    found = audience.list_audience(session, campaign, after_id=page.cursor or 0, limit=PER_PAGE + 1)
    return render_template(
        "compose/recipients.html",
        campaign=campaign,
        recipients=found[:PER_PAGE],
        following=found[PER_PAGE - 1].id if len(found) > PER_PAGE else None,
        is_first=page.cursor is None,
        total=audience.count_audience(session, campaign),
    )


@compose.post("/campaigns/<id:campaign_id>/edit/recipients/paste")
@login_required
def paste(campaign_id: int) -> ResponseReturnValue:
    """Take pasted recipients; what could not be taken stays in the field to be mended."""
    session = request_session()
    campaign = find_draft(campaign_id, lock=True)
    form = PasteForm()
    if not form.validate():
        return details_page(campaign, paste=form), 422
    pasted = read_pasted(form.pasted.data)
    intake = add_recipients(session, campaign, pasted.rows)
    session.commit()
    said = ngettext(
        "%(num)s recipient added.",
        "%(num)s recipients added.",
        intake.accepted,
        num=number(intake.accepted),
    )
    rejected = sorted([*pasted.rejected, *intake.rejected], key=lambda line: line.row)
    if not rejected:
        flash(said, "success")
        return redirect(url_for("compose.edit", campaign_id=campaign.id) + "#recipients", 303)
    to_mend = dict.fromkeys(line.email for line in rejected if line.email)
    form.pasted.data = "\n".join(to_mend)
    page = details_page(
        campaign,
        paste=form,
        said=said if intake.accepted else gettext("Nothing was added."),
        rejected=rejected[:REJECTED_SHOWN],
        rejected_count=len(rejected),
        to_mend_count=len(to_mend),
    )
    return page, 422


@compose.post("/campaigns/<id:campaign_id>/edit/recipients/file")
@login_required
def upload(campaign_id: int) -> ResponseReturnValue:
    """Keep a recipient file for the import worker, and lead to the page that follows it."""
    # All of the body is read before the transaction begins: a slow upload must not hold a lock.
    file = request.files.get("file")
    content = file.stream.read() if file is not None else b""
    session = request_session()
    campaign = find_draft(campaign_id, lock=True)
    if not content:
        words = (
            gettext("The file is empty.")
            if file and file.filename
            else gettext("Choose a file first.")
        )
        if is_fragment():
            return jsonify(error=words), 422
        return details_page(campaign, file_error=words), 422
    name = file.filename if file is not None else None
    created = create_import(
        session, campaign, filename=name or "", content=content, look_first=True
    )
    session.commit()
    ring(lambda doorbell: doorbell.ring_import(created.id))
    place = url_for("compose.show_import", import_id=created.id)
    return jsonify(place=place) if is_fragment() else redirect(place, 303)


@compose.route("/campaigns/<id:campaign_id>/edit/recipients/remove", methods=["GET", "POST"])
@login_required
def remove_recipients(campaign_id: int) -> ResponseReturnValue:
    """Ask, then remove every recipient of the draft."""
    session = request_session()
    campaign = find_draft(campaign_id, lock=request.method == "POST")
    back = url_for("compose.edit", campaign_id=campaign.id)
    if request.method != "POST":
        total = audience.count_audience(session, campaign)
        return ask(
            ngettext(
                "Remove %(num)s recipient?", "Remove %(num)s recipients?", total, num=number(total)
            ),
            gettext(
                "“%(name)s” will have no recipients. Your files stay where they are on your "
                "computer, and nobody gets a mail.",
                name=campaign.name,
            ),
            button=gettext("Remove all"),
            action=request.path,
            back=back,
            keep=gettext("Keep them"),
        )
    removed = audience.remove_audience(session, campaign)
    session.commit()
    words = ngettext(
        "%(num)s recipient removed.",
        "%(num)s recipients removed.",
        removed,
        num=number(removed),
    )
    flash(words, "success")
    return redirect(back, 303)
