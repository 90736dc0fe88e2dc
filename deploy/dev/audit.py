"""Looks the pinned packages up among known vulnerabilities, and fails on what was not looked up.

pip-audit ends with success and the word "skipped" for a package that its database did not
answer for; behind a firewall that is every one of them.
"""

import json
import subprocess
import sys
from typing import Any

COMMAND = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes"]
COMMAND += ["--format", "json", "--progress-spinner", "off"]


def main(locks: list[str]) -> int:
    """Audit each lock and return the exit code."""
    return max([audit(lock) for lock in locks], default=2)


def audit(lock: str) -> int:
    """Run pip-audit over one lock and judge its report."""
    run = subprocess.run(
        [*COMMAND, "--requirement", lock],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        packages: list[dict[str, Any]] = json.loads(run.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(f"{lock}: pip-audit gave no report\n{run.stderr.strip()}")
        return 2
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    found = [package for package in packages if package.get("vulns")]
    for package in found:
        ids = ", ".join(vulnerability["id"] for vulnerability in package["vulns"])
        print(f"{lock}: {package['name']} {package['version']}: {ids}")
    if skipped:
        print(f"{lock}: not looked up: {', '.join(sorted(skipped))}")
    if skipped or found or not packages:
        return 1
    print(f"{lock}: {len(packages)} packages, no known vulnerability")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
