"""AUTH as the recording server speaks it: PLAIN, LOGIN and CRAM-MD5."""

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping

_CHALLENGE = "<1896.697170952@recorder.test>"
_MALFORMED = "501 5.5.2 Cannot decode"


class Login:
    """One attempt; `user` and `succeeded` are known when a reply is not 334."""

    def __init__(self, users: Mapping[str, str], mechanisms: tuple[str, ...]) -> None:
        self._users = users
        self._mechanisms = mechanisms
        self._take: Callable[[str], str] = self._take_plain
        self.user = ""
        self.succeeded = False

    def start(self, line: str) -> str:
        """Answer the AUTH command."""
        mechanism, _, initial = line.partition(" ")[2].partition(" ")
        if mechanism.upper() not in self._mechanisms:
            return "504 5.5.4 Mechanism not supported"
        if mechanism.upper() == "PLAIN":
            return self.go_on(initial) if initial else _ask("", self, self._take_plain)
        if mechanism.upper() == "LOGIN":
            return _ask("Username:", self, self._take_user)
        return _ask(_CHALLENGE, self, self._take_digest)

    def go_on(self, line: str) -> str:
        """Answer the client's next line."""
        if line == "*":
            return "501 5.7.0 Cancelled"
        try:
            answer = base64.b64decode(line, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return _MALFORMED
        return self._take(answer)

    def _take_plain(self, answer: str) -> str:
        if answer.count("\0") != 2:
            return _MALFORMED
        _, self.user, password = answer.split("\0")
        return self._judge(self._users.get(self.user) == password)

    def _take_user(self, answer: str) -> str:
        self.user = answer
        return _ask("Password:", self, self._take_password)

    def _take_password(self, answer: str) -> str:
        return self._judge(self._users.get(self.user) == answer)

    def _take_digest(self, answer: str) -> str:
        self.user, _, digest = answer.rpartition(" ")
        password = self._users.get(self.user, "")
        wanted = hmac.new(password.encode(), _CHALLENGE.encode(), "md5").hexdigest()
        return self._judge(hmac.compare_digest(digest.encode(), wanted.encode()))

    def _judge(self, verdict: object) -> str:
        self.succeeded = verdict is True
        if self.succeeded:
            return "235 2.7.0 Authentication successful"
        return "535 5.7.8 Authentication failed"


def _ask(words: str, login: Login, take: Callable[[str], str]) -> str:
    login._take = take
    return f"334 {base64.b64encode(words.encode()).decode()}"
