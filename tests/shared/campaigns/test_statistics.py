"""Figures from the ledger, by the user's own calendar, and always adding up to the counters."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from dakiya.accounts.users import find_user
from dakiya.campaigns.figures import FIGURES_EVERY, figures_due, take_figures
from dakiya.campaigns.statistics import (
    Day,
    Figures,
    Quarter,
    Totals,
    by_day,
    by_weekday_and_hour,
    read_days,
    read_heat_map,
    read_totals,
)
from dakiya.delivery.counters import Moves
from dakiya.models import Attempt, CampaignFigure, CampaignStatus, Email, EmailState
from tests.engine.world import make_workspace
from tests.shared.delivery.conftest import Scene, set_scene

# Wednesday, 25 November 2026, 00:10 in India; still the 24th in UTC.
NOW = datetime(2026, 11, 24, 18, 40, tzinfo=UTC)
INDIA = "Asia/Kolkata"


def user_of(session: Session, email: str = "alice@example.com") -> int:
    user = find_user(session, email)
    assert user is not None
    return user.id


def ends(scene: Scene, number: int, state: EmailState, ended_at: datetime) -> None:
    """Let one mail of the scene have ended at an instant."""
    accepted = state in (EmailState.SENT, EmailState.BOUNCED)
    mail_id = scene.mails[number].id
    scene.session.execute(
        update(Email)
        .where(Email.id == mail_id)
        .values(state=state, fence=1, sent_at=ended_at if accepted else None)
    )
    if not accepted:
        scene.session.add(
            Attempt(email_id=mail_id, number=1, outcome=state, phase="dot", ended_at=ended_at)
        )
    moves = Moves()
    moves.add(EmailState.CLAIMED, state)
    moves.store(scene.session, campaign_id=scene.campaign.id, slot=40)
    scene.session.flush()


@pytest.fixture
def scene(session: Session) -> Scene:
    """Five mails: four ended around midnight in India and one, the fifth, a month ago."""
    scene = set_scene(session)
    midnight = datetime(2026, 11, 24, 18, 30, tzinfo=UTC)
    ends(scene, 0, EmailState.SENT, midnight - timedelta(seconds=1))
    ends(scene, 1, EmailState.SENT, midnight)
    ends(scene, 2, EmailState.BOUNCED, midnight + timedelta(minutes=5))
    ends(scene, 3, EmailState.FAILED, midnight + timedelta(minutes=6))
    ends(scene, 4, EmailState.UNKNOWN, datetime(2026, 10, 31, 12, tzinfo=UTC))
    return scene


def totals(scene: Scene, *, timezone: str = INDIA, now: datetime = NOW) -> Totals:
    user_id = user_of(scene.session)
    return read_totals(scene.session, user_id=user_id, timezone=timezone, now=now)


def test_day_begins_at_midnight_of_the_users_zone(scene: Scene) -> None:
    take_figures(scene.session, scene.campaign.id, now=NOW)
    assert totals(scene) == Totals(
        today=Figures(sent=1, bounced=1, failed=1), month=Figures(sent=2, bounced=1, failed=1)
    )
    in_utc = Figures(sent=2, bounced=1, failed=1)
    assert totals(scene, timezone="UTC") == Totals(today=in_utc, month=in_utc)


def test_zone_a_quarter_past_the_hour_has_its_own_midnight(scene: Scene) -> None:
    """Nepal is 5:45 ahead: its 25th began at 18:15 UTC, before all of them."""
    take_figures(scene.session, scene.campaign.id, now=NOW)
    assert totals(scene, timezone="Asia/Kathmandu").today == Figures(sent=2, bounced=1, failed=1)


def test_what_no_figure_tells_yet_counts_as_now(scene: Scene) -> None:
    everything = Figures(sent=2, bounced=1, failed=1, unknown=1)
    assert totals(scene).today == everything
    take_figures(scene.session, scene.campaign.id, now=NOW)
    ends_now = Moves()
    ends_now.add(EmailState.PENDING, EmailState.SENT, 7)
    ends_now.store(scene.session, campaign_id=scene.campaign.id, slot=41)
    assert totals(scene).today == Figures(sent=8, bounced=1, failed=1)


def test_days_and_heat_map_agree_with_the_totals(scene: Scene) -> None:
    take_figures(scene.session, scene.campaign.id, now=NOW)
    user_id = user_of(scene.session)
    days = read_days(scene.session, user_id=user_id, timezone=INDIA, now=NOW, days=3)
    assert days == [
        Day(date(2026, 11, 23), Figures()),
        Day(date(2026, 11, 24), Figures(sent=1)),
        Day(date(2026, 11, 25), Figures(sent=1, bounced=1, failed=1)),
    ]
    table = read_heat_map(scene.session, user_id=user_id, timezone=INDIA, now=NOW)
    assert (table[1][23], table[2][0]) == (1, 2)
    assert sum(map(sum, table)) == 3


def test_other_users_figures_are_not_shown(scene: Scene) -> None:
    take_figures(scene.session, scene.campaign.id, now=NOW)
    make_workspace(scene.session, "bob@example.com")
    bob = user_of(scene.session, "bob@example.com")
    found = read_totals(scene.session, user_id=bob, timezone=INDIA, now=NOW)
    assert found == Totals(Figures(), Figures())


def test_figures_are_due_only_while_counters_move_and_not_too_often(scene: Scene) -> None:
    session, campaign_id = scene.session, scene.campaign.id
    assert figures_due(session, now=NOW) == [campaign_id]
    take_figures(session, campaign_id, now=NOW)
    assert figures_due(session, now=NOW + timedelta(hours=1)) == []
    moves = Moves()
    moves.add(EmailState.FAILED, EmailState.SENT)
    moves.store(session, campaign_id=campaign_id, slot=41)
    assert figures_due(session, now=NOW + FIGURES_EVERY / 2) == []
    assert figures_due(session, now=NOW + FIGURES_EVERY) == [campaign_id]


def test_large_campaign_is_read_more_rarely(scene: Scene) -> None:
    session, campaign_id = scene.session, scene.campaign.id
    take_figures(session, campaign_id, now=NOW)
    moves = Moves()
    moves.add(None, EmailState.SENT, 10_000_000)
    moves.store(session, campaign_id=campaign_id, slot=41)
    assert figures_due(session, now=NOW + 9 * FIGURES_EVERY) == []
    assert figures_due(session, now=NOW + 11 * FIGURES_EVERY) == [campaign_id]


def test_finished_campaign_is_read_once_more_for_what_moved_in_time(scene: Scene) -> None:
    session, campaign = scene.session, scene.campaign
    take_figures(session, campaign.id, now=NOW)
    campaign.status = CampaignStatus.FINISHED
    campaign.finished_at = NOW + timedelta(seconds=1)
    session.flush()
    later = NOW + FIGURES_EVERY
    assert figures_due(session, now=later) == [campaign.id]
    take_figures(session, campaign.id, now=later)
    assert figures_due(session, now=later + timedelta(days=1)) == []


def test_figures_taken_twice_are_the_same(scene: Scene) -> None:
    found = []
    for _ in range(2):
        take_figures(scene.session, scene.campaign.id, now=NOW)
        query = select(CampaignFigure).order_by(CampaignFigure.begins_at)
        found.append([(f.begins_at, f.sent, f.failed) for f in scene.session.scalars(query)])
    assert found[0] == found[1]
    assert len(found[0]) == 3


def test_failed_mail_without_an_attempt_counts_at_its_time(scene: Scene) -> None:
    scene.session.execute(text("DELETE FROM attempt"))
    take_figures(scene.session, scene.campaign.id, now=NOW)
    failed = scene.session.scalars(
        select(CampaignFigure.failed).where(CampaignFigure.failed > 0)
    ).one()
    assert failed == 1


def test_repeated_hour_of_a_clock_change_is_one_hour_of_the_map() -> None:
    quarter = datetime(2026, 10, 25, 2, 15, tzinfo=UTC)
    twice = [Quarter(quarter, Figures(sent=1)), Quarter(quarter.replace(fold=1), Figures(sent=2))]
    assert by_weekday_and_hour(twice)[6][2] == 3
    [day] = by_day(twice, today=quarter.date(), days=1)
    assert day.figures.sent == 3


def test_known_mails_are_all_that_ended_but_the_unknown() -> None:
    assert Figures(sent=9, bounced=2, failed=1, unknown=5).known == 12
