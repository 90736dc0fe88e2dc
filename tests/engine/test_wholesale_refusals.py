"""A server that refuses everybody with words that name nobody costs no recipient anything."""

import pytest
from sqlalchemy import select, text

from dakiya.db import SessionFactory
from dakiya.delivery.refusals import REFUSALS_IN_A_ROW
from dakiya.delivery.trouble import clear_trouble
from dakiya.models import (
    Attempt,
    Campaign,
    CampaignStatus,
    Email,
    EmailState,
    HeldRefusal,
    SmtpAccount,
)
from tests.engine.installation import Installation
from tests.engine.world import (
    audited,
    make_account,
    make_campaign,
    make_workspace,
    states_of,
    status_is,
    wait_until,
)
from tests.recorder import Recorder, Rule
from tests.recorder.plugin import StartRecorder

MAILS = 60
CONNECTIONS = 3


def run(
    installation: Installation, session_factory: SessionFactory, server: Recorder, mails: int
) -> Campaign:
    with session_factory.begin() as session:
        account = make_account(
            session, make_workspace(session), server.port, connections=CONNECTIONS
        )
        campaign = make_campaign(session, account, mails)
    # Small batches, so that both senders meet the server at once.
    installation.start("scheduler", DAKIYA_BATCH_SIZE="10")
    for _ in range(2):
        installation.start("sender", DAKIYA_BATCH_SIZE="10")
    return campaign


def account_of(session_factory: SessionFactory) -> SmtpAccount:
    with session_factory() as session:
        return session.scalars(select(SmtpAccount)).one()


def stops(session_factory: SessionFactory, campaign: Campaign) -> None:
    """Wait until the account waits for its owner, and nothing is on its way any more."""
    wait_until(
        session_factory, lambda s: s.scalars(select(SmtpAccount.pause_reason)).one() == "policy"
    )
    wait_until(session_factory, lambda s: states_of(s, campaign)[EmailState.CLAIMED] == 0)
    wait_until(session_factory, lambda s: not s.scalars(select(HeldRefusal.email_id)).all())


@pytest.mark.parametrize(
    ("phase", "reply"),
    [
        ("rcpt", "550 5.7.1 Message rejected under policy"),
        ("dot", "554 5.2.0 Transaction failed"),
        ("dot", "550 Requested action not taken"),
    ],
)
def test_server_that_begins_to_refuse_everybody_stops_the_account_and_loses_nobody(
    installation: Installation,
    session_factory: SessionFactory,
    recorder: StartRecorder,
    phase: str,
    reply: str,
) -> None:
    server = recorder(Rule("dot", delay_s=0.05))
    campaign = run(installation, session_factory, server, MAILS)
    wait_until(session_factory, lambda s: states_of(s, campaign)[EmailState.SENT] >= 5)
    refusing = (
        Rule(phase, reply=reply, received=False) if phase == "dot" else Rule(phase, reply=reply)
    )
    server.behave(refusing)
    stops(session_factory, campaign)
    account = account_of(session_factory)
    assert account.paused_until is None
    assert reply in (account.pause_detail or "")
    with session_factory() as session:
        found = states_of(session, campaign)
        charged = set(session.scalars(select(Email.attempts).where(Email.state != EmailState.SENT)))
    assert set(found) <= {EmailState.SENT, EmailState.PENDING, EmailState.DEFERRED}
    assert charged == {0}
    # Each connection may have had one under way, and a row that an acceptance ended is begun anew.
    assert REFUSALS_IN_A_ROW <= found[EmailState.DEFERRED] < 4 * REFUSALS_IN_A_ROW
    server.behave()
    with session_factory.begin() as session:
        clear_trouble(session, account.id)
    status_is(session_factory, campaign, CampaignStatus.FINISHED)
    audit = audited(session_factory, campaign, server.received())
    assert (audit.received, audit.unknown) == (MAILS, 0)
    with session_factory() as session:
        assert set(session.scalars(select(Email.attempts))) == {1}
        assert EmailState.FAILED not in session.scalars(select(Attempt.outcome)).all()


