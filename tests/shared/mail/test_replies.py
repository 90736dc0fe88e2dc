"""Replies as real servers word them, from `real_replies.txt`, and what holds for all of them."""

import re
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dakiya.mail.replies import Kind, classify

PHASES = ("connect", "greeting", "ehlo", "tls", "auth", "mail", "rcpt", "data", "body", "dot")


class Case(NamedTuple):
    phase: str
    code: int
    enhanced: str | None
    text: str
    verdict: str


def read_cases() -> dict[str, Case]:
    cases = {}
    lines = Path(__file__).with_name("real_replies.txt").read_text("utf-8").splitlines()
    for line in lines:
        if not line or line.startswith("#"):
            continue
        source, phase, reply, verdict = (part.strip() for part in line.split(" | "))
        match = re.fullmatch(r"(\d{3}) (?:(\d\.\d+\.\d+) )?(.*)", reply)
        assert match, line
        name = f"{source}, {phase}: {reply}"
        assert name not in cases, line
        cases[name] = Case(phase, int(match[1]), match[2], match[3], verdict)
    return cases


CASES = read_cases()
WORDS = sorted({case.text for case in CASES.values()})
STATUSES = sorted({case.enhanced[2:] for case in CASES.values() if case.enhanced})


# Whose mistakes they are: a server that people send through has to be known for each.
ACCOUNT = {"auth", "sender_refused", "blocked", "quota", "rate", "connection"}
CONTENT = {"content", "too_large"}


def test_table_holds_many_replies_of_many_servers() -> None:
    assert len(CASES) >= 180
    assert len({name.partition(",")[0] for name in CASES}) >= 15


@pytest.mark.parametrize(
    "server", ["Google Workspace", "Microsoft Learn", "Amazon SES", "Postfix", "Exim", "Zoho"]
)
def test_table_tells_account_content_and_recipient_apart_for_each_large_server(server: str) -> None:
    verdicts = [case.verdict.split() for name, case in CASES.items() if name.startswith(server)]
    assert len(verdicts) >= 10
    reasons = {verdict[1] for verdict in verdicts}
    assert reasons & ACCOUNT
    assert reasons & CONTENT
    assert reasons - ACCOUNT - CONTENT
    assert {verdict[0] for verdict in verdicts} == {"account", "deferred", "failed"}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_classify_reads_a_real_reply(case: Case) -> None:
    verdict = classify(case.phase, case.code, case.enhanced, case.text)

    words = [verdict.kind.value, verdict.reason.value]
    words += ["suppress"] if verdict.suppress else []
    words += ["retry"] if verdict.retry_can_help else []
    assert " ".join(words) == case.verdict


@pytest.mark.parametrize("phase", PHASES)
def test_temporary_reply_neither_fails_nor_suppresses_whatever_it_says(phase: str) -> None:
    # Few rules look at both the code and the status: not each with each.
    heads = [*product((421, 432, 450, 452, 454), (None,)), *product((451,), STATUSES)]
    for (code, status), text in product(heads, WORDS):
        verdict = classify(phase, code, status and f"4.{status}", text)
        assert verdict.kind in (Kind.DEFERRED, Kind.ACCOUNT)
        assert not verdict.suppress


@pytest.mark.parametrize("status", ["5.7.1", "5.7.26", "5.1.7", "5.1.8", "5.4.4", "5.2.2", "5.6.0"])
def test_status_about_something_else_never_suppresses_whatever_it_says(status: str) -> None:
    for phase, code, text in product(PHASES, (550, 552, 554), WORDS):
        assert not classify(phase, code, status, text).suppress


@pytest.mark.parametrize("phase", ["connect", "greeting", "ehlo", "tls", "auth", "mail"])
def test_trouble_before_the_recipient_never_suppresses(phase: str) -> None:
    for code, status, text in product((450, 550, 554), (None, *STATUSES), WORDS):
        assert not classify(phase, code, status and f"{code // 100}.{status}", text).suppress


@given(
    st.sampled_from(PHASES),
    st.integers(400, 599),
    st.none() | st.from_regex(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}", fullmatch=True),
    st.text(),
)
def test_classify_never_raises(phase: str, code: int, status: str | None, text: str) -> None:
    assert classify(phase, code, status, text).kind in Kind
