"""A campaign's mail to addresses of its owner's choice, before anybody else gets it.

It is asked for here and sent by a sender, as the chosen recipient would get it. It counts in the
account's limits and leaves the ledger alone.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dakiya.accounts.users import visible_to
from dakiya.errors import IllegalState, InvalidInput, NotFound
from dakiya.mail.addresses import AddressError, clean_header, parse_address
from dakiya.models import Campaign, CampaignTest, Recipient, SmtpAccount
from dakiya.smtp_accounts.errands import OPEN, TEST_LASTS_AT_MOST, require_room_for_test

# Nobody sends a campaign by tests, past suppressions and limits.
TESTS_AN_HOUR = 60
# Each is an errand of a sender for itself, and there are few threads for them.
ADDRESSES_AT_ONCE = 5


def request_campaign_tests(
    session: Session,
    campaign: Campaign,
    *,
    to_emails: Sequence[str],
    now: datetime,
    recipient_id: int | None = None,
) -> list[CampaignTest]:
    """Add tests of the campaign's present content, one for each address, each only once.

    They are filled in for a recipient if one is given. Raises InvalidInput (field ``to``),
    NotFound for a foreign recipient, and IllegalState without content or account, while others
    run, and past TESTS_AN_HOUR. The caller has locked the campaign, commits, and rings a sender.
    """
    envelopes = _read_addresses(to_emails)
    _require_complete(session, campaign)
    if recipient_id is not None and not _has_recipient(session, campaign, recipient_id):
        raise NotFound("There is no such recipient.")
    if any(
        test.status in OPEN and now - test.created_at < TEST_LASTS_AT_MOST
        for test in latest_campaign_tests(session, campaign)
    ):
        raise IllegalState("A test mail of this campaign is still on its way. Wait for its result.")
    require_room_for_test(session, campaign.workspace_id, now=now)
    if _count_lately(session, campaign, now=now) + len(envelopes) > TESTS_AN_HOUR:
        raise IllegalState(
            f"There are at most {TESTS_AN_HOUR} test mails an hour. Try again later, or with fewer."
        )
    tests = [
        CampaignTest(
            campaign_id=campaign.id,
            content_version_id=campaign.content_version_id,
            recipient_id=recipient_id,
            to_email=envelope,
        )
        for envelope in envelopes
    ]
    session.add_all(tests)
    session.flush()
    return tests


def _read_addresses(written: Sequence[str]) -> list[str]:
    envelopes: dict[str, str] = {}
    for one in written:
        try:
            address = parse_address(one)
        except AddressError as error:
            shown = f"“{clean_header(one)[:60]}”: " if len(written) > 1 else ""
            raise InvalidInput(f"{shown}{error}", "to") from None
        envelopes.setdefault(address.envelope.lower(), address.envelope)
    if not envelopes:
        raise InvalidInput("Type the address that gets the test.", "to")
    if len(envelopes) > ADDRESSES_AT_ONCE:
        raise InvalidInput(f"A test goes to {ADDRESSES_AT_ONCE} addresses at most.", "to")
    return list(envelopes.values())


def find_campaign_test(session: Session, test_id: int, *, user_id: int) -> CampaignTest:
    """Return a test that the user may see. Raises NotFound."""
    test = session.scalar(
        select(CampaignTest)
        .join(Campaign)
        .where(
            CampaignTest.id == test_id,
            visible_to(user_id, Campaign.workspace_id),
            Campaign.deleted_at.is_(None),
        )
    )
    if test is None:
        raise NotFound("There is no such test mail.")
    return test


def latest_campaign_tests(session: Session, campaign: Campaign) -> Sequence[CampaignTest]:
    """Return the tests that were asked for together the last time, in their order.

    They have one instant in common: that of the transaction which added them.
    """
    last = (
        select(CampaignTest.created_at)
        .where(CampaignTest.campaign_id == campaign.id)
        .order_by(CampaignTest.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return session.scalars(
        select(CampaignTest)
        .where(CampaignTest.campaign_id == campaign.id, CampaignTest.created_at == last)
        .order_by(CampaignTest.id)
    ).all()


def _require_complete(session: Session, campaign: Campaign) -> None:
    if campaign.content_version_id is None:
        raise IllegalState("The campaign has no content yet. Write it first.")
    account = None
    if campaign.smtp_account_id is not None:
        account = session.get(SmtpAccount, campaign.smtp_account_id)
    if account is None or account.deleted_at is not None:
        raise IllegalState("The campaign has no SMTP account. Choose one first.")


def _has_recipient(session: Session, campaign: Campaign, recipient_id: int) -> bool:
    found = select(Recipient.id).where(
        Recipient.campaign_id == campaign.id, Recipient.id == recipient_id
    )
    return session.scalar(found) is not None


def _count_lately(session: Session, campaign: Campaign, *, now: datetime) -> int:
    """Count the workspace's tests of the last hour."""
    return session.scalars(
        select(func.count())
        .select_from(CampaignTest)
        .join(Campaign)
        .where(
            Campaign.workspace_id == campaign.workspace_id,
            CampaignTest.created_at > now - timedelta(hours=1),
        )
    ).one()
