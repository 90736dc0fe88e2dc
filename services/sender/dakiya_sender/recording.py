"""Commits what a batch learned and intends, and does not forget while the database is away."""

import threading
import time
from collections.abc import Callable

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dakiya.contacts.suppressions import suppress
from dakiya.db import SessionFactory
from dakiya.delivery.content_trouble import REFUSALS_IN_A_ROW, note_refusal
from dakiya.delivery.counters import Moves
from dakiya.delivery.intents import Intent, intend, lock_for_intent
from dakiya.delivery.ledger import (
    Claim,
    ClaimedEmail,
    close_batch,
    give_back,
    lock_batch,
    record,
)
from dakiya.delivery.outcomes import Outcome
from dakiya.delivery.refusals import hold, judge
from dakiya.delivery.rounds import Sent, Step, Written
from dakiya.delivery.taking import park_batch
from dakiya.delivery.trouble import AccountTrouble, end_trouble, meet_trouble
from dakiya.log import get_logger
from dakiya.mail.replies import SERVICE_CLOSING
from dakiya.models import Attempt, EmailState, SmtpAccount, SuppressionReason
from dakiya_sender.ledger_writer import LedgerWriter

log = get_logger(__name__)

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 5.0
# What was learned is worth waiting for; without it the row says "unknown".
PATIENCE_S = 900.0
# Once we are told to stop, there is less time.
PATIENCE_WHEN_STOPPING_S = 30.0


