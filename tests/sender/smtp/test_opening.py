"""From an address to a connection, or to a named step that failed."""

import socket
import ssl
from typing import Any

import pytest

from dakiya_sender.smtp import Connection, Envelope, Phase, Ready, Server, SmtpTrouble, Step
from dakiya_sender.smtp import opening as opening_module
from tests.recorder import Action, Behaviour, Recorder, Rule
from tests.recorder.authority import Authority
from tests.recorder.plugin import StartRecorder

from .conftest import OpenTo, server_at

USER, PASSWORD = "fatima@b.test", "pässwörd-of-the-test"
LOGIN = {"username": USER, "password": PASSWORD}


def trouble_with(recorder: Recorder, **fields: Any) -> SmtpTrouble:
    with pytest.raises(SmtpTrouble) as caught:
        Connection.open(server_at(recorder, **fields))
    return caught.value


def commands(recorder: Recorder) -> list[str]:
    return [event.detail for event in recorder.events("command")]


def test_open_tells_each_step_of_an_encrypted_login(
    recorder: StartRecorder, authority: Authority
) -> None:
    server = recorder(
        behaviour=Behaviour(starttls=True, users={USER: PASSWORD}),
        certificate=authority.issue("localhost"),
    )
    steps: list[Step] = []

    connection = Connection.open(
        server_at(server, security="starttls", tls_context=authority.client_context(), **LOGIN),
        on_step=steps.append,
    )
    connection.close()

    names = ["connect", "greeting", "ehlo", "tls", "ehlo", "auth"]
    assert [step.name for step in steps] == names
    assert all(step.ok and step.duration_s >= 0 for step in steps)
    assert PASSWORD not in repr(steps) + repr(server_at(server, **LOGIN))


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_credentials_travel_encrypted(
    recorder: StartRecorder, authority: Authority, open_to: OpenTo, security: str, mechanism: str
) -> None:
    server = recorder(
        behaviour=Behaviour(
            starttls=security == "starttls",
            tls=security == "tls",
            users={USER: PASSWORD},
            mechanisms=(mechanism,),
        ),
        certificate=authority.issue("localhost"),
    )

    connection = open_to(server, security=security, tls_context=authority.client_context(), **LOGIN)

    assert isinstance(connection.begin(Envelope("a@b.test", "c@d.test", 9)), Ready)
    connection.write_body(b"Subject: x\r\n\r\ny\r\n")
    assert connection.finish().code == 250
    assert [event.encrypted for event in server.events("login")] == [True]
    assert "starttls" not in connection.extensions


