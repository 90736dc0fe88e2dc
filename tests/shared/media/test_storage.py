"""The folder that holds the bytes of pictures."""

from pathlib import Path

import pytest

from dakiya.media.storage import FolderStore, MissingMedia

KEY = "ab/abcdefghijklmnop"


def test_bytes_come_back_until_they_are_deleted(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "made" / "on demand")
    store.put(KEY, b"picture")
    assert FolderStore(tmp_path / "made" / "on demand").read(KEY) == b"picture"
    store.delete(KEY)
    store.delete(KEY)
    with pytest.raises(MissingMedia):
        store.read(KEY)
    assert list((tmp_path / "made" / "on demand").iterdir()) == []


def test_nothing_half_stays_behind_when_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        FolderStore(tmp_path).put(KEY, b"picture")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "key", ["", "../../etc/passwd", "ab/../../../x", "/etc/passwd", "ab/\0xyz"]
)
def test_key_that_leads_elsewhere_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        FolderStore(tmp_path).read(key)