def test_refusals_of_some_recipients_stay_final_and_stop_nobody(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder(
        Rule("rcpt", reply="550 5.7.1 Not for this mailbox", recipient="r[1-5]?[27]@")
    )
    campaign = run(installation, session_factory, server, MAILS)
    status_is(session_factory, campaign, CampaignStatus.FINISHED)
    audit = audited(session_factory, campaign, server.received())
    assert audit.received == MAILS - 12
    with session_factory() as session:
        rows = session.execute(
            select(Email.state, Email.reason, Email.attempts).where(Email.state != EmailState.SENT)
        ).all()
        told = session.execute(select(Attempt.outcome, Attempt.number)).all()
    assert [tuple(row) for row in rows] == [(EmailState.FAILED, "policy", 1)] * 12
    assert [tuple(row) for row in told] == [(EmailState.FAILED, 1)] * 12
    assert account_of(session_factory).trouble_count == 0


def test_list_of_which_nobody_is_left_to_spare_ends(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    server = recorder(Rule("rcpt", reply="550 5.7.1 Refused"))
    campaign = run(installation, session_factory, server, REFUSALS_IN_A_ROW - 1)
    status_is(session_factory, campaign, CampaignStatus.FINISHED)
    audited(session_factory, campaign, server.received())
    with session_factory() as session:
        assert states_of(session, campaign) == {EmailState.FAILED: REFUSALS_IN_A_ROW - 1}
    assert account_of(session_factory).pause_reason is None


def test_server_that_changes_its_mind_while_senders_are_killed_charges_and_doubles_nobody(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    """Four rounds: everybody is refused, a sender is killed (kill -9), its owner mends it."""
    refusing = Rule("dot", reply="554 5.7.1 Refused by policy", received=False)
    server = recorder(refusing)
    with session_factory.begin() as session:
        session.execute(text(_NEVER_BACK))
        account = make_account(
            session, make_workspace(session), server.port, connections=CONNECTIONS
        )
        campaign = make_campaign(session, account, 4 * MAILS)
    installation.start("scheduler", DAKIYA_BATCH_SIZE="10")
    senders = [installation.start("sender", DAKIYA_BATCH_SIZE="10") for _ in range(2)]
    for _ in range(4):
        wait_until(session_factory, lambda s: bool(s.scalars(select(HeldRefusal.email_id)).all()))
        installation.kill_with_children(senders.pop(0))
        senders.append(installation.start("sender", DAKIYA_BATCH_SIZE="10"))
        stops(session_factory, campaign)
        sent = len(server.received())
        server.behave(Rule("dot", delay_s=0.02))
        with session_factory.begin() as session:
            clear_trouble(session, account.id)
        server.wait_for_received(sent + MAILS // 2, timeout_s=60)
        server.behave(refusing)
    stops(session_factory, campaign)
    server.behave()
    with session_factory.begin() as session:
        clear_trouble(session, account.id)
    status_is(session_factory, campaign, CampaignStatus.FINISHED)
    audit = audited(session_factory, campaign, server.received())
    with session_factory() as session:
        found = states_of(session, campaign)
    # At most one on the wire of each connection of a killed sender.
    assert audit.unknown <= 4 * CONNECTIONS
    assert set(found) <= {EmailState.SENT, EmailState.UNKNOWN}


# Whoever wakes a mail that was said to have failed, breaks off.
_NEVER_BACK = """
    CREATE FUNCTION never_back() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'a failed mail is woken'; END $$;
    CREATE TRIGGER never_back BEFORE UPDATE ON email FOR EACH ROW
    WHEN (OLD.state = 'failed' AND NEW.state <> 'failed') EXECUTE FUNCTION never_back();
"""
