"""How many mails of a campaign are in each state: deltas into slots, summed on reading."""

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from dakiya.models import CampaignCounter, EmailState

# Whoever writes often has a slot of its own: senders' threads share the rest of the range.
SCHEDULER_SLOT = 0
WEB_SLOT = 1
FIRST_SENDER_SLOT = 16
SLOTS = 256

# Mails that have not ended.
WAITING = (EmailState.PENDING, EmailState.CLAIMED, EmailState.SENDING, EmailState.DEFERRED)

_STATES = [state.value for state in EmailState]
_ADD = text(
    f"INSERT INTO campaign_counter (campaign_id, slot, {', '.join(_STATES)})"  # noqa: S608
    f" VALUES (:campaign_id, :slot, {', '.join(f':{s}' for s in _STATES)})"
    " ON CONFLICT (campaign_id, slot) DO UPDATE SET "
    + ", ".join(f"{s} = campaign_counter.{s} + excluded.{s}" for s in _STATES)
)


class Moves:
    """What one transaction moved between states of one campaign."""

    def __init__(self) -> None:
        self._deltas: Counter[EmailState] = Counter()

    def add(self, source: EmailState | None, target: EmailState | None, mails: int = 1) -> None:
        """Note that mails left a state (None: they are new) for another (None: deleted)."""
        if source is not None:
            self._deltas[source] -= mails
        if target is not None:
            self._deltas[target] += mails

    def store(self, session: Session, *, campaign_id: int, slot: int) -> None:
        """Add the deltas to the campaign's slot, in the caller's transaction."""
        if any(self._deltas.values()):
            values = {state: self._deltas[EmailState(state)] for state in _STATES}
            session.execute(_ADD, {"campaign_id": campaign_id, "slot": slot, **values})


def read_counts(session: Session, campaign_ids: list[int]) -> Mapping[int, dict[EmailState, int]]:
    """Sum the slots of several campaigns; a campaign without any has only zeros."""
    sums = [func.coalesce(func.sum(getattr(CampaignCounter, state)), 0) for state in _STATES]
    counts = {key: dict.fromkeys(EmailState, 0) for key in campaign_ids}
    rows = session.execute(
        select(CampaignCounter.campaign_id, *sums)
        .where(CampaignCounter.campaign_id.in_(campaign_ids))
        .group_by(CampaignCounter.campaign_id)
    )
    for campaign_id, *values in rows:
        counts[campaign_id] = {
            EmailState(state): int(value) for state, value in zip(_STATES, values, strict=True)
        }
    return counts
