"""How a Postfix breaks, and how its account's owner mends what is broken."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import requests

from tests.recorder.authority import Authority
from tests.system.postfix import Postfix

PER_SECOND = 2
LOGIN = "a long enough password"
PASSWORD = "ein langes Wort पासवर्ड 4711"
ANOTHER = "another one 4712"


class Owner:
    """An account's owner in a browser, on the pages of the running web."""

    def __init__(self, url: str, email: str, account_id: int) -> None:
        self._url = url
        self._session = requests.Session()
        self._here = f"/smtp-accounts/{account_id}"
        self._send("/login", email=email, password=LOGIN)

    def account_page(self) -> str:
        return self._see(self._here)

    def types_the_other_password(self, postfix: Postfix, user: str) -> None:
        self._send(
            f"{self._here}/edit",
            name="Our relay",
            host="127.0.0.1",
            port=str(postfix.port),
            security="starttls",
            username=user,
            password=ANOTHER,
            from_email=f"{user}@example.com",
            per_second=str(PER_SECOND),
            connections="2",
            mails_per_connection="2",
        )

    def tests_the_account(self, *_: object) -> None:
        self._send(self._here, f"{self._here}/test", to="reader@example.net")

    def _see(self, path: str) -> str:
        answer = self._session.get(self._url + path, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.text

    def _send(self, path: str, form: str = "", **fields: str) -> None:
        """Fill in the form on a page, and send it to its own address or to another."""
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', self._see(path))
        assert token is not None
        data = {"csrf_token": token[1], **fields}
        answer = self._session.post(
            self._url + (form or path), data=data, timeout=30, allow_redirects=False
        )
        assert answer.status_code == 303, answer.text


def nothing(*_: object) -> None:
    """Nobody does anything."""


@dataclass(frozen=True)
class Case:
    """A cause: how Postfix breaks and is mended, and what its account's owner sees and does."""

    reason: str
    title: str
    words: str
    breaks: Callable[[Postfix, Authority], None]
    mends: Callable[[Postfix, Authority], None]
    acts: Callable[[Owner, Postfix, str], None] = nothing
    needs_owner: bool = False
    from_the_start: bool = False
    # Each recipient that the server refuses keeps its words; what is ended before has no attempt.
    keeps_attempts: bool = False

    @property
    def owner(self) -> str:
        return f"{self.reason}@example.org"

    @property
    def user(self) -> str:
        """The name at the server: accounts of one name there are one mailbox."""
        return f"asha-{self.reason}"


def stops(postfix: Postfix, _: Authority) -> None:
    postfix.stop()


def starts(postfix: Postfix, _: Authority) -> None:
    postfix.start()


def shows_old_certificate(postfix: Postfix, authority: Authority) -> None:
    postfix.set_certificate(authority.issue("localhost", "127.0.0.1", expired=True))


def shows_new_certificate(postfix: Postfix, authority: Authority) -> None:
    postfix.set_certificate(authority.issue("localhost", "127.0.0.1"))


def has_another_password(postfix: Postfix, _: Authority) -> None:
    postfix.set_password("asha-auth", ANOTHER)


def counts_a_quota(postfix: Postfix, _: Authority) -> None:
    postfix.refuse_everybody("550 5.4.5 Daily sending quota exceeded")


def refuses_everybody(postfix: Postfix, _: Authority) -> None:
    postfix.refuse_everybody("554 5.7.1 Refused by our policy")


def takes_everybody(postfix: Postfix, _: Authority) -> None:
    postfix.refuse_everybody("")
    # A reload goes on with the old rules for a while, and nobody is connected now.
    postfix.stop()
    postfix.start()


CASES = [
    Case(
        "connection",
        "The server cannot be reached",
        "refuses connections",
        stops,
        starts,
        from_the_start=True,
    ),
    Case(
        "tls",
        "No trusted encryption with the server",
        "certificate",
        shows_old_certificate,
        shows_new_certificate,
    ),
    Case(
        "auth",
        "The server refuses the login",
        "535 5.7.8",
        has_another_password,
        nothing,
        Owner.types_the_other_password,
        needs_owner=True,
    ),
    Case(
        "quota",
        "The provider&#39;s quota is used up",
        "550 5.4.5",
        counts_a_quota,
        takes_everybody,
        Owner.tests_the_account,
        keeps_attempts=True,
    ),
    Case(
        "policy",
        "The server refuses everybody",
        "554 5.7.1",
        refuses_everybody,
        takes_everybody,
        Owner.tests_the_account,
        needs_owner=True,
        keeps_attempts=True,
    ),
]
