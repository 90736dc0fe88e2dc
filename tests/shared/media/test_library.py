"""The library of pictures: quota, the same picture twice, search, use."""

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.accounts.users import create_user, workspace_of
from dakiya.campaigns import drafts
from dakiya.errors import InvalidInput, NotFound
from dakiya.media import library
from dakiya.media.storage import FolderStore
from dakiya.models import MediaFile, Template, User

PASSWORD = "correct horse battery"


def new(data: bytes = b"bytes") -> library.NewPicture:
    return library.NewPicture(data, "image/png", "png", 60, 40, is_animated=False)


@pytest.fixture
def user(session: Session) -> User:
    return create_user(session, email="asha@example.com", password=PASSWORD)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def add(
    session: Session, user: User, store: FolderStore, *, data: bytes = b"bytes",
    name: str = "Lamps.png", quota: int = 1000,
) -> MediaFile:  # fmt: skip
    return library.add_picture(
        session, new(data), workspace_id=workspace_of(session, user.id), name=name,
        store=store, quota_bytes=quota,
    )  # fmt: skip


def test_picture_is_stored_under_an_address_that_nobody_guesses(
    session: Session, user: User, store: FolderStore
) -> None:
    file = add(session, user, store, name="C:\\Photos\\Diwali lamps (1).JPG")
    assert (file.label, file.file_name) == ("Diwali lamps (1)", "diwali-lamps-1.png")
    assert len(file.token) >= 22
    assert store.read(library.key_of(file)) == b"bytes"
    assert library.find_public(session, file.token, file.file_name) is file
    assert library.find_public(session, file.token, "other.png") is None
    assert library.find_public(session, file.token[:-1], file.file_name) is None


@pytest.mark.parametrize(
    ("name", "label", "slug"),
    [
        ("", "picture", "picture"),
        ("दीया.png", "दीया", "picture"),
        ("Été à Goa.webp", "Été à Goa", "ete-a-goa"),
        ("..\\..\\evil\x00\r\n.png", "evil", "evil"),
        ("x" * 900 + ".png", "x" * 200, "x" * 60),
        (".png", "png", "png"),
        ("a\u202egnp.exe.png", "agnp.exe", "agnp-exe"),
    ],
)
def test_names_are_read_whatever_they_are(name: str, label: str, slug: str) -> None:
    assert library.label_of(name) == label
    assert library.slug_of(library.label_of(name)) == slug


def test_same_picture_twice_is_one(session: Session, user: User, store: FolderStore) -> None:
    first = add(session, user, store)
    assert add(session, user, store, name="Again.png").id == first.id
    other = create_user(session, email="bob@example.com", password=PASSWORD)
    assert add(session, other, store).id != first.id


def test_quota_is_kept_for_each_workspace(session: Session, user: User, store: FolderStore) -> None:
    add(session, user, store, data=b"x" * 600)
    with pytest.raises(library.QuotaFull, match="full"):
        add(session, user, store, data=b"y" * 401)
    add(session, user, store, data=b"z" * 400)
    other = create_user(session, email="bob@example.com", password=PASSWORD)
    add(session, other, store, data=b"y" * 401)
    assert library.used_bytes(session, workspace_of(session, user.id)) == 1000


def test_other_people_find_nothing(session: Session, user: User, store: FolderStore) -> None:
    file = add(session, user, store)
    bob = create_user(session, email="bob@example.com", password=PASSWORD)
    assert library.list_pictures(session, user_id=bob.id) == []
    with pytest.raises(NotFound):
        library.find_picture(session, file.id, user_id=bob.id)


def test_search_looks_at_names_and_alternative_texts(
    session: Session, user: User, store: FolderStore
) -> None:
    lamp = add(session, user, store, data=b"1", name="lamp.png")
    logo = add(session, user, store, data=b"2", name="logo 100%.png")
    library.describe(logo, label="Logo 100%", alt="A banyan tree")
    session.flush()

    def found(words: str) -> list[int]:
        files = library.list_pictures(session, user_id=user.id, search=words)
        return [file.id for file in files]

    assert found("LAMP") == [lamp.id]
    assert found("tree logo") == [logo.id]
    assert found("100%") == [logo.id]
    assert found("%") == [logo.id]
    assert found("") == [logo.id, lamp.id]


def test_description_is_checked(session: Session, user: User, store: FolderStore) -> None:
    file = add(session, user, store)
    library.describe(file, label=" Lamps\n", alt="Clay\x00 lamps")
    assert (file.label, file.alt) == ("Lamps", "Clay  lamps")
    for label, alt, field in (
        ("", "", "label"),
        ("x" * 201, "", "label"),
        ("x", "x" * 1001, "alt"),
    ):
        with pytest.raises(InvalidInput) as refused:
            library.describe(file, label=label, alt=alt)
        assert refused.value.field == field


def test_uses_are_present_contents_of_campaigns_and_templates(
    session: Session, user: User, store: FolderStore
) -> None:
    file = add(session, user, store)
    workspace_id = workspace_of(session, user.id)
    html = f'<img src="https://mail.example.com{library.path_of(file)}" alt="">'
    campaign = drafts.create_campaign(
        session, workspace_id=workspace_id, name="Diwali", account=None, timezone="Asia/Kolkata",
        content=drafts.Content(subject="Hi", html=html, text=None),
    )  # fmt: skip
    session.add(Template(workspace_id=workspace_id, name="Mine", subject="Hi", html=html))
    session.flush()
    found = [(use.kind, use.name) for use in library.uses_of(session, file)]
    assert found == [("campaign", "Diwali"), ("template", "Mine")]
    drafts.set_content(session, campaign, drafts.Content(subject="Hi", html="<p>x</p>", text=None))
    assert [use.kind for use in library.uses_of(session, file)] == ["template"]


def test_removed_picture_leaves_its_key_to_be_deleted(
    session: Session, user: User, store: FolderStore
) -> None:
    file = add(session, user, store)
    key = library.remove_picture(session, file)
    store.delete(key)
    assert session.scalars(select(MediaFile)).all() == []
