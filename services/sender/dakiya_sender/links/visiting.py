"""Visits one address as a careful stranger.

1. http and https only, on their own ports; every name is resolved once, every address of it must
   be public, and the connection goes to the one that was checked (SSRF, OWASP ASVS 13.2.4);
2. HEAD, and GET where a server does not take HEAD: a look must not act;
3. at most five redirects, each checked like the first; nothing is read but what a size needs;
4. all of it ends after `TIME_S`, however slowly a server speaks. No cookies, no referrer, and of
   what was found nothing is kept but the status, the type and the size.
"""

import http.client
import ssl
import time
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from dakiya.link_checks.register import Found
from dakiya.models import LinkVerdict
from dakiya.smtp_accounts.egress import EgressRefused, EgressRule, NameNotFound
from dakiya_sender.links.pinned import Deadline, PinnedConnection

WEB_PORTS = frozenset({80, 443})
TIME_S = 15.0
STEP_S = 8.0
MAX_REDIRECTS = 5
# A picture whose server does not tell its size is counted up to here.
MOST_COUNTED_BYTES = 3_000_000
_PIECE_BYTES = 64 * 1024
AGENT = "Dakiya link check"

_MOVED = frozenset({301, 302, 303, 307, 308})
_GUARDED = frozenset({401, 403, 405, 407, 429, 451, 503, 999})
_MISSING = frozenset({404, 410})
_NO_HEAD = frozenset({400, 403, 404, 405, 406, 500, 501, 503})
_SAFE_PATH = "/%:@!$&'()*+,;=~-._"


class _Ended(Exception):
    """The visit is over, with what was found."""

    def __init__(self, found: Found) -> None:
        super().__init__(found.detail)
        self.found = found


@dataclass(frozen=True)
class _Answer:
    status: int
    location: str
    content_type: str
    size_bytes: int | None


class Visitor:
    """Visits addresses; safe to share between threads."""

    def __init__(
        self,
        *,
        allowed: str = "",
        time_s: float = TIME_S,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``allowed``: ``host:port`` that may be visited though they are internal."""
        self._rule = EgressRule.parse(allowed, ports=WEB_PORTS)
        self._time_s = time_s
        self._tls = tls or ssl.create_default_context()

    def visit(self, url: str) -> Found:
        """Return what is found at an address. Never raises for what a server does."""
        ends_at = time.monotonic() + self._time_s
        try:
            for _ in range(MAX_REDIRECTS + 1):
                answer = self._ask_twice(url, ends_at)
                if answer.status not in _MOVED or not answer.location:
                    return _judged(answer)
                url = _onward(url, answer.location)
        except _Ended as ended:
            return ended.found
        return Found(LinkVerdict.LOOPING, "It is redirected again and again.")

    def _ask_twice(self, url: str, ends_at: float) -> _Answer:
        answer = self._ask("HEAD", url, ends_at)
        is_sizeless = answer.content_type.startswith("image/") and answer.size_bytes is None
        if answer.status in _NO_HEAD or (answer.status == 200 and is_sizeless):
            return self._ask("GET", url, ends_at)
        return answer

    def _ask(self, method: str, url: str, ends_at: float) -> _Answer:
        place, host, port = _place_of(url)
        try:
            addresses = self._rule.resolve(host, port)
        except NameNotFound:
            raise _Ended(_away(f"The name {host} does not exist.")) from None
        except EgressRefused:
            words = "It leads to a private address or an unusual port, which is not visited."
            raise _Ended(Found(LinkVerdict.INTERNAL, words)) from None
        left_s = ends_at - time.monotonic()
        if left_s <= 0:
            raise _Ended(_away("It did not answer in time."))
        connection = PinnedConnection(
            host,
            port,
            addresses=addresses,
            timeout_s=min(STEP_S, left_s),
            tls=self._tls if place.scheme == "https" else None,
        )
        try:
            with Deadline(connection, after_s=left_s):
                answer = _exchange(connection, method, place)
            if time.monotonic() >= ends_at:
                # Headers that were cut in the middle look whole.
                raise TimeoutError
            return answer
        except ssl.SSLCertVerificationError as error:
            words = f"Its certificate is not valid: {error.verify_message}."
            raise _Ended(Found(LinkVerdict.INSECURE, words)) from None
        except TimeoutError:
            raise _Ended(_away("It did not answer in time.")) from None
        except ssl.SSLError:
            words = "It does not speak TLS as browsers do."
            raise _Ended(Found(LinkVerdict.INSECURE, words)) from None
        except (OSError, http.client.HTTPException, ValueError):
            late = time.monotonic() >= ends_at
            words = "It did not answer in time." if late else "It cannot be reached."
            raise _Ended(_away(words)) from None
        finally:
            connection.close()


def _place_of(url: str) -> tuple[SplitResult, str, int]:
    """Return the parts of an address, its host in letters of DNS and its port."""
    try:
        place = urlsplit(url)
        host = place.hostname or ""
        port = place.port or (443 if place.scheme == "https" else 80)
        if not host.isascii():
            host = host.encode("idna").decode()
    except (ValueError, UnicodeError):
        raise _Ended(_away("This is no address.")) from None
    if place.scheme not in ("http", "https") or not host:
        raise _Ended(_away("It leads to something that is no web page."))
    return place, host, port


def _onward(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise _Ended(_away("It is redirected to something that is no address.")) from None


def _exchange(connection: PinnedConnection, method: str, place: SplitResult) -> _Answer:
    path = quote(place.path or "/", safe=_SAFE_PATH)
    query = f"?{quote(place.query, safe=_SAFE_PATH + '?')}" if place.query else ""
    headers = {"User-Agent": AGENT, "Accept": "*/*", "Connection": "close"}
    connection.request(method, path + query, headers=headers)
    response = connection.getresponse()
    content_type = (response.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    length = response.headers.get("Content-Length") or ""
    size = int(length) if length.isascii() and length.isdigit() and len(length) < 13 else None
    if method == "GET" and size is None and content_type.startswith("image/"):
        size = _count(response)
    return _Answer(
        response.status, response.headers.get("Location") or "", content_type[:100], size
    )


def _count(response: http.client.HTTPResponse) -> int:
    size = 0
    while size < MOST_COUNTED_BYTES and (piece := response.read(_PIECE_BYTES)):
        size += len(piece)
    return size


def _judged(answer: _Answer) -> Found:
    status = answer.status
    if status in _GUARDED:
        verdict, words = LinkVerdict.GUARDED, f"It answers {status}: it may want a log-in."
    elif status in _MISSING:
        verdict, words = LinkVerdict.MISSING, f"It answers {status}: there is no such page."
    elif 200 <= status < 300:
        verdict, words = LinkVerdict.FINE, f"It answers {status}."
    else:
        verdict, words = LinkVerdict.FAILING, f"It answers {status}, which is an error."
    return Found(verdict, words, status, answer.content_type or None, answer.size_bytes)


def _away(words: str) -> Found:
    return Found(LinkVerdict.UNREACHABLE, words)
