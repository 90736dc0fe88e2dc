"""Delivers one batch: a mail after the other, each intent committed right before its dot.

For each mail:

1. build it (a mail that cannot be built fails alone);
2. borrow a connection; one that cannot be opened is the account's trouble; and ask the
   account's pace for leave;
3. MAIL, RCPT, DATA, and the body without its final dot;
4. commit the outcome of the mail before and the intent of this one; if the ledger says no,
   cut the connection without the dot;
5. the dot, and the reply: sent, deferred, failed, held, or unknown if no reply came.

Where the server takes it, steps 1 to 3 of the next mail begin before the intent of this one: it is
built and has its leave, and its MAIL, RCPT and DATA go out with this one's dot.

Between two mails the loop looks whether it has to stop; what it did not send goes back. A mail
that was offered already is gone on with.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from dakiya.delivery.intents import Intent
from dakiya.delivery.ledger import ClaimedEmail
from dakiya.delivery.taking import Taken
from dakiya.delivery.trouble import AccountTrouble
from dakiya.log import get_logger
from dakiya.mail.replies import SERVICE_CLOSING
from dakiya_sender import judging
from dakiya_sender.ledger_writer import CommitUncertain
from dakiya_sender.lending import BatchConnection, MailboxMoved, NoConnectionFree
from dakiya_sender.messages import BatchMessages, CampaignMessage
from dakiya_sender.pace import SharedPace
from dakiya_sender.pool import ConnectionPool
from dakiya_sender.recording import Recorder
from dakiya_sender.smtp import (
    Connection,
    Envelope,
    OutcomeUnknown,
    Phase,
    Refusal,
    Server,
    SmtpTrouble,
)
from dakiya_sender.verdicts import RetryRule, Stop, Verdicts

log = get_logger(__name__)

# A batch that takes longer gives its rest back, so that a slow server holds no thread for long.
SOFT_DEADLINE_S = 300.0


class _Wait(Exception):
    """Ends the batch for now: the account's limits want the rest to go later."""


@dataclass(frozen=True)
class Report:
    """What became of a batch; ``attempted`` counts how often the server was asked.

    ``waits``: the account's pace wants the rest to go later.
    """

    attempted: int
    accepted: int
    trouble: AccountTrouble | None
    waits: bool = False


