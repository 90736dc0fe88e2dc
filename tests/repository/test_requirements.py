"""The locks: complete, hashed, in step with each other, and small where they must be."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.repository.checkout import ROOT

SERVICES = ("web", "scheduler", "sender", "dev")
LOCKS = [
    ROOT / "shared/requirements-build.txt",
    ROOT / "services/web/assets/requirements.txt",
    *(ROOT / "services" / name / "requirements.txt" for name in SERVICES),
    *(ROOT / "tests" / f"requirements{kind}.txt" for kind in ("", "-system", "-tools")),
]
OWN = {"dakiya", "dakiya-web", "dakiya-scheduler", "dakiya-sender", "dakiya-dev"}
PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==([^\s;\\]+)", re.MULTILINE)


def _pins(lock: Path) -> set[tuple[str, str]]:
    return set(PIN.findall(lock.read_text(encoding="utf-8")))


def _names(lock: Path) -> set[str]:
    return {name for name, _version in _pins(lock)}


def _declared(project: Path) -> set[str]:
    content = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = (
        re.split(r"[\s\[<>=!~;]", line, maxsplit=1)[0]
        for line in content["project"]["dependencies"]
    )
    return {re.sub(r"[-_.]+", "-", name).lower() for name in wanted} - OWN


@pytest.mark.parametrize("service", SERVICES)
def test_a_lock_holds_what_its_service_declares(service: str) -> None:
    project = ROOT / "services" / service
    declared = _declared(project) | _declared(ROOT / "shared")

    assert declared - _names(project / "requirements.txt") == set(), "run make lock"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_every_pin_has_a_hash_and_the_common_version(lock: Path) -> None:
    entries = re.split(r"\n(?=[a-z0-9])", "\n" + lock.read_text(encoding="utf-8"))[1:]

    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert _pins(lock) - _pins(ROOT / "deploy/constraints.txt") == set(), "run make lock"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_no_lock_takes_our_own_packages_from_an_index(lock: Path) -> None:
    assert _names(lock) & OWN == set()


@pytest.mark.parametrize(
    ("service", "foreign"),
    [
        ("web", {"pandas", "numpy", "openpyxl", "periodiq", "aiosmtpd"}),
        ("sender", {"flask", "gunicorn", "pandas", "numpy", "periodiq", "aiosmtpd"}),
        ("scheduler", {"flask", "gunicorn", "aiosmtpd"}),
    ],
)
def test_an_image_holds_no_package_of_another_service(service: str, foreign: set[str]) -> None:
    assert _names(ROOT / "services" / service / "requirements.txt") & foreign == set()
