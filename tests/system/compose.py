"""A compose project of the tests' own, and the recording server that its senders reach."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.recorder.recorder import Recorder
from tests.repository.checkout import ROOT

PROJECT = "dakiya-systemtest"
COMMAND_TIMEOUT_S = 900


def free_port() -> int:
    """Return a port that nobody listens on at present."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Compose:
    """Commands of docker compose for this checkout, with settings of the test."""

    port: int
    settings: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, stdin: str = "") -> str:
        """Run a command and return its output; raises AssertionError with its words."""
        return run_docker(
            "compose",
            "--project-name",
            PROJECT,
            *arguments,
            stdin=stdin,
            env={**os.environ, "DAKIYA_PORT": str(self.port), **self.settings},
        )

    def up(self, *arguments: str) -> None:
        """Start what is not there and wait until it is healthy."""
        self.run("up", "--build", "--detach", "--wait", *arguments)

    def containers(self, service: str) -> list[str]:
        """Return the ids of a service's running containers."""
        return self.run("ps", "--quiet", service).split()

    def inspect(self, service: str) -> dict[str, Any]:
        """Return what Docker knows of a service's first container, stopped or not."""
        (first, *_rest) = self.run("ps", "--all", "--quiet", service).split()
        found: dict[str, Any] = json.loads(run_docker("inspect", first))[0]
        return found

    def gateway(self) -> str:
        """Return this machine's address in the network that the senders reach out by."""
        network = json.loads(run_docker("network", "inspect", f"{PROJECT}_outside"))[0]
        address: str = network["IPAM"]["Config"][0]["Gateway"]
        return address


@dataclass(frozen=True)
class Api:
    """The JSON API as one user."""

    base: str
    token: str

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Send a request and return the JSON; raises AssertionError when it is refused."""
        answer = requests.request(
            method,
            f"{self.base}/api/v1{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=60,
        )
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def ledger(self, campaign_id: int) -> list[dict[str, Any]]:
        """Return every line of a campaign's ledger."""
        lines: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.call("GET", f"/campaigns/{campaign_id}/emails?limit=500&cursor={cursor}")
            lines += page["items"]
            if page["next"] is None:
                return lines
            cursor = page["next"]


def run_docker(*arguments: str, stdin: str = "", env: dict[str, str] | None = None) -> str:
    """Run docker in the checkout; raises AssertionError with a hint or with its words."""
    try:
        done = subprocess.run(
            ["docker", *arguments],
            cwd=ROOT,
            env=env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
    except FileNotFoundError:
        raise AssertionError("docker is missing: install Docker with Compose v2") from None
    assert done.returncode == 0, (
        f"docker {' '.join(arguments)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        "\n(Is Docker running, with Compose v2?)"
    )
    return done.stdout


@contextmanager
def recording(directory: Path, host: str, port: int) -> Iterator[Recorder]:
    """Run the recording server on an address that containers reach."""
    recorder = Recorder(directory)
    command = [sys.executable, "-m", "tests.recorder", "--host", host, "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--journal", str(recorder.journal_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        with process.stdout:
            assert process.stdout.readline().startswith("listening")
            yield recorder
    finally:
        process.terminate()
        process.wait()
