"""What a newcomer meets first: make help, and the hints when this machine will not do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository.checkout import ROOT

MAKE_VENV = ROOT / "deploy/dev/make-venv"
TARGETS = ("run", "test", "test-system", "check", "up", "down", "migrate", "lock", "clean", "audit")


@pytest.mark.parametrize("arguments", [[], ["help"]])
def test_make_lists_its_targets(arguments: list[str]) -> None:
    listed = subprocess.run(
        ["make", "-C", str(ROOT), *arguments], check=True, capture_output=True, text=True
    ).stdout

    assert [name for name in TARGETS if f"make {name} " not in listed] == []


def _make_venv(folder: Path, python: str) -> subprocess.CompletedProcess[str]:
    """Run make-venv with a stand-in for python3 that answers as another machine's would."""
    interpreter = folder / "python"
    interpreter.write_text(f'#!/bin/sh\nreal="{sys.executable}"\n{python}\nexec "$real" "$@"\n')
    interpreter.chmod(0o755)
    return subprocess.run(
        [str(MAKE_VENV), str(folder / "venv")],
        env={"PATH": os.environ["PATH"], "PYTHON": str(interpreter)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_old_python_is_refused_with_a_way_out(tmp_path: Path) -> None:
    refused = _make_venv(
        tmp_path,
        'case "$1" in --version) echo "Python 3.9.2"; exit;; *) exit 1;; esac',
    )

    assert refused.returncode != 0
    assert "Python 3.9.2" in refused.stderr
    assert "apt install python3" in refused.stderr
    assert not (tmp_path / "venv").exists()


def test_a_missing_venv_module_is_named_with_its_package(tmp_path: Path) -> None:
    refused = _make_venv(tmp_path, 'case "$2" in "import ensurepip, venv") exit 1;; esac')

    assert refused.returncode != 0
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"apt install python{version}-venv" in refused.stderr


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ("return 'glibc 2.27'", "glibc 2.27 is too old"),
        ("raise ValueError(name)", "Alpine"),
    ],
)
def test_an_unfit_c_library_is_refused_with_a_way_out(
    tmp_path: Path, answer: str, hint: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        f"import os\ndef confstr(name):\n    {answer}\nos.confstr = confstr\n"
    )
    refused = _make_venv(tmp_path, f'export PYTHONPATH="{tmp_path}"')

    assert refused.returncode != 0
    assert hint in refused.stderr
    assert "docker compose up" in refused.stderr


def test_a_full_disk_is_refused_with_the_figure(tmp_path: Path) -> None:
    df = tmp_path / "bin" / "df"
    df.parent.mkdir()
    df.write_text("#!/bin/sh\nprintf 'head\\n/dev/x 100 100 204800 100%% /\\n'\n")
    df.chmod(0o755)

    refused = subprocess.run(
        [str(MAKE_VENV), str(tmp_path / "venv")],
        env={"PATH": f"{df.parent}:{os.environ['PATH']}", "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )

    assert refused.returncode != 0
    assert "only 200 MB are free" in refused.stderr
