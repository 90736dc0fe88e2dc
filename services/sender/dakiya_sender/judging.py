"""What a reply, a refusal or a broken connection means: for the row, or for the account. Pure."""

from dataclasses import replace

from dakiya.delivery.outcomes import Outcome, Reason, backoff_s
from dakiya.delivery.trouble import AccountTrouble
from dakiya.errors import DakiyaError
from dakiya.mail.replies import SERVICE_CLOSING, Kind, Verdict, classify
from dakiya.mail.replies import Reason as ReplyReason
from dakiya.models import EmailState
from dakiya_sender.smtp import Phase, Reply, SmtpTrouble

# Quotas are counted by the hour or the day: looking again each half minute helps nobody.
QUOTA_PAUSE_S = 3600.0
RATE_PAUSE_S = 60.0
TLS_PAUSE_S = 60.0
_NEEDS_OWNER = frozenset({ReplyReason.AUTH, ReplyReason.SENDER_REFUSED, ReplyReason.BLOCKED})


def accepted(reply: Reply) -> Outcome:
    """The server took the mail."""
    return Outcome(
        EmailState.SENT, Phase.DOT.value, reply_code=reply.code, reply_text=_words(reply)
    )


def refused(
    phase: Phase,
    reply: Reply,
    *,
    attempts: int,
    age_s: float,
    retry_base_s: float,
    give_up_s: float,
) -> tuple[Outcome | AccountTrouble, Verdict]:
    """Judge a 4xx or 5xx: an outcome of the row, or trouble of the account.

    ``attempts`` includes this one; ``age_s`` counts from the first.
    """
    verdict = classify(phase.value, reply.code, reply.enhanced, reply.text)
    if verdict.kind is Kind.ACCOUNT:
        return _account_trouble(verdict, reply), verdict
    state, reason, retry_in_s = EmailState.FAILED, verdict.reason.value, 0.0
    if verdict.kind is Kind.DEFERRED:
        retry_in_s = min(backoff_s(attempts, base_s=retry_base_s), max(give_up_s - age_s, 0))
        if age_s < give_up_s:
            state = EmailState.DEFERRED
        else:
            reason, retry_in_s = Reason.GAVE_UP.value, 0
    outcome = Outcome(
        state,
        phase.value,
        reply_code=reply.code,
        reply_text=_words(reply),
        reason=reason,
        retry_in_s=retry_in_s,
    )
    return outcome, verdict


def cannot_connect(trouble: SmtpTrouble) -> AccountTrouble:
    """Judge a connection that could not be opened."""
    if trouble.phase is Phase.TLS:
        # Nothing was given away, and a certificate is often renewed without its users.
        return AccountTrouble(ReplyReason.TLS.value, trouble.detail, pause_s=TLS_PAUSE_S)
    if trouble.reply is not None:
        reply = trouble.reply
        verdict = classify(trouble.phase.value, reply.code, reply.enhanced, reply.text)
        judged = _account_trouble(verdict, reply)
        return replace(judged, detail=trouble.detail)
    if trouble.phase is not Phase.AUTH:
        return AccountTrouble(ReplyReason.CONNECTION.value, trouble.detail)
    needs_owner = "in time" not in trouble.detail
    return AccountTrouble(ReplyReason.AUTH.value, trouble.detail, needs_owner)


def uncharged(detail: str, *, phase: Phase = Phase.DOT, reply: Reply | None = None) -> Outcome:
    """The mail was certainly not accepted, and its recipient is not to blame."""
    return Outcome(
        EmailState.DEFERRED,
        phase.value,
        reply_code=reply.code if reply else None,
        reply_text=_words(reply) if reply else detail,
        reason=Reason.CONNECTION.value,
        charged=False,
    )


def not_built(error: Exception) -> Outcome:
    """The mail could not be built; only our own errors are worded for people."""
    words = str(error) if isinstance(error, DakiyaError) else "The mail could not be built."
    return Outcome(EmailState.FAILED, "build", reply_text=words, reason=Reason.TEMPLATE.value)


def broken_off(
    trouble: SmtpTrouble, *, attempts: int, age_s: float, retry_base_s: float, give_up_s: float
) -> Outcome:
    """The server broke off at this very mail, twice or right before its dot."""
    gives_up = age_s >= give_up_s
    return Outcome(
        EmailState.FAILED if gives_up else EmailState.DEFERRED,
        trouble.phase.value,
        reply_code=trouble.reply.code if trouble.reply else None,
        reply_text=trouble.detail,
        reason=(Reason.GAVE_UP if gives_up else Reason.CONNECTION).value,
        retry_in_s=min(backoff_s(attempts, base_s=retry_base_s), max(give_up_s - age_s, 0)),
    )


def _account_trouble(verdict: Verdict, reply: Reply) -> AccountTrouble:
    pause_s = {ReplyReason.QUOTA: QUOTA_PAUSE_S, ReplyReason.RATE: RATE_PAUSE_S}
    return AccountTrouble(
        verdict.reason.value,
        f"The server answered: {reply}",
        needs_owner=verdict.reason in _NEEDS_OWNER and not verdict.retry_can_help,
        pause_s=pause_s.get(verdict.reason, 0),
        slows=verdict.reason is ReplyReason.RATE or reply.code == SERVICE_CLOSING,
    )


def _words(reply: Reply) -> str:
    return " ".join(part for part in (reply.enhanced, reply.text) if part)
