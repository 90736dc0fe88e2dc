"""The compose system on a real engine: hardened, scaled, a sender killed, the ledger agrees."""

import os
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.recorder.recorder import Recorder
from tests.system.compose import Api, Compose, free_port, recording, run_docker

pytestmark = [pytest.mark.system, pytest.mark.timeout(1200)]

# So many that scaling, which takes seconds, is over before they are; 5000 is the long form.
MAILS = int(os.environ.get("DAKIYA_TEST_MAILS", "1500"))
CONNECTIONS = 4
PER_SECOND = 40
KILL_AFTER = 60
LEASE_S = 6
SERVICES = ("web", "scheduler", "sender")


@dataclass(frozen=True)
class System:
    """The running containers, a user of theirs, and the server that they send to."""

    compose: Compose
    api: Api
    recorder: Recorder
    smtp_host: str
    smtp_port: int


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Build and start everything from nothing, without any .env."""
    smtp_port = free_port()
    compose = Compose(free_port(), {"DAKIYA_LEASE_SECONDS": str(LEASE_S)})
    compose.run("down", "--volumes", "--remove-orphans")
    try:
        compose.run("up", "--build", "--no-start")
        host = compose.gateway()
        compose.settings["DAKIYA_ALLOWED_INTERNAL_HOSTS"] = f"{host}:{smtp_port}"
        compose.up()
        password = secrets.token_urlsafe(16)
        user = ("exec", "-T", "web", "dakiya")
        compose.run(*user, "user", "create", "alice@example.com", stdin=f"{password}\n")
        token = compose.run(*user, "token", "create", "alice@example.com").strip()
        with recording(tmp_path_factory.mktemp("recorder"), host, smtp_port) as recorder:
            api = Api(f"http://127.0.0.1:{compose.port}", token)
            yield System(compose, api, recorder, host, smtp_port)
    finally:
        compose.run("down", "--volumes", "--remove-orphans")


def _wait(condition: Callable[[], bool], *, timeout_s: float, what: str) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"{what} within {timeout_s:.0f} s"
        time.sleep(0.2)


@pytest.mark.parametrize("service", ["init", "db", "redis", "migrate", *SERVICES])
def test_a_container_has_no_rights_that_it_does_not_need(system: System, service: str) -> None:
    found = system.compose.inspect(service)
    host = found["HostConfig"]

    assert found["Config"]["User"] not in {"", "root", "0", "0:0"}
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert any(option.startswith("no-new-privileges") for option in host["SecurityOpt"])
    assert bool(host["PortBindings"]) == (service == "web")


def test_the_web_cannot_see_the_owners_password(system: System) -> None:
    mounted = {mount.get("Name", "") for mount in system.compose.inspect("web")["Mounts"]}
    url = system.compose.run("exec", "-T", "web", "cat", "/run/dakiya/database_url")

    assert {name.rpartition("_")[2] for name in mounted if name} == {"media", "secrets-web"}
    assert url.startswith("postgresql://dakiya_web:")


@pytest.mark.parametrize(
    ("service", "foreign"),
    [("web", "pandas"), ("sender", "flask"), ("sender", "pandas"), ("scheduler", "flask")],
)
def test_an_image_holds_only_its_services_packages(
    system: System, service: str, foreign: str
) -> None:
    look = f"import importlib.util as u; print(u.find_spec({foreign!r}))"

    assert system.compose.run("exec", "-T", service, "python", "-c", look).strip() == "None"


def test_starting_again_keeps_the_secrets(system: System) -> None:
    def read() -> str:
        return system.compose.run("exec", "-T", "sender", "sh", "-c", "cat /run/dakiya/*")

    before = read()
    system.compose.up("--force-recreate", "init", "sender")

    assert read() == before
    assert len(before) > 100


def test_the_ledger_agrees_when_a_sender_is_killed_and_another_scaled_away(system: System) -> None:
    compose, api, recorder = system.compose, system.api, system.recorder
    compose.up("--scale", "sender=3")
    senders = compose.containers("sender")
    assert len(senders) == 3
    campaign_id = _schedule(system)
    _wait(
        lambda: len(recorder.received()) >= KILL_AFTER,
        timeout_s=90,
        what=f"{KILL_AFTER} mails",
    )
    run_docker("kill", "--signal", "KILL", senders[0])
    at_kill = len(recorder.received())
    _wait(
        lambda: len(recorder.received()) >= at_kill + KILL_AFTER,
        timeout_s=90,
        what="the other senders",
    )
    compose.up("--scale", "sender=1")
    at_scaling = len(recorder.received())
    assert len(compose.containers("sender")) == 1

    _wait(
        lambda: api.call("GET", f"/campaigns/{campaign_id}")["status"] == "finished",
        timeout_s=240 + MAILS / PER_SECOND,
        what="the end of the campaign",
    )

    assert at_scaling < MAILS, "it was killed and scaled away too late to matter"
    ledger = {line["email"]: line["status"] for line in api.ledger(campaign_id)}
    received = Counter(mail.recipient for mail in recorder.received())
    sent = {email for email, status in ledger.items() if status == "sent"}
    unknown = {email for email, status in ledger.items() if status == "unknown"}
    assert len(ledger) == MAILS
    assert [email for email, times in received.items() if times > 1] == []
    assert sent - received.keys() == set(), "marked as sent and never received"
    assert ledger.keys() - received.keys() - unknown == set(), "lost"
    assert sent | unknown == ledger.keys()
    assert len(unknown) <= CONNECTIONS


def _schedule(system: System) -> int:
    account = system.api.call(
        "POST",
        "/smtp-accounts",
        {
            "name": "Recorder",
            "host": system.smtp_host,
            "port": system.smtp_port,
            "security": "none",
            "from_email": "post@example.com",
            "limits": {"per_second": PER_SECOND, "connections": CONNECTIONS},
        },
    )
    campaign = system.api.call(
        "POST",
        "/campaigns",
        {
            "name": "Containers",
            "subject": "Namaste {{ name }}",
            "html": "<p>Hello {{ name }}</p>",
            "smtp_account_id": account["id"],
            "recipients": [
                {"email": f"r{number}@example.com", "name": f"R {number}"}
                for number in range(MAILS)
            ],
        },
    )
    campaign_id: int = campaign["id"]
    system.api.call("POST", f"/campaigns/{campaign_id}/schedule", {"at": "now"})
    return campaign_id
