"""A server that refuses what the campaign says: the batch stops, its rest goes back."""

import pytest
from sqlalchemy import Connection as SqlConnection
from sqlalchemy import event, select, update
from sqlalchemy.exc import OperationalError

from dakiya.delivery.content_trouble import REFUSALS_IN_A_ROW
from dakiya.models import Campaign, SmtpAccount
from dakiya_sender.messages import CampaignMessage
from tests.engine.world import miscounted
from tests.recorder import Behaviour, Rule
from tests.recorder.plugin import StartRecorder
from tests.sender.conftest import SetScene
from tests.sender.scene import SenderScene, states

MAILS = REFUSALS_IN_A_ROW + 4


def campaign_of(scene: SenderScene) -> Campaign:
    with scene.sessions() as session:
        return session.get_one(Campaign, scene.campaign.id)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (Rule("dot", reply="554 5.6.0 Content rejected"), "content"),
        (Rule("mail", reply="552 5.3.4 Message size exceeds fixed limit"), "too_large"),
        (Rule("dot", reply="552 Message exceeds maximum fixed size"), "too_large"),
    ],
    ids=["content", "size-at-mail", "size-at-the-dot"],
)
def test_batch_stops_once_the_content_was_refused_in_a_row(
    set_scene: SetScene, recorder: StartRecorder, rule: Rule, reason: str
) -> None:
    scene = set_scene(recorder(rule), MAILS)
    report = scene.deliver()
    assert (report.attempted, report.trouble) == (REFUSALS_IN_A_ROW, None)
    assert states(scene) == ["failed"] * REFUSALS_IN_A_ROW + ["pending"] * 4
    rows = scene.rows()
    assert {(row.reason, row.reply_text) for row in rows[:REFUSALS_IN_A_ROW]} == {
        (reason, rule.reply[4:])
    }
    campaign = campaign_of(scene)
    assert campaign.refused_in_a_row == REFUSALS_IN_A_ROW
    assert campaign.refusal == rule.reply
    with scene.sessions() as session:
        assert not miscounted(session, scene.campaign)


def test_mail_larger_than_the_server_announced_is_the_contents_trouble(
    set_scene: SetScene, recorder: StartRecorder
) -> None:
    scene = set_scene(recorder(behaviour=Behaviour(size_bytes=200)), MAILS)
    scene.deliver()
    assert states(scene) == ["failed"] * REFUSALS_IN_A_ROW + ["pending"] * 4
    assert "the server takes 200" in (campaign_of(scene).refusal or "")


def test_accepted_mail_in_between_lets_the_batch_go_on(
    set_scene: SetScene, recorder: StartRecorder
) -> None:
    others = Rule("dot", reply="554 5.6.0 Content rejected", recipient="^r([0-7]|9|1.)@")
    scene = set_scene(recorder(others), MAILS)
    scene.deliver()
    assert states(scene) == ["failed"] * 8 + ["sent"] + ["failed"] * (MAILS - 9)
    assert campaign_of(scene).refused_in_a_row == MAILS - 9


def test_other_refusals_do_not_stop_the_batch(set_scene: SetScene, recorder: StartRecorder) -> None:
    scene = set_scene(recorder(Rule("dot", reply="550 5.1.1 User unknown")), MAILS)
    scene.deliver()
    assert states(scene) == ["failed"] * MAILS
    assert campaign_of(scene).refused_in_a_row == 0


def test_refusals_that_name_nobody_are_not_the_contents_trouble(
    set_scene: SetScene, recorder: StartRecorder
) -> None:
    scene = set_scene(recorder(Rule("dot", reply="554 5.7.1 Policy")), MAILS)
    report = scene.deliver()
    assert (report.attempted, report.trouble) == (5, None)
    assert states(scene) == ["deferred"] * 5 + ["pending"] * (MAILS - 5)
    assert {row.attempts for row in scene.rows()} == {0}
    assert campaign_of(scene).refused_in_a_row == 0
    with scene.sessions() as session:
        account = session.scalars(select(SmtpAccount)).one()
    assert (account.pause_reason, account.paused_until) == ("policy", None)


def test_mails_that_cannot_be_built_in_a_row_stop_the_batch(
    set_scene: SetScene, recorder: StartRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object, **__: object) -> bytes:
        raise RuntimeError

    monkeypatch.setattr(CampaignMessage, "build", break_down)
    scene = set_scene(recorder(), MAILS)
    scene.deliver()
    assert states(scene) == ["failed"] * REFUSALS_IN_A_ROW + ["pending"] * 4
    assert campaign_of(scene).refusal == "The mail could not be built."


def test_refusal_that_cannot_be_counted_stops_the_batch(
    set_scene: SetScene, recorder: StartRecorder
) -> None:
    scene = set_scene(recorder(Rule("dot", reply="554 5.6.0 Content rejected")), MAILS)
    engine = scene.sessions.kw["bind"]

    def cut(_: SqlConnection, __: object, statement: str, *___: object) -> None:
        if "SET refused_in_a_row" in statement:
            raise OperationalError(statement, {}, Exception("cut"))

    event.listen(engine, "before_cursor_execute", cut)
    try:
        scene.deliver()
    finally:
        event.remove(engine, "before_cursor_execute", cut)
    assert states(scene) == ["failed"] + ["pending"] * (MAILS - 1)


def test_rows_of_several_batches_are_one_row(set_scene: SetScene, recorder: StartRecorder) -> None:
    scene = set_scene(recorder(Rule("dot", reply="554 5.6.0 Content rejected")), MAILS)
    with scene.sessions.begin() as session:
        session.execute(update(Campaign).values(refused_in_a_row=REFUSALS_IN_A_ROW - 2))
    scene.deliver()
    assert states(scene) == ["failed"] * 2 + ["pending"] * (MAILS - 2)
