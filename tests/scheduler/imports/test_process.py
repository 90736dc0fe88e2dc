"""The parsing child: limited, without secrets, gone when nobody listens."""

from contextlib import closing
from pathlib import Path

import pytest

from dakiya_scheduler.imports.parsed import FileLimits, FileRefused, Header, Row
from dakiya_scheduler.imports.process import parse_in_child
from tests.scheduler.imports.files import bomb, parsing_children, with_shared_texts, xlsx

# Enough for the interpreter and the checks, not for pandas.
BARE_INTERPRETER_BYTES = 100 * 1024 * 1024


def _list_of(rows: int) -> bytes:
    return b"Email,City\n" + b"".join(b"p%d@example.com,Pune\n" % n for n in range(rows))


@pytest.mark.parametrize(
    "stored", [_list_of(1_201), xlsx(["Email", "City"], *[["p@example.com", "Pune"]] * 1_201)]
)
def test_rows_come_through_the_child_in_order(stored: bytes) -> None:
    first, *rows = parse_in_child(stored, "list", FileLimits())
    assert isinstance(first, Header)
    assert [item.row for item in rows if isinstance(item, Row)] == list(range(2, 1_203))
    assert not parsing_children()


def test_refusal_comes_through_the_child() -> None:
    with pytest.raises(FileRefused, match=r"The columns are: “Name”"):
        list(parse_in_child(b"Name\nAsha\n", "list.csv", FileLimits()))


def test_child_inherits_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "a-sentinel-that-must-not-travel")
    with closing(parse_in_child(_list_of(50_000), "list.csv", FileLimits())) as items:
        next(items)
        (child,) = parsing_children()
        assert set(child.environ()) <= {
            "LANG",
            "LC_CTYPE",
            "OPENBLAS_NUM_THREADS",
            "OMP_NUM_THREADS",
        }
        open_files = {str(link.readlink()) for link in Path(f"/proc/{child.pid}/fd").iterdir()}
        assert not any("socket" in name for name in open_files)


def test_child_is_killed_when_its_rows_are_no_longer_wanted() -> None:
    items = parse_in_child(_list_of(50_000), "list.csv", FileLimits())
    next(items)
    (child,) = parsing_children()
    child.suspend()  # it cannot notice by itself that its pipe is closed
    items.close()
    assert not child.is_running()


def test_file_is_refused_when_it_takes_too_long() -> None:
    with pytest.raises(FileRefused, match="takes too long"):
        list(parse_in_child(_list_of(10), "list.csv", FileLimits(wait_s=0.0)))
    with pytest.raises(FileRefused, match="takes too long"):
        list(parse_in_child(_list_of(500_000), "list.csv", FileLimits(cpu_s=1)))
    assert not parsing_children()


def test_file_is_refused_when_it_takes_too_much_memory() -> None:
    stored = with_shared_texts(xlsx(["Email"], ["a@example.com"]), 500_000)
    with pytest.raises(FileRefused, match="more memory than is allowed"):
        list(parse_in_child(stored, "list.xlsx", FileLimits(memory_bytes=160 * 1024 * 1024)))


def test_bomb_is_refused_before_anything_large_is_loaded() -> None:
    limits = FileLimits(memory_bytes=BARE_INTERPRETER_BYTES)
    with pytest.raises(FileRefused, match="unpack to"):
        list(parse_in_child(bomb(500), "list.xlsx", limits))


def test_oversized_file_is_refused_without_a_child() -> None:
    with pytest.raises(FileRefused, match=r"The file list\.csv has 0\.0 MB"):
        next(parse_in_child(b"x" * 101, "/tmp/list.csv", FileLimits(size_bytes=100)))