class BatchDelivery:
    """The delivery of one taken batch by one thread."""

    def __init__(
        self,
        taken: Taken,
        *,
        message: CampaignMessage,
        server: Server,
        pool: ConnectionPool,
        recorder: Recorder,
        pace: SharedPace,
        retry: RetryRule,
        public_url: str,
        link_key: bytes,
        stop: threading.Event,
        must_yield: Callable[[], bool],
        note_login: Callable[[], bool],
    ) -> None:
        self._taken = taken
        self._messages = BatchMessages(message, public_url=public_url, link_key=link_key)
        self._connection = BatchConnection(pool, taken, server, note_login=note_login)
        self._recorder = recorder
        self._pace = pace
        self._verdicts = Verdicts(recorder, retry)
        self._stop = stop
        self._must_yield = must_yield
        self._attempted = 0
        self._was_used = False
        self._ends_at = time.monotonic() + SOFT_DEADLINE_S
        self._has_to_end = False

    def run(self, mails: Sequence[ClaimedEmail]) -> Report:
        """Send what can be sent. Raises NoConnectionFree if not even the first mail could go."""
        trouble = None
        waits = False
        try:
            for number, mail in enumerate(mails):
                if self._has_to_stop() and not self._connection.has_offer:
                    break
                self._deliver(mail, mails[number + 1 : number + 3])
                self._messages.forget(mail)
        except Stop as stop:
            trouble = stop.trouble
        except _Wait:
            waits = True
        except NoConnectionFree:
            if not self._attempted:
                raise
        except BaseException:
            self._connection.drop()  # perhaps in mid-message: nobody may go on with it
            raise
        self._connection.give_back()
        return Report(self._attempted, self._recorder.accepted, trouble, waits)

    def _has_to_stop(self) -> bool:
        """Say whether the batch has to end; once it had to, it has to."""
        self._has_to_end = (
            self._has_to_end
            or self._stop.is_set()
            or time.monotonic() > self._ends_at
            or self._must_yield()
        )
        return self._has_to_end

    def _deliver(self, mail: ClaimedEmail, following: Sequence[ClaimedEmail]) -> None:
        if mail.suppressed:
            self._verdicts.suppressed(mail)
            return
        try:
            self._messages.build(mail)
        except Exception as error:  # noqa: BLE001 - whatever it is, the neighbours go out
            self._verdicts.not_built(mail, error)
            return
        match self._offer(mail):
            case Refusal(phase, reply):
                self._verdicts.refused(mail, phase, reply)
            case SmtpTrouble() as trouble:
                self._verdicts.broke_off(mail, trouble)
            case connection:
                self._send_dot(mail, connection, following)

    def _take_along(
        self, following: Sequence[ClaimedEmail], connection: Connection
    ) -> Envelope | None:
        """Make the next mail ready to be offered with the dot of this one; None if it cannot be."""
        if (
            not following
            or following[0].suppressed
            or not connection.pipelines
            or self._pace.is_limited  # its leave would be older than the reply to this one
            or not self._connection.may_carry(2)
            or self._has_to_stop()
        ):
            return None
        mail = following[0]
        try:
            envelope = self._messages.envelope(mail)
            if connection.takes_along(envelope):
                return envelope
        except Exception as error:  # noqa: BLE001 - it is met again when the mail has its turn
            log.info("mail_not_taken_along", email=mail.id, error=type(error).__name__)
        return None

    def _offer(self, mail: ClaimedEmail) -> Connection | Refusal | SmtpTrouble:
        """Walk up to the dot; once more on a new connection when the server breaks off.

        Returns the connection that waits for the dot, a refusal, or the second break.
        """
        answer = self._walk(mail)
        if isinstance(answer, SmtpTrouble) and (answer.reply is None or self._took_leave(answer)):
            self._connection.drop()
            answer = self._walk(mail)
        if isinstance(answer, SmtpTrouble) and answer.reply is not None:
            return Refusal(answer.phase, answer.reply)
        return answer

    def _walk(self, mail: ClaimedEmail) -> Connection | Refusal | SmtpTrouble:
        if not self._connection.is_lent:
            self._ask(self._pace.is_open)  # a log-in in vain is one that the server counts
        connection = self._borrow()
        if not connection.has_offer:
            self._ask(self._pace.may_go)
        self._was_used = connection.was_used
        self._messages.adapt_to(eight_bit=connection.takes_eight_bit)
        self._attempted += 1
        try:
            answer = connection.begin(self._messages.envelope(mail))
            if isinstance(answer, Refusal):
                return answer
            connection.write_body(self._messages.build(mail))
        except SmtpTrouble as trouble:
            return trouble
        return connection

    def _took_leave(self, trouble: SmtpTrouble) -> bool:
        """Whether the server only ends a connection that stood idle or has carried its mails."""
        closes = trouble.reply is not None and trouble.reply.code == SERVICE_CLOSING
        return closes and trouble.phase is Phase.MAIL and self._was_used

    def _ask(self, pace: Callable[[], bool]) -> None:
        try:
            if pace():
                return
        except DBAPIError as error:
            log.warning("pace_not_known", error=type(error).__name__)
            raise Stop from None
        raise _Wait

    def _send_dot(
        self, mail: ClaimedEmail, connection: Connection, following: Sequence[ClaimedEmail]
    ) -> None:
        # Before the intent: nothing that takes time stands between it and its dot.
        then = self._take_along(following, connection)
        try:
            intent = self._recorder.intend(mail)
        except (DBAPIError, CommitUncertain) as error:
            # Perhaps it was committed, perhaps not; the mail is certainly not accepted.
            connection.abort()
            log.warning("intent_failed", email=mail.id, error=type(error).__name__)
            self._recorder.learn(mail, judging.uncharged("The database was away."))
            raise Stop from None
        if intent is not Intent.GO:
            connection.abort()
            log.info("mail_not_sent", email=mail.id, why=intent.value)
            if intent is not Intent.SUPPRESSED:
                raise Stop
            self._verdicts.suppressed(mail)
            return
        try:
            reply = connection.finish(then, meanwhile=lambda: self._messages.build_ahead(following))
        except OutcomeUnknown as unknown:
            self._verdicts.unknown(mail, unknown)
        except SmtpTrouble as trouble:
            # The dot did not leave. With a back-off, or one such mail goes round for ever.
            if trouble.reply is not None:
                self._verdicts.refused(mail, Phase.DOT, trouble.reply)
            else:
                self._verdicts.broke_off(mail, trouble)
        else:
            if reply.is_positive:
                self._verdicts.accepted(mail, reply)
            else:
                self._verdicts.refused(mail, Phase.DOT, reply)

    def _borrow(self) -> Connection:
        """Return the batch's connection, open.

        Raises NoConnectionFree, or Stop with the account's trouble.
        """
        if not self._connection.may_carry(1):
            self._recorder.flush()  # connecting may take long
        try:
            return self._connection.borrow()
        except SmtpTrouble as trouble:
            raise Stop(judging.cannot_connect(trouble)) from None
        except (MailboxMoved, DBAPIError) as error:
            log.info("batch_begins_anew", error=type(error).__name__)
            raise Stop from None