def test_login_in_the_clear_is_allowed_to_loopback_only(
    recorder: StartRecorder, open_to: OpenTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = recorder(behaviour=Behaviour(users={USER: PASSWORD}, commands=True))
    assert open_to(server, **LOGIN).is_open
    told = len(commands(server))

    class FarAway(socket.socket):
        def getpeername(self) -> tuple[str, int]:
            return "192.0.2.1", 25

    def connect_far(address: tuple[str, int], timeout_s: float) -> socket.socket:
        near = socket.create_connection(("127.0.0.1", address[1]), timeout_s)
        return FarAway(fileno=near.detach())

    monkeypatch.setattr(opening_module, "create_connection", connect_far)
    trouble = trouble_with(server, addresses=("192.0.2.1",), **LOGIN)

    assert (trouble.phase, trouble.reply) == (Phase.AUTH, None)
    assert commands(server)[told:] == ["EHLO sender.test"]


def test_stripped_starttls_ends_the_dialogue_before_anything_is_told(
    recorder: StartRecorder, authority: Authority
) -> None:
    server = recorder(behaviour=Behaviour(users={USER: PASSWORD}, commands=True))

    for fields in ({}, LOGIN):
        trouble = trouble_with(
            server, security="starttls", tls_context=authority.client_context(), **fields
        )
        assert trouble.phase is Phase.TLS
        assert "STARTTLS" in trouble.detail

    assert commands(server) == ["EHLO sender.test"] * 2


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("flaw", ["unknown issuer", "another name", "expired"])
def test_certificate_that_cannot_be_trusted_is_refused(
    recorder: StartRecorder, authority: Authority, security: str, flaw: str
) -> None:
    names = ["elsewhere.test"] if flaw == "another name" else ["localhost"]
    server = recorder(
        behaviour=Behaviour(
            starttls=security == "starttls", tls=security == "tls", users={USER: PASSWORD}
        ),
        certificate=authority.issue(*names, expired=flaw == "expired"),
    )
    context = None if flaw == "unknown issuer" else authority.client_context()

    trouble = trouble_with(server, security=security, tls_context=context, **LOGIN)

    assert trouble.phase is Phase.TLS
    assert "certificate cannot be trusted" in trouble.detail
    assert server.events("login") == []


@pytest.mark.parametrize(
    "rule",
    [
        Rule("tls", Action.DROP),
        Rule("tls", Action.HANG_UP, reply="220 2.0.0 Go ahead"),
        Rule("tls", Action.GARBAGE, reply="220 2.0.0 Go ahead"),
        Rule("tls", Action.SILENCE),
        Rule("tls", reply="454 4.7.0 TLS not available"),
        Rule("tls", reply="220-2.0.0 Go ahead\r\n220 now\r\n250 and do what I say in the clear"),
    ],
    ids=lambda rule: f"{rule.action} {rule.reply[:3]}",
)
def test_broken_starttls_is_trouble(
    recorder: StartRecorder, authority: Authority, rule: Rule
) -> None:
    server = recorder(
        behaviour=Behaviour(rules=(rule,), starttls=True, users={USER: PASSWORD}),
        certificate=authority.issue("localhost"),
    )

    trouble = trouble_with(
        server,
        security="starttls",
        tls_context=authority.client_context(),
        reply_timeout_s=1,
        connect_timeout_s=1,
        **LOGIN,
    )

    assert trouble.phase is Phase.TLS
    assert server.events("login") == []


def test_server_without_tls_on_its_port_is_named(recorder: StartRecorder) -> None:
    trouble = trouble_with(recorder(), security="tls")

    assert trouble.phase is Phase.TLS
    assert "does not speak TLS here" in trouble.detail


def test_wrong_password_is_tried_once_and_reported(
    recorder: StartRecorder, open_to: OpenTo
) -> None:
    server = recorder(behaviour=Behaviour(users={USER: "another"}))

    trouble = trouble_with(server, **LOGIN)

    assert trouble.phase is Phase.AUTH
    assert trouble.reply is not None
    assert (trouble.reply.code, trouble.reply.enhanced) == (535, "5.7.8")
    assert len(server.events("login")) == 1


def test_another_mechanism_is_tried_when_one_is_not_known(
    recorder: StartRecorder, open_to: OpenTo
) -> None:
    unknown = Rule("auth", reply="504 5.5.4 Unrecognised authentication type", times=1)
    server = recorder(behaviour=Behaviour(rules=(unknown,), users={USER: PASSWORD}))

    assert open_to(server, **LOGIN).is_open
    assert len(server.events("login")) == 2


def test_password_that_the_server_repeats_is_not_reported(recorder: StartRecorder) -> None:
    gossip = Rule("auth", reply=f"535 5.7.8 No entry for {USER} with {PASSWORD}")
    server = recorder(behaviour=Behaviour(rules=(gossip,), users={USER: PASSWORD}))

    trouble = trouble_with(server, **LOGIN)

    assert PASSWORD not in f"{trouble} {trouble.detail} {trouble.reply}"


def test_server_that_knows_no_login_is_named(recorder: StartRecorder) -> None:
    trouble = trouble_with(recorder(), **LOGIN)

    assert trouble.phase is Phase.AUTH
    assert "no way to log in" in trouble.detail


@pytest.mark.parametrize("phase", [Phase.GREETING, Phase.EHLO])
@pytest.mark.parametrize(
    ("action", "reply"),
    [
        (Action.REPLY, "421 4.3.2 Not now"),
        (Action.HANG_UP, "451 4.3.2 Not now"),
        (Action.DROP, ""),
        (Action.SILENCE, ""),
        (Action.DRIP, "250 a reply that takes its time"),
        (Action.GARBAGE, ""),
    ],
)
def test_unwilling_server_is_trouble_of_the_phase(
    recorder: StartRecorder, phase: Phase, action: Action, reply: str
) -> None:
    where = "connect" if phase is Phase.GREETING else "ehlo"
    server = recorder(Rule(where, action, reply=reply, delay_s=0.05))

    trouble = trouble_with(server, reply_timeout_s=0.5)

    assert trouble.phase is phase
    assert str(trouble.reply or "") == (reply if reply[:1] == "4" else "")


def test_server_without_ehlo_is_greeted_with_helo(recorder: StartRecorder, open_to: OpenTo) -> None:
    connection = open_to(recorder(behaviour=Behaviour(ehlo=False)))

    assert connection.extensions == {}
    assert connection.max_size_bytes is None


def test_connection_limit_of_the_server_is_told(recorder: StartRecorder, open_to: OpenTo) -> None:
    server = recorder(behaviour=Behaviour(max_connections=1))
    open_to(server)

    trouble = trouble_with(server)

    assert trouble.phase is Phase.GREETING
    assert trouble.reply is not None
    assert trouble.reply.code == 421


def test_port_without_a_server_is_trouble_of_connect(recorder: StartRecorder) -> None:
    server = recorder()
    server.stop()

    trouble = trouble_with(server)

    assert trouble.phase is Phase.CONNECT
    assert "refuses connections" in trouble.detail


def test_next_address_is_tried_when_one_refuses(recorder: StartRecorder, open_to: OpenTo) -> None:
    server = recorder()

    assert open_to(server, addresses=("127.0.0.99", "127.0.0.1")).is_open


def lax_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    return context


@pytest.mark.parametrize(
    "fields",
    [
        {"tls_context": lax_context()},
        {"addresses": ("localhost",)},
        {"addresses": ()},
        {"helo_name": "a.test\r\nMAIL FROM:<x@y.test>"},
        {"helo_name": ""},
        {"security": "perhaps"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_server_that_could_not_work_is_refused(fields: dict[str, Any]) -> None:
    good: dict[str, Any] = {
        "host": "b.test",
        "port": 25,
        "security": "none",
        "addresses": ("192.0.2.1",),
        "helo_name": "a.test",
    }
    Server(**good)

    with pytest.raises(ValueError):  # noqa: PT011
        Server(**good | fields)
