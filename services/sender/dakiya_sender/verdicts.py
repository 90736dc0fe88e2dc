"""What a batch makes of each answer: its mail's outcome, the account's trouble, or its own end.

What a reply means is judged by ``judging``; here it is recorded, and trouble ends the batch.
"""

from dataclasses import dataclass

from dakiya.delivery.content_trouble import CONTENT_REASONS
from dakiya.delivery.ledger import ClaimedEmail
from dakiya.delivery.outcomes import Outcome, Reason
from dakiya.delivery.refusals import may_be_meant_for_all
from dakiya.delivery.trouble import AccountTrouble
from dakiya.mail.replies import SERVICE_CLOSING
from dakiya.models import EmailState
from dakiya_sender import judging
from dakiya_sender.recording import Recorder
from dakiya_sender.smtp import OutcomeUnknown, Phase, Reply, SmtpTrouble

# So many mails in a row at which the server broke off are not the mails' fault.
BROKEN_IN_A_ROW = 3
# A mail at which the server closed its service (421) so often is perhaps why it did.
CLOSED_AT_MOST = 10
_OF_ONE_MAIL = frozenset({Phase.RCPT, Phase.DATA, Phase.BODY, Phase.DOT})


class Stop(Exception):
    """Ends the batch; the rest goes back to pending."""

    def __init__(self, trouble: AccountTrouble | None = None) -> None:
        super().__init__()
        self.trouble = trouble


@dataclass(frozen=True)
class RetryRule:
    """When a deferred mail is tried again, and when it is given up."""

    base_s: float
    give_up_s: float


class Verdicts:
    """Records what became of a batch's mails; every method may raise Stop."""

    def __init__(self, recorder: Recorder, retry: RetryRule) -> None:
        self._recorder = recorder
        self._retry = retry
        self._broken_in_a_row = 0

    def accepted(self, mail: ClaimedEmail, reply: Reply) -> None:
        """The server has taken it."""
        self._recorder.learn(mail, judging.accepted(reply))
        self._broken_in_a_row = 0

    def refused(self, mail: ClaimedEmail, phase: Phase, reply: Reply) -> None:
        """The server said no: about this mail, perhaps about all, or about the account."""
        judged, verdict = judging.refused(
            phase,
            reply,
            attempts=mail.attempts + 1,
            age_s=mail.age_s,
            retry_base_s=self._retry.base_s,
            give_up_s=self._retry.give_up_s,
        )
        if isinstance(judged, Outcome) and may_be_meant_for_all(judged):
            if not self._recorder.hold(mail, judged):
                raise Stop
            return
        if isinstance(judged, Outcome):
            self._learn(mail, judged, suppresses=verdict.suppress)
            return
        closes = reply.code == SERVICE_CLOSING and phase in _OF_ONE_MAIL
        if closes and self._recorder.times_closed(mail) >= CLOSED_AT_MOST:
            self.broke_off(mail, SmtpTrouble(phase, reply, judged.detail))
            return
        # At the dot its intent stands in the ledger; whom the server closed at waits behind others.
        if phase is Phase.DOT or closes:
            self._recorder.learn(mail, judging.uncharged(judged.detail, phase=phase, reply=reply))
        raise Stop(judged)

    def broke_off(self, mail: ClaimedEmail, trouble: SmtpTrouble) -> None:
        """The connection broke, certainly before the mail was accepted."""
        outcome = judging.broken_off(
            trouble,
            attempts=mail.attempts + 1,
            age_s=mail.age_s,
            retry_base_s=self._retry.base_s,
            give_up_s=self._retry.give_up_s,
        )
        self._recorder.learn(mail, outcome)
        self._count_broken(trouble)

    def unknown(self, mail: ClaimedEmail, unknown: OutcomeUnknown) -> None:
        """The dot left, and no reply came."""
        self._recorder.learn(
            mail,
            Outcome(
                EmailState.UNKNOWN,
                Phase.DOT.value,
                reply_text=unknown.detail,
                reason=Reason.NO_REPLY.value,
            ),
        )
        self._recorder.flush()
        self._count_broken(unknown)

    def suppressed(self, mail: ClaimedEmail) -> None:
        """Its recipient wants no mail."""
        outcome = Outcome(EmailState.SUPPRESSED, reason=Reason.SUPPRESSED.value)
        self._recorder.learn(mail, outcome)

    def not_built(self, mail: ClaimedEmail, error: Exception) -> None:
        """It could not be built."""
        self._learn(mail, judging.not_built(error))

    def _learn(self, mail: ClaimedEmail, outcome: Outcome, *, suppresses: bool = False) -> None:
        if outcome.state is not EmailState.FAILED or outcome.reason not in CONTENT_REASONS:
            self._recorder.learn(mail, outcome, suppresses=suppresses)
        elif not self._recorder.refuse_content(mail, outcome):
            raise Stop

    def _count_broken(self, error: SmtpTrouble | OutcomeUnknown) -> None:
        self._broken_in_a_row += 1
        if self._broken_in_a_row >= BROKEN_IN_A_ROW:
            raise Stop(AccountTrouble("connection", error.detail))
