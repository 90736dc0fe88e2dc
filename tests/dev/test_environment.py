"""Which settings the children of `make run` get."""

from pathlib import Path

import pytest
from sqlalchemy import make_url

from dakiya_dev.environment import as_web_role, child_environment, given
from dakiya_dev.ports import read_port
from dakiya_dev.trouble import ServerTrouble


def environment(**environ: str) -> dict[str, str]:
    return child_environment(
        environ,
        database_url="postgresql://owner:secret@127.0.0.1:5433/dakiya",
        redis_url="redis://:secret@127.0.0.1:6380/0",
        secret_key="made-by-us",
        web_port=5001,
        smtp_port=1026,
        media_dir=Path("/somewhere/var/media"),
    )


def test_children_may_send_to_the_demo_inbox_only() -> None:
    assert environment()["DAKIYA_ALLOWED_INTERNAL_HOSTS"] == "127.0.0.1:1026,localhost:1026"


def test_hosts_that_the_person_allowed_stay_allowed() -> None:
    allowed = environment(DAKIYA_ALLOWED_INTERNAL_HOSTS="relay.internal")
    assert allowed["DAKIYA_ALLOWED_INTERNAL_HOSTS"].split(",") == [
        "relay.internal",
        "127.0.0.1:1026",
        "localhost:1026",
    ]


def test_settings_of_the_person_win_over_defaults() -> None:
    assert environment()["DAKIYA_PUBLIC_URL"] == "http://localhost:5001"
    kept = environment(DAKIYA_PUBLIC_URL="https://mail.example.com", DAKIYA_TICK_SECONDS="5")
    assert kept["DAKIYA_PUBLIC_URL"] == "https://mail.example.com"
    assert kept["DAKIYA_TICK_SECONDS"] == "5"


def test_pictures_lie_in_the_folder_of_the_data_unless_they_are_elsewhere() -> None:
    assert environment()["DAKIYA_MEDIA_DIR"] == "/somewhere/var/media"
    assert environment(DAKIYA_MEDIA_DIR="/srv/media")["DAKIYA_MEDIA_DIR"] == "/srv/media"


def test_file_of_a_setting_is_read_once_and_not_passed_on(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from-the-file\n")
    assert given({"SECRET_KEY_FILE": str(file)}, "SECRET_KEY") == "from-the-file"
    assert "SECRET_KEY_FILE" not in environment(SECRET_KEY_FILE=str(file))


def test_file_of_a_setting_that_cannot_be_read_is_trouble(tmp_path: Path) -> None:
    with pytest.raises(ServerTrouble, match="REDIS_URL_FILE: cannot read"):
        given({"REDIS_URL_FILE": str(tmp_path / "missing")}, "REDIS_URL")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://owner:secret@127.0.0.1:5433/dakiya?sslmode=disable",
        "postgresql://127.0.0.1/dakiya",
    ],
)
def test_web_gets_the_same_database_as_a_role_of_its_own(url: str) -> None:
    changed, original = make_url(as_web_role(url, "p@ss/word")), make_url(url)
    assert (changed.username, changed.password) == ("dakiya_web", "p@ss/word")
    for part in ("drivername", "host", "port", "database", "query"):
        assert getattr(changed, part) == getattr(original, part)


def test_file_of_a_setting_that_is_no_text_is_trouble(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ServerTrouble, match="not a text file"):
        given({"SECRET_KEY_FILE": str(path)}, "SECRET_KEY")


@pytest.mark.parametrize("text", ["abc", "70000", "0", "-1", "५०००"])
def test_port_that_is_none_is_named(text: str) -> None:
    with pytest.raises(ServerTrouble, match="is not a port"):
        read_port(text)
