"""What became of each recipient's mail, as a file."""

from collections.abc import Iterator
from datetime import UTC, datetime

from flask import request
from flask.typing import ResponseReturnValue

from dakiya.campaigns.mails import LedgerLine, export_lines
from dakiya.models import Campaign
from dakiya_web.exporting import csv_download, download, file_stem
from dakiya_web.pages.campaigns.blueprint import campaigns, find_own
from dakiya_web.pages.campaigns.mails import read_wanted
from dakiya_web.pages.campaigns.words import explain
from dakiya_web.wiring import wiring
from dakiya_web.workbook import CONTENT_TYPE, xlsx_pieces

HEADER = (
    "email",
    "name",
    "status",
    "attempts",
    "sent_at_utc",
    "reply_code",
    "reply",
    "reason",
    "message_id",
    "explanation",
)


@campaigns.get("/campaigns/<id:campaign_id>/export.csv")
def export_csv(campaign_id: int) -> ResponseReturnValue:
    """The ledger as CSV, or the part of it that the table shows; sent while it is read."""
    campaign = find_own(campaign_id)
    return csv_download(_name(campaign), HEADER, _cells(_read(campaign)))


@campaigns.get("/campaigns/<id:campaign_id>/export.xlsx")
def export_xlsx(campaign_id: int) -> ResponseReturnValue:
    """The same as a workbook."""
    campaign = find_own(campaign_id)
    pieces = xlsx_pieces(HEADER, _cells(_read(campaign)))
    return download(pieces, f"{file_stem(_name(campaign))}.xlsx", CONTENT_TYPE)


def _read(campaign: Campaign) -> Iterator[LedgerLine]:
    # For the Message-IDs; the request's session is gone while the file is sent.
    _ = campaign.smtp_account
    return export_lines(wiring().sessions, campaign, wanted=read_wanted(request.args))


def _name(campaign: Campaign) -> str:
    return f"{campaign.name} {campaign.id}"


def _cells(lines: Iterator[LedgerLine]) -> Iterator[tuple[object, ...]]:
    for line in lines:
        yield (
            line.email,
            line.name,
            line.state.value,
            line.attempts,
            _instant(line.sent_at),
            line.reply_code,
            line.reply_text,
            line.reason,
            line.message_id,
            explain(line.reason, line.state),
        )


def _instant(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if moment else ""
