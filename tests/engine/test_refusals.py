"""What servers say about single mails: deferred, failed, unknown, and their neighbours go out."""

from collections import Counter

from sqlalchemy import select

from dakiya.campaigns.drafts import Content, set_content
from dakiya.campaigns.lifecycle import resume
from dakiya.db import SessionFactory
from dakiya.delivery.content_trouble import REFUSALS_IN_A_ROW
from dakiya.delivery.second_chances import retry_failed
from dakiya.models import (
    Attempt,
    Campaign,
    CampaignStatus,
    Email,
    EmailState,
    Recipient,
    SmtpAccount,
    Suppression,
)
from tests.engine.installation import Installation
from tests.engine.world import (
    audit,
    audited,
    make_account,
    make_campaign,
    make_workspace,
    states_of,
    status_is,
)
from tests.recorder import Action, Recorder, Rule
from tests.recorder.plugin import StartRecorder

MAILS = 60


def run(
    installation: Installation, session_factory: SessionFactory, server: Recorder, **settings: str
) -> Campaign:
    with session_factory.begin() as session:
        account = make_account(session, make_workspace(session), server.port, connections=2)
        campaign = make_campaign(session, account, MAILS)
    installation.start("scheduler", **settings)
    installation.start("sender", **settings)
    status_is(session_factory, campaign, CampaignStatus.FINISHED)
    return campaign


def rows_of(session_factory: SessionFactory, pattern: str) -> list[Email]:
    with session_factory() as session:
        return list(
            session.scalars(
                select(Email)
                .join(Recipient, Recipient.id == Email.recipient_id)
                .where(Recipient.email.regexp_match(pattern))
                .order_by(Email.id)
            )
        )


def nobody_was_blamed(session_factory: SessionFactory) -> bool:
    with session_factory() as session:
        account = session.scalars(select(SmtpAccount)).one()
        return account.pause_reason is None and account.trouble_count == 0


