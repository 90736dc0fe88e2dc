"""Suppressions: per workspace, in any spelling, safe to repeat."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.accounts.users import create_user, workspace_of
from dakiya.contacts import suppressions
from dakiya.contacts.suppressions import (
    count_suppressions,
    is_suppressed,
    list_suppressions,
    suppress,
    suppress_many,
    unsuppress,
)
from dakiya.errors import InvalidInput
from dakiya.mail.addresses import AddressError
from dakiya.models import Suppression, SuppressionReason
from tests.shared.contacts.drafts import add_draft


def test_suppressed_address_is_known_in_any_spelling_and_only_to_its_workspace(
    session: Session,
) -> None:
    alice, bob = add_draft(session), add_draft(session)
    assert not is_suppressed(session, alice.workspace_id, "asha@example.com")
    assert suppress(session, alice.workspace_id, "Asha@Example.com", SuppressionReason.UNSUBSCRIBED)
    assert is_suppressed(session, alice.workspace_id, " ASHA@example.COM")
    assert not is_suppressed(session, bob.workspace_id, "asha@example.com")


def test_suppressing_twice_keeps_the_first_reason_and_campaign(session: Session) -> None:
    campaign = add_draft(session)
    address = "asha@example.com"
    assert suppress(
        session,
        campaign.workspace_id,
        address,
        SuppressionReason.COMPLAINED,
        campaign_id=campaign.id,
    )
    assert not suppress(session, campaign.workspace_id, address, SuppressionReason.MANUAL)
    kept = session.scalars(select(Suppression)).one()
    assert (kept.reason, kept.campaign_id) == (SuppressionReason.COMPLAINED, campaign.id)


def test_unsuppressing_allows_mail_again_and_may_be_repeated(session: Session) -> None:
    campaign = add_draft(session)
    suppress(session, campaign.workspace_id, "asha@example.com", SuppressionReason.MANUAL)
    assert unsuppress(session, campaign.workspace_id, "ASHA@example.com")
    assert not unsuppress(session, campaign.workspace_id, "asha@example.com")
    assert not is_suppressed(session, campaign.workspace_id, "asha@example.com")


def test_nonsense_is_no_address_to_suppress(session: Session) -> None:
    campaign = add_draft(session)
    with pytest.raises(AddressError):
        suppress(session, campaign.workspace_id, "nobody", SuppressionReason.MANUAL)


def test_many_are_suppressed_at_once_with_a_report_of_what_is_no_address(session: Session) -> None:
    campaign = add_draft(session)
    suppress(session, campaign.workspace_id, "known@example.com", SuppressionReason.BOUNCED)
    text = (
        "email,reason\nAsha <Asha@example.com>; known@example.com\nnot an address\n"
        "bad..dots@example.com\nASHA@example.com\n"
    )
    found = suppress_many(session, campaign.workspace_id, text)
    assert (found.added, found.known) == (1, 1)
    assert [line.email for line in found.rejected] == ["not an address", "bad..dots@example.com"]
    assert is_suppressed(session, campaign.workspace_id, "asha@example.com")
    again = suppress_many(session, campaign.workspace_id, text)
    assert (again.added, again.known) == (0, 2)


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("junk\nasha@example.com", ["junk"]),
        ("asha@example.com\njunk", ["junk"]),
        ("E-Mail,Name\nasha@example.com", []),
        ("ईमेल\nasha@example.com\njunk", ["junk"]),
        ("junk", ["junk"]),
    ],
)
def test_first_line_is_reported_unless_it_names_columns(
    session: Session, text: str, reported: list[str]
) -> None:
    found = suppress_many(session, add_draft(session).workspace_id, text)
    assert [line.email for line in found.rejected] == reported


def test_too_many_at_once_are_refused(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = add_draft(session)
    monkeypatch.setattr(suppressions, "MAX_AT_ONCE", 2)
    with pytest.raises(InvalidInput, match="at most 2"):
        suppress_many(session, campaign.workspace_id, "a@b.com\nc@d.com\ne@f.com")


def test_list_goes_page_by_page_and_shows_only_the_users_own(session: Session) -> None:
    alice = create_user(session, email="alice@example.com", password="a long password")
    bob = create_user(session, email="bob@example.com", password="a long password")
    for user, name in ((alice, "r"), (bob, "s")):
        text = "\n".join(f"{name}{number}@example.org" for number in range(5))
        suppress_many(session, workspace_of(session, user.id), text)
    seen, before = [], None
    while page := list_suppressions(session, user_id=alice.id, before=before, limit=2):
        seen += [line.email_normalised for line in page]
        before = (page[-1].created_at, page[-1].email_normalised)
    assert seen == [f"r{number}@example.org" for number in reversed(range(5))]
    assert count_suppressions(session, user_id=alice.id) == 5
    found = list_suppressions(session, user_id=alice.id, search="R3@")
    assert [line.email_normalised for line in found] == ["r3@example.org"]
    assert list_suppressions(session, user_id=alice.id, search="s1") == []
    assert list_suppressions(session, user_id=alice.id, search="%") == []
