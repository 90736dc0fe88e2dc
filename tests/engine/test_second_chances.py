"""A second chance of many mails outlives a killed scheduler, and moves each mail once."""

from sqlalchemy import text

from dakiya.db import SessionFactory
from dakiya.delivery.counters import SCHEDULER_SLOT, Moves
from dakiya.delivery.second_chances import find_chance, resolve_unknown
from dakiya.models import CampaignCounter, EmailState
from tests.engine.installation import Installation
from tests.engine.world import (
    make_account,
    make_sending,
    make_workspace,
    miscounted,
    states_of,
    wait_until,
)

MAILS = 2_500
_WRITE = text("""
    WITH added AS (
        INSERT INTO recipient (workspace_id, campaign_id, email, email_normalised)
        SELECT :workspace_id, :campaign_id, address, address
          FROM generate_series(1, :mails) AS number, concat('r', number, '@example.net') AS address
        RETURNING campaign_id, id)
    INSERT INTO email (campaign_id, recipient_id, due_at, state, fence)
    SELECT campaign_id, id, now(), 'unknown', 1 FROM added
""")

_IS_BLOCKED = text("""
    SELECT count(*) FROM pg_stat_activity
     WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO campaign_counter%'
       AND datname = current_database()
""")


def test_second_chance_goes_on_after_the_scheduler_was_killed(
    installation: Installation, session_factory: SessionFactory
) -> None:
    with session_factory.begin() as session:
        account = make_account(session, make_workspace(session), 2525)
        campaign = make_sending(session, account, 0)
        keys = {"workspace_id": account.workspace_id, "campaign_id": campaign.id}
        session.execute(_WRITE, {**keys, "mails": MAILS})
        moves = Moves()
        moves.add(None, EmailState.UNKNOWN, MAILS)
        moves.store(session, campaign_id=campaign.id, slot=20)
        given = resolve_unknown(session, campaign, recipient_ids=None, as_sent=True)
        assert given.remaining > 0
        begun = given.moved
    with session_factory() as blocking:
        # The scheduler gets as far as its counters, with mails moved and nothing committed.
        blocking.add(CampaignCounter(campaign_id=campaign.id, slot=SCHEDULER_SLOT))
        blocking.flush()
        scheduler = installation.start("scheduler")
        wait_until(session_factory, lambda session: bool(session.scalar(_IS_BLOCKED)))
        installation.kill(scheduler)
    with session_factory() as session:
        chance = find_chance(session, campaign.id)
        assert chance is not None
        assert chance.moved == begun
    installation.start("scheduler")
    wait_until(session_factory, lambda session: find_chance(session, campaign.id) is None)
    with session_factory() as session:
        assert states_of(session, campaign) == {EmailState.SENT: MAILS}
        assert not miscounted(session, campaign)
