"""The list of SMTP accounts, one account, and changing and deleting it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dakiya.campaigns.lanes import Lane, lane_of
from dakiya.campaigns.waiting import why_waiting
from dakiya.delivery.limits import slowed
from dakiya.delivery.usage import remaining_quota
from dakiya.delivery.used_before import counting_window, sent_elsewhere
from dakiya.errors import IllegalState, InvalidInput
from dakiya.models import SmtpAccount, SmtpTest
from dakiya.smtp_accounts import accounts, mailboxes
from dakiya.smtp_accounts.errands import TEST_LASTS_AT_MOST
from dakiya.smtp_accounts.facts import ServerFacts
from dakiya.smtp_accounts.providers import provider_of_host
from dakiya.smtp_accounts.trust import shown_certificate
from dakiya_web import confirming
from dakiya_web.input.reader import InvalidFields
from dakiya_web.pages.people.sessions import logged_in_user
from dakiya_web.pages.smtp_accounts import wording
from dakiya_web.pages.smtp_accounts.blueprint import find_own, smtp_accounts
from dakiya_web.pages.smtp_accounts.domain import ask_for_domain, look_at_domain
from dakiya_web.pages.smtp_accounts.forecast_words import say_assumptions, say_finish
from dakiya_web.pages.smtp_accounts.forms import (
    AccountForm,
    ElsewhereForm,
    TestForm,
    form_of,
    read_form,
)
from dakiya_web.pages.smtp_accounts.presets import DEMO_INBOX
from dakiya_web.pages.smtp_accounts.remedies import remedy
from dakiya_web.pages.smtp_accounts.telling import Told, look_at_mail
from dakiya_web.pages.smtp_accounts.trusting import grouped
from dakiya_web.ring import ring
from dakiya_web.texts import gettext
from dakiya_web.wiring import request_session, wiring

TOLD_LIMITS = frozenset({"per_hour", "per_day"})


@dataclass(frozen=True)
class Seen:
    """An account as the pages show it."""

    account: SmtpAccount
    test: SmtpTest | None
    health: wording.Health
    limits: str
    # The pace it has learned, and when its own limits alone apply again.
    slowed: str
    slowed_until: datetime | None
    quotas: list[str]
    # Accounts of the workspace that send through the same mailbox, and whether others do too.
    sharing: Sequence[SmtpAccount]
    is_used_elsewhere: bool
    connections: str
    security: str
    facts: ServerFacts | None
    # By what its limits exceed what its provider is known to take.
    cautions: Sequence[str]
    is_demo: bool
    # Whether people are told by mail when it stops.
    told: Told

    @classmethod
    def of(cls, account: SmtpAccount) -> "Seen":
        """Look at an account and its last test."""
        session = request_session()
        test, learned = accounts.latest_test(session, account), slowed(session, account)
        return cls(
            account=account,
            test=test,
            health=wording.health(account, test, now=wiring().clock()),
            limits=wording.limits(account),
            slowed=wording.slowed_pace(learned, now=wiring().clock()),
            slowed_until=learned.over_at if learned else None,
            quotas=_quotas(account),
            sharing=mailboxes.same_mailbox(session, account),
            is_used_elsewhere=mailboxes.is_used_elsewhere(session, account),
            connections=wording.connections(account),
            security=str(wording.SECURITY_WORDS[account.security]),
            facts=ServerFacts.read(account.server_facts),
            cautions=wording.cautions(account),
            is_demo=bool(wiring().settings.demo_inbox_url)
            and (account.name, account.host) == DEMO_INBOX,
            told=look_at_mail(account),
        )


def _quotas(account: SmtpAccount) -> list[str]:
    """Say what is left of the limits that last long enough to be told."""
    found = remaining_quota(request_session(), account, now=wiring().clock())
    return [wording.quota(one.name, one.left) for one in found if one.name in TOLD_LIMITS]


@smtp_accounts.get("/smtp-accounts")
def index() -> ResponseReturnValue:
    """All accounts, with their health."""
    found = accounts.list_accounts(request_session(), user_id=logged_in_user().id)
    return render_template("smtp_accounts/index.html", items=[Seen.of(one) for one in found])


@smtp_accounts.get("/smtp-accounts/<id:account_id>")
def show(account_id: int) -> ResponseReturnValue:
    """One account, its last test, and the form of the next."""
    return show_account(find_own(account_id), TestForm(to=logged_in_user().email))


def show_account(account: SmtpAccount, form: TestForm) -> str:
    """Return the page of one account."""
    seen, session, now = Seen.of(account), request_session(), wiring().clock()
    lane = lane_of(session, account, now=now)
    return render_template(
        "smtp_accounts/show.html",
        seen=seen,
        form=form,
        lane=lane,
        domain=look_at_domain(account),
        whys={
            one.campaign.id: why_waiting(session, one.campaign, now=now) for one in lane.campaigns
        },
        finish=say_finish(lane.finish, since=now) if lane.finish else "",
        assumptions=_assumptions(lane, now=now),
        elsewhere=sent_elsewhere(session, account, now=now),
        elsewhere_window=counting_window(session, account),
        elsewhere_form=ElsewhereForm(formdata=None),
        **about_test(account, seen.test),
    )


def _assumptions(lane: Lane, *, now: datetime) -> Sequence[str]:
    """Say what the forecast of a lane takes for granted; that its campaigns share it is plain."""
    if lane.finish is None:
        return ()
    alone = replace(lane.finish, others=0)
    return say_assumptions(alone, timezone=logged_in_user().timezone, now=now)


def about_test(account: SmtpAccount, test: SmtpTest | None) -> dict[str, object]:
    """Return what the part of a page about a test needs."""
    lost = (
        test is not None
        and test.finished_at is None
        and wiring().clock() - test.created_at > TEST_LASTS_AT_MOST
    )
    return {
        "test": test,
        "runs": test is not None and test.finished_at is None and not lost,
        "lost": lost,
        "step_words": wording.STEP_WORDS,
        "remedy": remedy,
        "shown": shown_certificate(test),
        "may_trust": provider_of_host(account.host) is None,
        "grouped": grouped,
    }


@smtp_accounts.route("/smtp-accounts/<id:account_id>/edit", methods=["GET", "POST"])
def edit(account_id: int) -> ResponseReturnValue:
    """Change an account; a pause ends, since its trouble may be mended."""
    account = find_own(account_id, lock=request.method == "POST")
    if request.method != "POST":
        form = AccountForm(data=form_of(account))
        return render_template("smtp_accounts/edit.html", form=form, seen=Seen.of(account))
    session, wired, form = request_session(), wiring(), AccountForm()
    has_password = account.password_encrypted is not None
    try:
        sent = read_form(form, has_password=has_password)
        accounts.change_account(
            session, account, sent.values, password=sent.password, box=wired.box
        )
    except InvalidFields as error:
        form.note(error.errors)
    except InvalidInput as error:
        form.note({error.field: [str(error)]})
    else:
        session.commit()
        ring(lambda doorbell: doorbell.ring_tick())
        ask_for_domain(account)
        flash(gettext("Saved."), "success")
        return redirect(url_for("smtp_accounts.show", account_id=account.id), 303)
    return render_template("smtp_accounts/edit.html", form=form, seen=Seen.of(account)), 422


@smtp_accounts.get("/smtp-accounts/<id:account_id>/delete")
def ask_delete(account_id: int) -> ResponseReturnValue:
    """Ask before an account is deleted."""
    account = find_own(account_id)
    return confirming.ask(
        gettext("Delete “%(name)s”?", name=account.name),
        gettext(
            "Its password is forgotten at once. Campaigns that were sent through it keep their "
            "reports; a draft that uses it needs another account."
        ),
        button=gettext("Delete this account"),
        action=url_for("smtp_accounts.delete", account_id=account.id),
        back=url_for("smtp_accounts.show", account_id=account.id),
    )


@smtp_accounts.post("/smtp-accounts/<id:account_id>/delete")
def delete(account_id: int) -> ResponseReturnValue:
    """Delete an account that no running campaign needs; else say which one does."""
    account = find_own(account_id, lock=True)
    try:
        accounts.delete_account(request_session(), account, now=wiring().clock())
    except IllegalState as error:
        flash(
            gettext("“%(name)s” was not deleted. %(error)s", name=account.name, error=error),
            "error",
        )
        return redirect(url_for("smtp_accounts.show", account_id=account.id), 303)
    request_session().commit()
    flash(gettext("“%(name)s” is deleted.", name=account.name), "success")
    return redirect(url_for("smtp_accounts.index"), 303)
