"""What `make run` checks before it starts anything."""

import subprocess
import sys
from pathlib import Path

import pytest

from dakiya_dev.preflight import check_folder, check_glibc, only_one
from dakiya_dev.secret_files import kept_secret
from dakiya_dev.trouble import ServerTrouble

HOLDER_SCRIPT = """
import sys, time
from pathlib import Path
from dakiya_dev.preflight import only_one
with only_one(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("version", ["2.28", "2.36", "2.100", "3.0"])
def test_glibc_that_is_new_enough_passes(version: str) -> None:
    check_glibc(version)


@pytest.mark.parametrize("version", ["2.17", "2.27", "1.9"])
def test_glibc_that_is_too_old_is_named_with_a_way_out(version: str) -> None:
    with pytest.raises(ServerTrouble, match=f"glibc {version} is too old") as caught:
        check_glibc(version)
    assert "DATABASE_URL" in caught.value.hint


def test_full_disk_is_named_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(ServerTrouble, match="only 499 MB are free"):
        check_folder(tmp_path, free_bytes=499_999_999)
    check_folder(tmp_path, free_bytes=500_000_000)


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ServerTrouble, match="cannot write to"):
        check_folder(tmp_path / "file" / "var")


def test_second_run_in_the_same_folder_is_refused_until_the_first_is_killed(
    tmp_path: Path,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER_SCRIPT, str(tmp_path)], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(ServerTrouble, match=f"already runs .* {holder.pid}"):
            with only_one(tmp_path):
                pass
        holder.kill()
    with only_one(tmp_path):
        pass


def test_secret_is_made_once_and_only_ours_to_read(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    value = kept_secret(path)
    assert kept_secret(path) == value
    assert len(value) >= 64
    assert path.stat().st_mode & 0o777 == 0o600
    assert kept_secret(tmp_path / "other") != value