def test_mail_that_is_put_off_is_sent_later(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder(
        Rule("rcpt", reply="450 4.2.1 Greylisted, come back", recipient="r1.@", times=2),
        Rule("dot", reply="451 4.3.0 Try again later", recipient="r2.@", times=1),
    )
    campaign = run(installation, session_factory, server)
    found = audited(session_factory, campaign, server.received())
    assert (found.received, found.unknown) == (MAILS, 0)
    assert {row.attempts for row in rows_of(session_factory, "^r1.@")} == {3}
    assert {row.attempts for row in rows_of(session_factory, "^r2.@")} == {2}
    assert {row.attempts for row in rows_of(session_factory, "^r[345].@")} == {1}
    with session_factory() as session:
        outcomes = session.scalars(select(Attempt.outcome)).all()
    assert outcomes == [EmailState.DEFERRED] * 30
    assert nobody_was_blamed(session_factory)


def test_mail_that_is_put_off_for_ever_is_given_up(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder(Rule("rcpt", reply="450 4.2.1 Mailbox busy", recipient="r7@"))
    campaign = run(installation, session_factory, server, DAKIYA_GIVE_UP_HOURS="0.001")
    found = audited(session_factory, campaign, server.received())
    assert found.received == MAILS - 1
    [row] = rows_of(session_factory, "^r7@")
    assert (row.state, row.reason, row.reply_code) == (EmailState.FAILED, "gave_up", 450)
    assert row.attempts >= 2


def test_mail_that_is_refused_for_good_fails_and_a_dead_address_is_suppressed(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder(
        Rule("rcpt", reply="550 5.1.1 No such user", recipient="r1.@"),
        Rule("dot", reply="554 5.6.0 Content rejected", recipient="r2[0-4]@"),
        Rule("data", reply="554 5.7.1 Policy", recipient="r[345][05]@"),
    )
    campaign = run(installation, session_factory, server)
    found = audited(session_factory, campaign, server.received())
    assert found.received == MAILS - 21
    failed = {
        pattern: {
            (row.state, row.reply_code, row.reply_text, row.reason, row.attempts)
            for row in rows_of(session_factory, pattern)
        }
        for pattern in ("^r1.@", "^r2[0-4]@", "^r[345][05]@")
    }
    assert failed == {
        "^r1.@": {(EmailState.FAILED, 550, "5.1.1 No such user", "unknown_user", 1)},
        "^r2[0-4]@": {(EmailState.FAILED, 554, "5.6.0 Content rejected", "content", 1)},
        "^r[345][05]@": {(EmailState.FAILED, 554, "5.7.1 Policy", "policy", 1)},
    }
    with session_factory() as session:
        suppressed = set(session.scalars(select(Suppression.email_normalised)))
    assert suppressed == {f"r1{n}@example.net" for n in range(10)}
    assert nobody_was_blamed(session_factory)


def test_connection_cut_before_the_dot_is_tried_again_and_cut_after_it_is_unknown(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder(
        Rule("data", Action.DROP, recipient="r1[05]@", times=2),
        Rule("body", Action.DROP, recipient="r30@", times=1),
        Rule("dot", Action.DROP, recipient="r20@", received=True),
        Rule("dot", Action.DROP, recipient="r40@", received=False),
    )
    campaign = run(installation, session_factory, server)
    found = audited(session_factory, campaign, server.received())
    # A server that cuts in mid-body may be so slow about it that our dot has left by then.
    [cut] = rows_of(session_factory, "^r30@")
    assert cut.state in (EmailState.SENT, EmailState.UNKNOWN)
    assert found.unknown == 2 + (cut.state is EmailState.UNKNOWN)
    assert found.received == MAILS - 1 - (cut.state is EmailState.UNKNOWN)
    lost = rows_of(session_factory, "^r(20|40)@")
    assert [(r.state, r.reason) for r in lost] == [(EmailState.UNKNOWN, "no_reply")] * 2
    assert {r.state for r in rows_of(session_factory, "^r1[05]@")} == {EmailState.SENT}


def test_mail_at_which_the_server_always_breaks_off_is_given_up_and_holds_nobody_up(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder(Rule("data", Action.DROP, recipient="r10@"))
    campaign = run(installation, session_factory, server, DAKIYA_GIVE_UP_HOURS="0.001")
    found = audited(session_factory, campaign, server.received())
    assert (found.received, found.unknown) == (MAILS - 1, 0)
    [row] = rows_of(session_factory, "^r10@")
    assert (row.state, row.reason) == (EmailState.FAILED, "gave_up")
    assert 2 <= row.attempts <= 10
    with session_factory() as session:
        assert states_of(session, campaign)[EmailState.SENT] == MAILS - 1


def test_refused_content_pauses_the_campaign_and_a_changed_one_goes_to_everybody_once(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder(Rule("dot", reply="554 5.6.0 Content rejected", received=False))
    with session_factory.begin() as session:
        account = make_account(session, make_workspace(session), server.port, connections=2)
        campaign = make_campaign(session, account, MAILS)
    installation.start("scheduler")
    installation.start("sender")
    status_is(session_factory, campaign, CampaignStatus.PAUSED)
    with session_factory() as session:
        found = session.get_one(Campaign, campaign.id)
        states = states_of(session, campaign)
    assert (found.pause_reason, found.refusal) == ("content", "554 5.6.0 Content rejected")
    assert set(states) == {EmailState.FAILED, EmailState.PENDING}
    # One more for the other connection, whose refusal was under way.
    assert REFUSALS_IN_A_ROW <= states[EmailState.FAILED] <= REFUSALS_IN_A_ROW + 1
    server.behave()
    with session_factory.begin() as session:
        found = session.get_one(Campaign, campaign.id)
        set_content(session, found, Content("Changed", "<p>Changed</p>", None))
        assert retry_failed(session, found).moved == states[EmailState.FAILED]
        resume(session, found)
    status_is(session_factory, campaign, CampaignStatus.FINISHED)
    found_now = audited(session_factory, campaign, server.received())
    assert (found_now.received, found_now.unknown) == (MAILS, 0)
    assert nobody_was_blamed(session_factory)


def test_unknown_mail_goes_again_once_where_that_was_chosen(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder(
        Rule("dot", Action.DROP, recipient="^r7@", times=1),
        Rule("dot", Action.DROP, recipient="^r30@", times=1, received=False),
        Rule("dot", Action.DROP, recipient="^r50@"),
    )
    with session_factory.begin() as session:
        account = make_account(session, make_workspace(session), server.port, connections=2)
        campaign = make_campaign(session, account, MAILS)
        campaign.resend_unknown = True
    installation.start("scheduler")
    installation.start("sender")
    status_is(session_factory, campaign, CampaignStatus.FINISHED)
    with session_factory() as session:
        found = audit(session, campaign, server.received())
    # A duplicate for each connection that was cut after the mail had arrived; never a third one.
    assert found.flaws == {"duplicates": 2}
    assert (found.received, found.unknown) == (MAILS, 1)
    arrived = Counter(mail.recipient for mail in server.received())
    assert {address: n for address, n in arrived.items() if n > 1} == {
        "r7@example.net": 2,
        "r50@example.net": 2,
    }
    [lost] = rows_of(session_factory, "^r50@")
    assert (lost.state, lost.attempts) == (EmailState.UNKNOWN, 2)
