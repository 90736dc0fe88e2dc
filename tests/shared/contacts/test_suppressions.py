"""Suppressions: per workspace, in any spelling, safe to repeat."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.contacts.suppressions import is_suppressed, suppress, unsuppress
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
