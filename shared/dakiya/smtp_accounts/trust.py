"""The one certificate that an account trusts though nobody vouches for it: its owner's word."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from dakiya.errors import IllegalState
from dakiya.models import SmtpAccount, SmtpTest
from dakiya.smtp_accounts.accounts import end_pause, latest_test
from dakiya.smtp_accounts.causes import UNTRUSTED
from dakiya.smtp_accounts.providers import provider_of_host


def shown_certificate(test: SmtpTest | None) -> Mapping[str, Any] | None:
    """Return the untrusted certificate that the server showed in a test, if that ended it."""
    last = test.steps[-1] if test is not None and test.steps else {}
    if last.get("cause") not in UNTRUSTED:
        return None
    found: Mapping[str, Any] | None = last.get("certificate")
    return found


def trust_certificate(session: Session, account: SmtpAccount, fingerprint: str) -> None:
    """Trust the certificate that the last test showed, and no other; the account may go on.

    Raises IllegalState when it showed none with this fingerprint (nobody trusts what they have
    not been shown), and for the servers of known providers.
    """
    provider = provider_of_host(account.host)
    if provider is not None:
        raise IllegalState(
            f"Everybody can check the servers of {provider.label}: a certificate that nobody"
            " vouches for is never trusted there."
        )
    shown = shown_certificate(latest_test(session, account))
    if shown is None or shown["fingerprint"] != fingerprint.strip().lower().replace(":", ""):
        raise IllegalState(
            "The last test showed no such certificate. Test the account, look at the certificate"
            " that it shows, then choose again."
        )
    account.certificate_sha256 = shown["fingerprint"]
    end_pause(account)


def trust_nobody(account: SmtpAccount) -> None:
    """Go back to certificates that a known authority vouches for."""
    account.certificate_sha256 = None
