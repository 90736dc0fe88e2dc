"""What no committed file may carry: where packages came from, and one machine's paths."""

import ast
import re

import pytest

from tests.repository.checkout import ROOT, committed_files

PACKAGE_SOURCE = re.compile(
    r"(pypi|pythonhosted|npmjs|yarnpkg)\.(org|com)\b|(deb|security)\.debian\.org"
    r"|--(extra-)?index-ur[l]|--find-link[s]"
)
MACHINE_PATH = re.compile(r"(?<![\w.$}])/(root|work/(main|shared)|home/[a-z]\w*)/")

DOMAIN = ("accounts", "campaigns", "contacts", "delivery", "mail", "models", "smtp_accounts")


def _lines_with(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in committed_files():
        content = path.read_bytes()
        if b"\0" in content:
            continue
        for number, line in enumerate(content.decode().splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    return found


@pytest.mark.parametrize(
    "pattern", [PACKAGE_SOURCE, MACHINE_PATH], ids=["package source", "path of a machine"]
)
def test_no_committed_file_names(pattern: re.Pattern[str]) -> None:
    assert _lines_with(pattern) == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (PACKAGE_SOURCE, "--index" + "-url https://example.org/simple"),
        (PACKAGE_SOURCE, "https://files.python" + "hosted.org/packages/x.whl"),
        (MACHINE_PATH, "cd /ro" + "ot/dakiya"),
    ],
)
def test_the_patterns_see_what_they_are_for(pattern: re.Pattern[str], line: str) -> None:
    assert pattern.search(line)


def test_the_domain_never_commits() -> None:
    found = []
    for folder in DOMAIN:
        for path in sorted((ROOT / "shared" / "dakiya" / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr == "commit"
                ):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")

    assert found == []
