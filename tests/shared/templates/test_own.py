"""The templates that people keep."""

import pytest
from sqlalchemy.orm import Session

from dakiya.accounts.users import create_user, workspace_of
from dakiya.campaigns.content import Content, ContentError, content_of
from dakiya.errors import IllegalState, InvalidInput, NotFound
from dakiya.models import User
from dakiya.templates import own

CONTENT = Content("Hello", html="<p>Hello {{ name }}</p>")


@pytest.fixture
def user(session: Session) -> User:
    return create_user(session, email="asha@example.com", password="correct horse battery")


def test_template_is_kept_changed_copied_and_deleted(session: Session, user: User) -> None:
    workspace_id = workspace_of(session, user.id)
    kept = own.keep_template(session, workspace_id=workspace_id, name=" My  own ", content=CONTENT)
    assert kept.name == "My own"
    changed = Content("Bye", html="<p>Bye</p>", preheader="Look")
    own.change_template(kept, name="Other", content=changed)
    session.flush()
    session.refresh(kept)
    assert (kept.name, content_of(kept)) == ("Other", changed)
    copy = own.duplicate_template(session, kept, content_of(kept))
    assert (copy.name, content_of(copy)) == ("Other (copy)", changed)
    own.delete_template(session, kept)
    assert [one.id for one in own.list_templates(session, user_id=user.id)] == [copy.id]


def test_other_people_find_nothing(session: Session, user: User) -> None:
    kept = own.keep_template(
        session, workspace_id=workspace_of(session, user.id), name="x", content=CONTENT
    )
    bob = create_user(session, email="bob@example.com", password="correct horse battery")
    assert own.list_templates(session, user_id=bob.id) == []
    with pytest.raises(NotFound):
        own.find_template(session, kept.id, user_id=bob.id)


def test_what_cannot_be_a_template_is_refused(
    session: Session, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace_id = workspace_of(session, user.id)
    for name in ("", "  ", "x" * 201):
        with pytest.raises(InvalidInput):
            own.keep_template(session, workspace_id=workspace_id, name=name, content=CONTENT)
    with pytest.raises(ContentError):
        own.keep_template(
            session, workspace_id=workspace_id, name="x", content=Content("x", html="{{ name")
        )
    monkeypatch.setattr(own, "MAX_TEMPLATES", 1)
    kept = own.keep_template(session, workspace_id=workspace_id, name="x" * 200, content=CONTENT)
    with pytest.raises(IllegalState, match="1 templates already"):
        own.duplicate_template(session, kept, CONTENT)
    monkeypatch.setattr(own, "MAX_TEMPLATES", 2)
    assert len(own.duplicate_template(session, kept, CONTENT).name) == 200
