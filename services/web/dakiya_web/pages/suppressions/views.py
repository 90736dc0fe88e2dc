"""The list of suppressed addresses: search, remove, export."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dakiya.accounts.users import workspace_of
from dakiya.contacts import suppressions as listed
from dakiya.mail.addresses import AddressError
from dakiya_web import confirming
from dakiya_web.exporting import csv_download
from dakiya_web.input.suppression_cursor import read_cursor, write_cursor
from dakiya_web.pages.people.sessions import logged_in_user
from dakiya_web.pages.suppressions.blueprint import suppressions
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session, wiring

PER_PAGE = 50
MAX_SEARCH_CHARS = 254


@suppressions.get("/suppressions")
def index() -> ResponseReturnValue:
    """The suppressed addresses, the newest first."""
    session, user_id = request_session(), logged_in_user().id
    wanted = request.args.get("address", "").replace("\0", "").strip()[:MAX_SEARCH_CHARS]
    before = read_cursor(request.args.get("before", ""))
    found = listed.list_suppressions(
        session, user_id=user_id, search=wanted, before=before, limit=PER_PAGE + 1
    )
    lines = found[:PER_PAGE]
    return render_template(
        "suppressions/index.html",
        lines=lines,
        wanted=wanted,
        total=listed.count_suppressions(session, user_id=user_id),
        begins=before is None,
        older=write_cursor(lines[-1]) if len(found) > PER_PAGE else "",
    )


@suppressions.get("/suppressions/remove")
def ask_remove() -> ResponseReturnValue:
    """Ask before an address gets mail again."""
    address = request.args.get("address", "")[:MAX_SEARCH_CHARS]
    return confirming.ask(
        gettext("Send mail to %(address)s again?", address=address),
        gettext(
            "Whoever unsubscribed did not want more mail. Write to them again only if they asked "
            "you to; the law in many countries says so too."
        ),
        button=gettext("Remove from the list"),
        action=url_for("suppressions.remove"),
        back=url_for("suppressions.index"),
        fields={"address": address},
    )


@suppressions.post("/suppressions/remove")
def remove() -> ResponseReturnValue:
    """Allow mail to an address again."""
    session = request_session()
    address = request.form.get("address", "")[:MAX_SEARCH_CHARS]
    try:
        removed = listed.unsuppress(session, workspace_of(session, logged_in_user().id), address)
    except AddressError:
        removed = False
    session.commit()
    if removed:
        flash(gettext("%(address)s may get mail again.", address=address), "success")
    else:
        flash(gettext("%(address)s was not on the list.", address=address), "info")
    return redirect(url_for("suppressions.index"), 303)


@suppressions.get("/suppressions.csv")
def export() -> ResponseReturnValue:
    """The whole list as a CSV file, which can be taken in again."""
    lines = listed.export_suppressions(wiring().sessions, user_id=logged_in_user().id)
    rows = (
        (line.email_normalised, line.reason.value, f"{line.created_at:%Y-%m-%d %H:%M:%S} UTC")
        for line in lines
    )
    return csv_download("suppressions", ("email", "reason", "since"), rows)
