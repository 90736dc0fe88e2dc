"""From an account's row to a server that may be connected to."""

import threading
import time

from dakiya.delivery.trouble import AccountTrouble
from dakiya.models import SmtpAccount
from dakiya.smtp_accounts.causes import Cause
from dakiya.smtp_accounts.egress import EgressRefused, EgressRule, NameNotFound
from dakiya.smtp_accounts.secrets import SecretBox
from dakiya_sender.smtp import Server

RESOLVE_AGAIN_AFTER_S = 60.0


class ServerRefused(Exception):
    """The account's server cannot or must not be connected to."""

    def __init__(self, trouble: AccountTrouble, cause: Cause) -> None:
        super().__init__(trouble.reason)
        self.trouble = trouble
        self.cause = cause


class Servers:
    """Resolves and checks the accounts' hosts, and opens their passwords."""

    def __init__(self, rule: EgressRule, box: SecretBox, *, helo_name: str) -> None:
        self._rule = rule
        self._box = box
        self.helo_name = helo_name
        self._lock = threading.Lock()
        self._resolved: dict[tuple[str, int], tuple[float, tuple[str, ...]]] = {}

    def server_for(self, account: SmtpAccount) -> Server:
        """Return what to connect to. Raises ServerRefused with the account's trouble."""
        password = None
        if account.password_encrypted is not None:
            password = self._box.open(account.password_encrypted)
            if password is None:
                raise ServerRefused(
                    AccountTrouble(
                        "auth",
                        "The stored password cannot be read with the present encryption keys."
                        " Enter it again.",
                        needs_owner=True,
                    ),
                    Cause.PASSWORD_UNREADABLE,
                )
        return Server(
            host=account.host,
            port=account.port,
            security=account.security.value,
            addresses=self._addresses(account.host, account.port),
            helo_name=self.helo_name,
            username=account.username,
            password=password,
            certificate_sha256=account.certificate_sha256,
        )

    def _addresses(self, host: str, port: int) -> tuple[str, ...]:
        now = time.monotonic()
        with self._lock:
            resolved_at, addresses = self._resolved.get((host, port), (0.0, ()))
        if addresses and now - resolved_at < RESOLVE_AGAIN_AFTER_S:
            return addresses
        try:
            addresses = self._rule.resolve(host, port)
        except EgressRefused as error:
            raise ServerRefused(
                AccountTrouble("connection", str(error), needs_owner=True), Cause.INTERNAL_HOST
            ) from None
        except NameNotFound as error:
            raise ServerRefused(
                AccountTrouble("connection", str(error)), Cause.UNKNOWN_HOST
            ) from None
        with self._lock:
            self._resolved[host, port] = (now, addresses)
        return addresses
