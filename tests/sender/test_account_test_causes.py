"""Each way in which a test of an account fails has a cause of its own, and gives nothing away."""

import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

import pytest

from dakiya.models import Security, SmtpAccount, TestStatus
from dakiya.smtp_accounts.causes import Cause
from dakiya.smtp_accounts.facts import ServerFacts
from dakiya.smtp_accounts.trust import shown_certificate, trust_certificate
from dakiya_sender import account_test
from tests.recorder import Action, Behaviour, Recorder, Rule
from tests.recorder.authority import Authority
from tests.recorder.plugin import StartRecorder
from tests.recorder.recorder import Certificate
from tests.sender.account_bench import LOGIN, PASSWORD, Bench


@contextmanager
def listening(*, greeting: bytes = b"") -> Iterator[int]:
    """A port that takes connections, says one thing at most, and waits."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


REFUSALS: list[tuple[Rule, str, Cause]] = [
    (Rule("connect", reply="554 5.7.1 Not you"), "greeting", Cause.GREETING_REFUSED),
    (Rule("connect", reply="421 4.3.2 Not now"), "greeting", Cause.BUSY),
    (Rule("connect", reply="554 5.7.1 blocked using a.list"), "greeting", Cause.BLOCKED),
    (Rule("ehlo", reply="550 5.5.4 What a name"), "ehlo", Cause.HELLO_REFUSED),
    (Rule("connect", action=Action.GARBAGE), "greeting", Cause.NO_SMTP),
    (Rule("ehlo", action=Action.DROP), "ehlo", Cause.BROKE_OFF),
    (Rule("mail", reply="530 5.7.0 Authentication required"), "mail", Cause.LOGIN_NEEDED),
    (Rule("mail", reply="553 5.7.1 not owned by user"), "mail", Cause.SENDER_REFUSED),
    (
        Rule("mail", reply="550 5.7.60 Client does not have permissions to send as this sender"),
        "mail",
        Cause.SENDER_REFUSED,
    ),
    (Rule("mail", reply="451 4.3.0 Try later"), "mail", Cause.BUSY),
    (Rule("mail", reply="421 4.7.0 Too many messages, slow down"), "mail", Cause.RATE),
    (Rule("mail", reply="550 5.4.5 Daily sending quota exceeded"), "mail", Cause.QUOTA),
    (Rule("mail", action=Action.DROP), "mail", Cause.BROKE_OFF),
    (Rule("rcpt", reply="550 5.1.1 No such user"), "send", Cause.RECIPIENT_REFUSED),
    (Rule("rcpt", reply="554 5.7.1 Relay access denied"), "send", Cause.LOGIN_NEEDED),
    (Rule("dot", reply="550 5.7.60 not permitted to send as"), "send", Cause.SENDER_REFUSED),
    (Rule("dot", reply="554 5.7.1 Message contains spam"), "send", Cause.CONTENT_REFUSED),
    (Rule("dot", reply="554 5.0.0 I do not like it"), "send", Cause.REFUSED),
    (Rule("dot", action=Action.DROP), "send", Cause.SILENT),
]


@pytest.mark.parametrize(("rule", "step", "cause"), REFUSALS)
def test_refusal_has_its_step_and_cause(
    bench: Bench, recorder: StartRecorder, rule: Rule, step: str, cause: Cause
) -> None:
    test = bench.fails(recorder(rule).port, step, cause)
    if rule.reply:
        assert ["server", rule.reply] in test.dialogue


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        ("535 5.7.8 Username and Password not accepted", Cause.LOGIN_REFUSED),
        ("534 5.7.9 Application-specific password required", Cause.APP_PASSWORD),
        ("535 5.7.139 Authentication unsuccessful", Cause.PASSWORDS_OFF),
        ("550 5.7.30 Basic authentication is not supported for Client Submission", None),
        ("454 4.7.0 Temporary authentication failure", Cause.BUSY),
    ],
)
def test_refused_login_says_what_kind_of_password_is_wanted(
    bench: Bench, recorder: StartRecorder, reply: str, cause: Cause | None
) -> None:
    behaviour = Behaviour(users={"alice": PASSWORD}, rules=(Rule("auth", reply=reply),))
    bench.fails(recorder(behaviour=behaviour).port, "auth", cause or Cause.PASSWORDS_OFF, **LOGIN)


@pytest.mark.parametrize(("typed", "told"), [(f"{PASSWORD} ", True), ("an other", False)])
def test_blank_around_a_refused_password_is_told(
    bench: Bench, recorder: StartRecorder, typed: str, told: bool
) -> None:
    server = recorder(behaviour=Behaviour(users={"alice": PASSWORD}))
    sealed = bench.box.seal(typed)
    test = bench.fails(server.port, "auth", Cause.LOGIN_REFUSED, password_encrypted=sealed, **LOGIN)
    assert ("begins or ends with a blank" in test.steps[-1]["detail"]) is told


def test_server_that_cannot_be_reached_says_why(
    bench: Bench, recorder: StartRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_test, "REPLY_TIMEOUT_S", 0.3)
    server = recorder()
    server.stop()
    bench.fails(server.port, "connect", Cause.PORT_CLOSED)


@pytest.mark.parametrize(
    ("security", "step", "cause"),
    [
        # As port 465 does: the server waits for the client to begin.
        (Security.STARTTLS, "greeting", Cause.NO_GREETING),
        (Security.NONE, "greeting", Cause.NO_GREETING),
    ],
)
def test_port_that_waits_for_tls_is_told_from_one_that_is_down(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    security: Security,
    step: str,
    cause: Cause,
) -> None:
    monkeypatch.setattr(account_test, "REPLY_TIMEOUT_S", 0.3)
    with listening() as port:
        bench.fails(port, step, cause, security=security)


def test_port_without_tls_is_told(bench: Bench, recorder: StartRecorder) -> None:
    plain = recorder()
    bench.fails(plain.port, "tls", Cause.NOT_TLS, security=Security.TLS)


def test_server_without_starttls_gets_nothing(bench: Bench, recorder: StartRecorder) -> None:
    server = recorder(behaviour=Behaviour(users={"alice": PASSWORD}))
    test = bench.fails(server.port, "tls", Cause.NO_STARTTLS, security=Security.STARTTLS, **LOGIN)
    assert not server.events("login")
    assert "AUTH" not in [words.split()[0] for who, words in test.dialogue if who == "client"]


def encrypted(recorder: StartRecorder, certificate: Certificate) -> Recorder:
    behaviour = Behaviour(starttls=True, users={"alice": PASSWORD})
    return recorder(behaviour=behaviour, certificate=certificate)


def trusting(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    context = authority.client_context()
    monkeypatch.setattr("dakiya_sender.smtp.server._default_context", lambda: context)


def der_of(certificate: Certificate) -> bytes:
    return ssl.PEM_cert_to_DER_cert(certificate.certificate_path.read_text())


@pytest.mark.parametrize("kind", ["self_signed", "expired", "name", "untrusted"])
def test_certificate_that_is_not_trusted_is_shown_and_gets_no_password(
    bench: Bench,
    recorder: StartRecorder,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    if kind in ("expired", "name"):
        trusting(monkeypatch, authority)
    certificate = {
        "self_signed": lambda: authority.self_sign("localhost"),
        "expired": lambda: authority.issue("localhost", expired=True),
        "name": lambda: authority.issue("mail.example.org"),
        "untrusted": lambda: authority.issue("localhost"),
    }[kind]()
    server = encrypted(recorder, certificate)
    login = {**LOGIN, "security": Security.STARTTLS, "host": "localhost"}
    test = bench.fails(server.port, "tls", Cause(f"certificate_{kind}"), **login)
    shown = shown_certificate(test)
    assert shown is not None
    assert shown["fingerprint"] == sha256(der_of(certificate)).hexdigest()
    assert shown["self_signed"] is (kind == "self_signed")
    assert shown["names"] == ["mail.example.org" if kind == "name" else "localhost"]
    assert not server.events("login")
    assert not server.received()


def test_certificate_of_ones_choice_is_trusted_and_no_other(
    bench: Bench, recorder: StartRecorder, authority: Authority
) -> None:
    first = encrypted(recorder, authority.self_sign("localhost"))
    login = {**LOGIN, "security": Security.STARTTLS, "host": "localhost"}
    account_id = bench.account(first.port, **login)
    shown = shown_certificate(bench.run(account_id))
    assert shown is not None
    with bench.sessions.begin() as session:
        account = session.get_one(SmtpAccount, account_id)
        trust_certificate(session, account, shown["fingerprint"])
    test = bench.run(account_id)
    assert test.status is TestStatus.PASSED
    assert "certificate for localhost, issued by itself" in str(test.steps)
    assert len(first.received()) == 1
    another = encrypted(recorder, authority.self_sign("localhost", stem="another"))
    with bench.sessions.begin() as session:
        session.get_one(SmtpAccount, account_id).port = another.port
    test = bench.run(account_id)
    assert test.steps[-1]["cause"] == Cause.CERTIFICATE_CHANGED
    assert not another.events("login")


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
@pytest.mark.parametrize("right", [True, False])
def test_dialogue_is_kept_without_the_password(
    bench: Bench, recorder: StartRecorder, mechanism: str, right: bool
) -> None:
    """Also when the server repeats it."""
    behaviour = Behaviour(
        users={"alice": PASSWORD if right else "another"},
        mechanisms=(mechanism,),
        rules=()
        if right
        else (Rule("auth", reply=f"535 5.7.8 {b64encode(PASSWORD.encode()).decode()} is wrong"),),
    )
    test = bench.run(bench.account(recorder(behaviour=behaviour).port, **LOGIN))
    assert (test.status is TestStatus.PASSED) is right
    said = [words for who, words in test.dialogue if who == "client"]
    assert said[0] == "EHLO sender.test"
    assert f"AUTH {mechanism}" + (" ••••••••" if mechanism == "PLAIN" else "") in said
    everything = str(test.dialogue) + str(test.steps)
    for secret in (PASSWORD, b64encode(PASSWORD.encode()).decode()):
        assert secret not in everything
    if right:
        assert said[-1] == "." if "QUIT" not in said else "QUIT"
        assert any(who == "note" and "the mail, " in words for who, words in test.dialogue)
        assert any(words.startswith("MAIL FROM:<sender@example.com>") for words in said)


def test_what_the_server_says_of_itself_is_remembered(
    bench: Bench, recorder: StartRecorder, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting(monkeypatch, authority)
    behaviour = Behaviour(starttls=True, size_bytes=1_000_000)
    server = recorder(behaviour=behaviour, certificate=authority.issue("localhost"))
    account_id = bench.account(server.port, security=Security.STARTTLS, host="localhost")
    test = bench.run(account_id)
    assert test.status is TestStatus.PASSED
    [encryption] = [step["detail"] for step in test.steps if step["name"] == "tls"]
    assert encryption.startswith("TLSv1.3, certificate for localhost, issued by Recorder CA, valid")
    with bench.sessions() as session:
        facts = ServerFacts.read(session.get_one(SmtpAccount, account_id).server_facts)
    assert facts is not None
    assert facts.size_bytes == 1_000_000
    assert {"PIPELINING", "SIZE"} <= set(facts.extensions)
    assert facts.encryption == encryption