class Recorder:
    """Writes one batch's outcomes. Those of mail k go with the intent of mail k + 1."""

    def __init__(
        self,
        session_factory: SessionFactory,
        claim: Claim,
        *,
        writer: LedgerWriter,
        slot: int,
        stop: threading.Event,
    ) -> None:
        self._sessions = session_factory
        self._claim = claim
        self._writer = writer
        self._slot = slot
        self._stop = stop
        self._outcomes: list[tuple[ClaimedEmail, Outcome, bool]] = []
        self.accepted = 0

    def learn(self, mail: ClaimedEmail, outcome: Outcome, *, suppresses: bool = False) -> None:
        """Keep an outcome for the next commit."""
        self._outcomes.append((mail, outcome, suppresses))
        self.accepted += outcome.state is EmailState.SENT
        self._log(mail, outcome)

    def _log(self, mail: ClaimedEmail, outcome: Outcome, *, is_held: bool = False) -> None:
        log.info(
            "mail",
            email=mail.id,
            campaign=self._claim.campaign_id,
            outcome="held" if is_held else outcome.state.value,
            code=outcome.reply_code,
            phase=outcome.phase,
            reason=outcome.reason,
        )

    def hold(self, mail: ClaimedEmail, refusal: Outcome) -> bool:
        """Commit a refusal that may be meant for everybody; False when the account has to stop."""
        self.flush()  # what was accepted before it counts as such
        self._log(mail, refusal, is_held=True)
        self._patiently(lambda s: self._hold_once(s, mail, refusal))
        try:
            with self._sessions() as session:
                stopped = judge(session, self._claim.smtp_account_id, slot=self._slot)
                session.commit()
        except DBAPIError as error:
            log.warning("refusal_not_judged", error=type(error).__name__)
            return False
        if stopped is not None:
            log.warning("account_paused", account=stopped.id, reason=stopped.pause_reason)
        return stopped is None

    def _hold_once(self, session: Session, mail: ClaimedEmail, refusal: Outcome) -> None:
        lock_batch(session, self._claim)
        if not hold(session, self._claim, mail.id, refusal, slot=self._slot):
            log.warning("outcome_not_recorded", email=mail.id, outcome="held")

    def times_closed(self, mail: ClaimedEmail) -> int:
        """Count how often the server has closed its service at this mail."""
        closed = select(func.count(Attempt.id)).where(
            Attempt.email_id == mail.id, Attempt.reply_code == SERVICE_CLOSING
        )
        try:
            with self._sessions() as session:
                return session.scalars(closed).one()
        except DBAPIError:
            return 0

    def refuse_content(self, mail: ClaimedEmail, outcome: Outcome) -> bool:
        """Commit a refusal of the content at once; False when the campaign has had enough."""
        self.learn(mail, outcome)
        self.flush()
        words = " ".join(str(part) for part in (outcome.reply_code, outcome.reply_text) if part)
        try:
            with self._sessions() as session:
                refusals = note_refusal(session, self._claim.campaign_id, words=words)
                session.commit()
        except DBAPIError as error:
            log.warning("refusal_not_counted", error=type(error).__name__)
            return False
        return refusals < REFUSALS_IN_A_ROW

    def intend(self, mail: ClaimedEmail) -> Intent:
        """Commit the outcomes so far and the intent to send this mail's final dot.

        Raises DBAPIError or CommitUncertain; whether it was committed is not known then, so no dot
        may be sent.
        """
        written = self._write_with_others(mail)
        if written is not None:
            self._outcomes = [one for one in self._outcomes if one[0].id not in written.recorded]
            if written.goes:
                return Intent.GO
        return self._intend_alone(mail)

    def _write_with_others(self, mail: ClaimedEmail) -> Written | None:
        """Let the ledger writer do it, if all that was learned is that mails were sent."""
        if any(outcome.state is not EmailState.SENT for _, outcome, _ in self._outcomes):
            return None
        sent = [
            Sent(told.id, outcome.reply_code, outcome.reply_text)
            for told, outcome, _ in self._outcomes
        ]
        return self._writer.write(Step(self._claim, sent, mail.id))

    def _intend_alone(self, mail: ClaimedEmail) -> Intent:
        """Do it in a transaction of its own, which may wait, and says why not."""
        with self._sessions() as session:
            moves = Moves()
            lock_for_intent(session, self._claim)
            self._write_outcomes(session, moves)
            intent = intend(session, self._claim, mail.id, moves)
            moves.store(session, campaign_id=self._claim.campaign_id, slot=self._slot)
            session.commit()
        self._outcomes.clear()
        return intent

    def flush(self) -> None:
        """Commit the outcomes now, if there are any: the next step may take long."""
        if self._outcomes:
            self._patiently(self._flush_once)

    def finish(
        self,
        *,
        trouble: AccountTrouble | None,
        had_trouble: bool,
        mended: int,
        waits: SmtpAccount | None = None,
    ) -> int:
        """Commit the rest, give unsent mails back and close the batch; returns how many.

        ``trouble`` pauses the account, unless it was ``mended`` since the batch was taken; mails
        that were accepted end an earlier trouble. A batch that ``waits`` for its account's pace
        keeps its unsent mails if that is not for long.
        """
        returned = 0

        def once(session: Session) -> None:
            nonlocal returned
            moves = Moves()
            lock_batch(session, self._claim)
            self._write_outcomes(session, moves)
            if waits is None or not park_batch(session, self._claim, waits):
                returned = give_back(session, self._claim, moves)
                close_batch(session, self._claim)
            moves.store(session, campaign_id=self._claim.campaign_id, slot=self._slot)
            if self.accepted and (had_trouble or trouble is not None):
                end_trouble(session, self._claim.smtp_account_id)
            if trouble is not None:
                meet_trouble(session, self._claim, trouble, accepted=self.accepted, mended=mended)

        self._patiently(once)
        return returned

    def _flush_once(self, session: Session) -> None:
        moves = Moves()
        lock_batch(session, self._claim)
        self._write_outcomes(session, moves)
        moves.store(session, campaign_id=self._claim.campaign_id, slot=self._slot)

    def _write_outcomes(self, session: Session, moves: Moves) -> None:
        for mail, outcome, suppresses in self._outcomes:
            if not record(session, self._claim, mail.id, outcome, moves):
                log.warning("outcome_not_recorded", email=mail.id, outcome=outcome.state.value)
            elif suppresses:
                suppress(
                    session,
                    self._claim.workspace_id,
                    mail.email,
                    SuppressionReason.BOUNCED,
                    campaign_id=self._claim.campaign_id,
                )

    def _patiently(self, write: Callable[[Session], None]) -> None:
        """Run and commit until it succeeds; writes are idempotent under the fence.

        Raises DBAPIError when the database stays away for too long: the rows
        that say "sending" then become unknown.
        """
        wait_s = FIRST_WAIT_S
        began_at = time.monotonic()
        while True:
            try:
                with self._sessions() as session:
                    write(session)
                    session.commit()
            except DBAPIError as error:
                patience_s = PATIENCE_WHEN_STOPPING_S if self._stop.is_set() else PATIENCE_S
                if time.monotonic() - began_at > patience_s:
                    raise
                log.warning("database_away", error=type(error).__name__, retry_in_s=wait_s)
                time.sleep(wait_s)
                wait_s = min(wait_s * 2, LONGEST_WAIT_S)
            else:
                self._outcomes.clear()
                return
