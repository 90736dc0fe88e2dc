"""A server that refuses everybody with words that name nobody costs no recipient anything."""

from dataclasses import dataclass
from multiprocessing.process import BaseProcess

from sqlalchemy import select, text
from sqlalchemy.orm import Session

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
    start(installation)
    return campaign


def start(installation: Installation) -> list[BaseProcess]:
    """Start the scheduler and two senders; returns these."""
    # Small batches, so that both senders meet the server at once.
    installation.start("scheduler", DAKIYA_BATCH_SIZE="10")
    return [start_sender(installation) for _ in range(2)]


def start_sender(installation: Installation) -> BaseProcess:
    return installation.start("sender", DAKIYA_BATCH_SIZE="10")


def account_of(session_factory: SessionFactory) -> SmtpAccount:
    with session_factory() as session:
        return session.scalars(select(SmtpAccount)).one()


def is_stopped(session: Session, account: SmtpAccount, campaign: Campaign) -> bool:
    """Say whether the account waits for its owner, and nothing is on its way any more."""
    reason = select(SmtpAccount.pause_reason).where(SmtpAccount.id == account.id)
    held = select(HeldRefusal.email_id).join(Email).where(Email.campaign_id == campaign.id)
    return (
        session.scalars(reason).one() == "policy"
        and not states_of(session, campaign)[EmailState.CLAIMED]
        and not session.scalars(held).all()
    )


def not_sent(session: Session) -> set[int]:
    """Return how many attempts those have used that are not sent."""
    return set(session.scalars(select(Email.attempts).where(Email.state != EmailState.SENT)))


@dataclass(frozen=True)
class Refusing:
    """A server that begins to refuse everybody, and a campaign of an account on it."""

    phase: str
    reply: str
    server: Recorder
    account: SmtpAccount
    campaign: Campaign

    def begin(self) -> None:
        received = False if self.phase == "dot" else None
        self.server.behave(Rule(self.phase, reply=self.reply, received=received))

    def is_stopped(self, session: Session) -> bool:
        return is_stopped(session, self.account, self.campaign)


REFUSALS = [
    ("rcpt", "550 5.7.1 Message rejected under policy"),
    ("dot", "554 5.2.0 Transaction failed"),
    ("dot", "550 Requested action not taken"),
]


def test_servers_that_begin_to_refuse_everybody_stop_their_accounts_and_lose_nobody(
    installation: Installation, session_factory: SessionFactory, recorder: StartRecorder
) -> None:
    cases = []
    with session_factory.begin() as session:
        for number, (phase, reply) in enumerate(REFUSALS):
            server = recorder(Rule("dot", delay_s=0.3))
            workspace_id = make_workspace(session, f"user{number}@example.com")
            account = make_account(session, workspace_id, server.port, connections=CONNECTIONS)
            campaign = make_campaign(session, account, MAILS)
            cases.append(Refusing(phase, reply, server, account, campaign))
    start(installation)
    left = [*cases]

    def all_refuse(session: Session) -> bool:
        for case in [*left]:
            if states_of(session, case.campaign)[EmailState.SENT] >= 5:
                case.begin()
                left.remove(case)
        return not left

    wait_until(session_factory, all_refuse)
    wait_until(session_factory, lambda session: all(case.is_stopped(session) for case in cases))
    with session_factory() as session:
        assert not_sent(session) == {0}
        for case in cases:
            account = session.get_one(SmtpAccount, case.account.id)
            assert account.paused_until is None
            assert case.reply in (account.pause_detail or "")
            found = states_of(session, case.campaign)
            assert set(found) <= {EmailState.SENT, EmailState.PENDING, EmailState.DEFERRED}
            # Each connection may have had one under way, and a row that an acceptance ended is
            # begun anew.
            assert REFUSALS_IN_A_ROW <= found[EmailState.DEFERRED] < 4 * REFUSALS_IN_A_ROW
    with session_factory.begin() as session:
        for case in cases:
            case.server.behave()
            clear_trouble(session, case.account.id)
    for case in cases:
        status_is(session_factory, case.campaign, CampaignStatus.FINISHED)
        audit = audited(session_factory, case.campaign, case.server.received())
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
    # Slowly, so that what is held is seen.
    refusing = Rule("dot", reply="554 5.7.1 Refused by policy", received=False, delay_s=0.3)
    server = recorder(refusing)
    with session_factory.begin() as session:
        session.execute(text(_NEVER_BACK))
        account = make_account(
            session, make_workspace(session), server.port, connections=CONNECTIONS
        )
        campaign = make_campaign(session, account, 4 * MAILS)
    senders = start(installation)
    for _ in range(4):
        wait_until(session_factory, lambda s: bool(s.scalars(select(HeldRefusal.email_id)).all()))
        installation.kill_with_children(senders.pop(0))
        senders.append(start_sender(installation))
        wait_until(session_factory, lambda s: is_stopped(s, account, campaign))
        sent = len(server.received())
        server.behave(Rule("dot", delay_s=0.2))
        with session_factory.begin() as session:
            clear_trouble(session, account.id)
        server.wait_for_received(sent + MAILS // 2, timeout_s=60)
        server.behave(refusing)
    wait_until(session_factory, lambda s: is_stopped(s, account, campaign))
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
