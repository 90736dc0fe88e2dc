"""From a reply to an outcome of the row or trouble of the account."""

import pytest

from dakiya.delivery.outcomes import MAX_BACKOFF_S, Outcome, backoff_s
from dakiya.delivery.trouble import AccountTrouble
from dakiya.errors import InvalidInput
from dakiya.models import EmailState
from dakiya_sender import judging
from dakiya_sender.smtp import Phase, Reply, SmtpTrouble

HOUR_S = 3600.0


def judge(
    phase: Phase, code: int, enhanced: str, *, attempts: int = 1, age_s: float = 0
) -> Outcome | AccountTrouble:
    judged, _ = judging.refused(
        phase,
        Reply(code, enhanced, "words"),
        attempts=attempts,
        age_s=age_s,
        retry_base_s=60,
        give_up_s=24 * HOUR_S,
    )
    return judged


def outcome_of(judged: Outcome | AccountTrouble) -> Outcome:
    assert isinstance(judged, Outcome)
    return judged


def test_refusal_for_now_is_deferred_with_a_growing_wait() -> None:
    waits = []
    for attempts in (1, 2, 3, 20):
        outcome = outcome_of(judge(Phase.RCPT, 450, "4.2.1", attempts=attempts))
        assert outcome.state is EmailState.DEFERRED
        assert outcome.charged
        waits.append(outcome.retry_in_s)
    assert 45 <= waits[0] <= 75
    assert 90 <= waits[1] <= 150
    assert 180 <= waits[2] <= 300
    assert waits[3] <= 1.25 * MAX_BACKOFF_S


@pytest.mark.parametrize(
    ("age_s", "state", "reason"),
    [
        (24 * HOUR_S - 1, EmailState.DEFERRED, "other_temporary"),
        (24 * HOUR_S, EmailState.FAILED, "gave_up"),
    ],
)
def test_mail_is_given_up_at_its_age(age_s: float, state: EmailState, reason: str) -> None:
    outcome = outcome_of(judge(Phase.RCPT, 450, "4.0.0", attempts=9, age_s=age_s))
    assert (outcome.state, outcome.reason) == (state, reason)


def test_last_attempt_comes_when_the_mail_would_be_given_up() -> None:
    outcome = outcome_of(judge(Phase.RCPT, 450, "4.0.0", attempts=9, age_s=24 * HOUR_S - 5))
    assert outcome.retry_in_s == pytest.approx(5)


def test_refusal_for_good_fails_with_the_servers_words() -> None:
    outcome = outcome_of(judge(Phase.RCPT, 550, "5.1.1"))
    assert (outcome.state, outcome.reply_code) == (EmailState.FAILED, 550)
    assert (outcome.reply_text, outcome.reason) == ("5.1.1 words", "unknown_user")


@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.BODY, Phase.DOT])
def test_closing_service_is_the_accounts_trouble_at_any_command_and_slows_it_down(
    phase: Phase,
) -> None:
    judged = judge(phase, 421, "4.3.2")
    assert isinstance(judged, AccountTrouble)
    assert (judged.reason, judged.needs_owner, judged.slows) == ("connection", False, True)


@pytest.mark.parametrize("phase", [Phase.GREETING, Phase.EHLO, Phase.AUTH])
def test_closing_service_slows_the_account_down_also_before_a_mail(phase: Phase) -> None:
    closed = SmtpTrouble(phase, Reply(421, "4.3.2", "busy"), "busy")
    assert judging.cannot_connect(closed).slows
    assert not judging.cannot_connect(SmtpTrouble(Phase.CONNECT, None, "refused")).slows


@pytest.mark.parametrize(
    ("phase", "code", "enhanced", "needs_owner"),
    [
        (Phase.MAIL, 530, "5.7.0", True),
        (Phase.MAIL, 550, "5.7.1", True),
        (Phase.MAIL, 451, "4.3.0", False),
        (Phase.RCPT, 421, "4.7.0", False),
    ],
)
def test_refusal_of_the_sender_is_trouble_of_the_account(
    phase: Phase, code: int, enhanced: str, needs_owner: bool
) -> None:
    judged = judge(phase, code, enhanced)
    assert isinstance(judged, AccountTrouble)
    assert judged.needs_owner is needs_owner
    assert "words" in judged.detail


@pytest.mark.parametrize(
    ("trouble", "reason", "needs_owner"),
    [
        (SmtpTrouble(Phase.CONNECT, None, "refused"), "connection", False),
        (SmtpTrouble(Phase.GREETING, Reply(421, "4.3.2", "busy"), "busy"), "connection", False),
        (SmtpTrouble(Phase.TLS, None, "the certificate cannot be trusted"), "tls", False),
        (SmtpTrouble(Phase.TLS, None, "the server did not answer in time"), "tls", False),
        (SmtpTrouble(Phase.AUTH, Reply(535, "5.7.8", "no"), "no"), "auth", True),
        (SmtpTrouble(Phase.AUTH, Reply(454, "4.7.0", "later"), "later"), "auth", False),
        (SmtpTrouble(Phase.AUTH, None, "no way to log in"), "auth", True),
    ],
)
def test_connection_that_cannot_be_opened_says_whether_waiting_helps(
    trouble: SmtpTrouble, reason: str, needs_owner: bool
) -> None:
    judged = judging.cannot_connect(trouble)
    assert (judged.reason, judged.needs_owner) == (reason, needs_owner)
    assert judged.detail == trouble.detail


def test_break_off_is_deferred_and_at_last_given_up() -> None:
    trouble = SmtpTrouble(Phase.BODY, None, "the server cut the connection")
    waits = judging.broken_off(trouble, attempts=1, age_s=0, retry_base_s=60, give_up_s=600)
    assert (waits.state, waits.reason, waits.charged) == (EmailState.DEFERRED, "connection", True)
    assert waits.retry_in_s > 0
    over = judging.broken_off(trouble, attempts=5, age_s=600, retry_base_s=60, give_up_s=600)
    assert (over.state, over.reason) == (EmailState.FAILED, "gave_up")


def test_words_of_a_strange_error_do_not_reach_the_ledger() -> None:
    assert judging.not_built(InvalidInput("no city")).reply_text == "no city"
    strange = judging.not_built(KeyError("alice@example.net"))
    assert strange.state is EmailState.FAILED
    assert "alice" not in (strange.reply_text or "")


@pytest.mark.parametrize(("attempts", "wait_s"), [(1, 60), (2, 120), (5, 960), (40, MAX_BACKOFF_S)])
def test_back_off_doubles_up_to_its_bound(attempts: int, wait_s: float) -> None:
    assert backoff_s(attempts, base_s=60, jitter=1) == wait_s
    assert 0.75 * wait_s <= backoff_s(attempts, base_s=60) <= 1.25 * wait_s
