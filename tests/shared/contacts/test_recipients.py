"""Intake: every recipient is stored once or reported with its row and reason."""

import tracemalloc
from collections.abc import Iterator

from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from dakiya.contacts.recipients import RawRecipient, Rejection, add_recipients
from dakiya.contacts.suppressions import suppress
from dakiya.db import SessionFactory
from dakiya.models import Recipient, SuppressionReason
from tests.shared.contacts.drafts import add_draft


def _raw(row: int, email: str, **fields: str) -> RawRecipient:
    return RawRecipient(row, email, None, fields)


def _stored(session: Session, campaign_id: int) -> list[str]:
    return list(
        session.scalars(
            select(Recipient.email)
            .where(Recipient.campaign_id == campaign_id)
            .order_by(Recipient.id)
        )
    )


def test_recipients_are_stored_in_their_order_with_all_they_carry(session: Session) -> None:
    campaign = add_draft(session)
    awkward = "'\"\\{}; DROP TABLE recipient; -- é आ 😀\n{{ name }}"
    intake = add_recipients(
        session,
        campaign,
        [
            RawRecipient(1, "Zoe@Example.com", awkward.replace("\n", " "), {"Note": awkward}),
            _raw(2, "asha@example.com", city="Pune"),
        ],
    )
    assert (intake.accepted, intake.rejected) == (2, [])
    first, second = session.scalars(select(Recipient).order_by(Recipient.id))
    assert (first.email, first.email_normalised) == ("Zoe@example.com", "zoe@example.com")
    assert first.name == awkward.replace("\n", " ")
    assert first.fields == {"note": awkward}
    assert first.workspace_id == campaign.workspace_id
    assert (second.name, second.fields) == ("", {"city": "Pune"})


def test_duplicates_within_a_request_name_the_first_row(session: Session) -> None:
    campaign = add_draft(session)
    intake = add_recipients(
        session, campaign, [_raw(3, "asha@example.com"), _raw(7, "ASHA@Example.com ")]
    )
    assert intake.accepted == 1
    assert intake.rejected == [
        Rejection(7, "ASHA@example.com", "the same address as in row 3"),
    ]


def test_duplicates_far_apart_name_the_first_row(session: Session) -> None:
    campaign = add_draft(session)
    many = [_raw(row, f"p{row}@example.com") for row in range(1, 2_500)]
    intake = add_recipients(session, campaign, [*many, _raw(2_500, "p1@example.com")])
    assert intake.accepted == 2_499
    assert intake.rejected == [
        Rejection(2_500, "p1@example.com", "the same address as in row 1"),
    ]


def test_recipient_of_the_campaign_is_reported_and_one_of_another_is_taken(
    session: Session,
) -> None:
    campaign, other = add_draft(session), add_draft(session)
    add_recipients(session, campaign, [_raw(1, "asha@example.com", city="Pune")])
    again = add_recipients(session, campaign, [_raw(1, "asha@example.com", city="Agra")])
    assert again.accepted == 0
    assert again.rejected == [
        Rejection(1, "asha@example.com", "this address is already in the campaign")
    ]
    assert add_recipients(session, other, [_raw(1, "asha@example.com")]).accepted == 1
    assert session.scalars(
        select(Recipient.fields).where(Recipient.campaign_id == campaign.id)
    ).all() == [{"city": "Pune"}]


def test_bad_recipients_are_reported_and_the_others_taken(session: Session) -> None:
    campaign = add_draft(session)
    intake = add_recipients(
        session,
        campaign,
        [
            _raw(1, "asha@example.com"),
            _raw(2, "a@b\r\nRCPT TO:<evil@example.com>"),
            _raw(3, "ravi@example.com", city="\0"),
            _raw(4, "asha@example.com"),
            _raw(5, "meena@example.com"),
        ],
    )
    assert intake.accepted == 2
    assert [rejection.row for rejection in intake.rejected] == [2, 3, 4]
    assert intake.rejected[0].email == "a@b RCPT TO:<evil@example.com>"
    assert _stored(session, campaign.id) == ["asha@example.com", "meena@example.com"]


def test_suppressed_address_is_taken_for_the_ledger_to_mark(session: Session) -> None:
    campaign = add_draft(session)
    suppress(session, campaign.workspace_id, "asha@example.com", SuppressionReason.MANUAL)
    assert add_recipients(session, campaign, [_raw(1, "asha@example.com")]).accepted == 1


def test_intake_leaves_the_commit_to_its_caller(session_factory: SessionFactory) -> None:
    with session_factory.begin() as session:
        campaign = add_draft(session)
    with session_factory() as session:
        add_recipients(session, campaign, [_raw(1, "asha@example.com")])
        session.rollback()
    with session_factory() as session:
        assert session.scalar(select(func.count()).select_from(Recipient)) == 0


def test_role_of_the_web_may_take_recipients(
    web_database_url: str, session_factory: SessionFactory
) -> None:
    with session_factory.begin() as session:
        campaign = add_draft(session)
    engine = create_engine(web_database_url)
    with Session(engine) as session:
        assert add_recipients(session, campaign, [_raw(1, "asha@example.com")]).accepted == 1
    engine.dispose()


def test_memory_does_not_grow_with_the_request(session: Session) -> None:
    campaign = add_draft(session)

    def many() -> Iterator[RawRecipient]:
        for row in range(20_000):
            yield _raw(row, f"p{row}@example.com", note=f"{row}" * 500)

    tracemalloc.start()
    intake = add_recipients(session, campaign, many())
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert intake.accepted == 20_000
    # the notes alone are 50 MB
    assert peak_bytes < 30_000_000


def test_a_hundred_thousand_fit_into_one_request(session: Session) -> None:
    campaign = add_draft(session)
    raw = [_raw(row, f"p{row % 99_990}@example.com", city="Pune") for row in range(1, 100_001)]
    intake = add_recipients(session, campaign, raw)
    assert intake.accepted == 99_990
    assert [rejection.row for rejection in intake.rejected] == list(range(99_991, 100_001))
