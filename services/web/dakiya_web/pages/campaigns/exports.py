"""What became of each recipient's mail, as a file."""

from collections.abc import Iterator
from datetime import UTC, datetime

from flask import request
from flask.typing import ResponseReturnValue

from dakiya.campaigns.mails import LedgerLine, export_lines
from dakiya_web.exporting import csv_download
from dakiya_web.pages.campaigns.blueprint import campaigns, find_own
from dakiya_web.pages.campaigns.mails import read_wanted
from dakiya_web.wiring import wiring

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
)


@campaigns.get("/campaigns/<id:campaign_id>/export.csv")
def export_csv(campaign_id: int) -> ResponseReturnValue:
    """The ledger as CSV, or the part of it that the table shows; sent while it is read."""
    campaign = find_own(campaign_id)
    # For the Message-IDs; the request's session is gone while the file is sent.
    _ = campaign.smtp_account
    lines = export_lines(wiring().sessions, campaign, wanted=read_wanted(request.args))
    return csv_download(f"{campaign.name}-{campaign.id}", HEADER, _cells(lines))


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
        )


def _instant(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if moment else ""
