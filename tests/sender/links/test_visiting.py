"""What is found at an address, and what is never visited."""

import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any

import pytest

from dakiya.models import LinkVerdict
from dakiya_sender.links.visiting import Visitor
from tests.sender.links.site import Site, running


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running() as found:
        yield found


@pytest.fixture
def visitor(site: Site) -> Visitor:
    site.asked.clear()
    site.headers.clear()
    return Visitor(allowed=site.place, time_s=1.0)


@pytest.mark.parametrize(
    ("path", "verdict", "words"),
    [
        ("/", LinkVerdict.FINE, "200"),
        ("/no-head", LinkVerdict.FINE, "200"),
        ("/to//", LinkVerdict.FINE, "200"),
        ("/gone", LinkVerdict.MISSING, "410"),
        ("/nothing/here", LinkVerdict.MISSING, "404"),
        ("/to//gone", LinkVerdict.MISSING, "410"),
        ("/login", LinkVerdict.GUARDED, "log-in"),
        ("/broken", LinkVerdict.FAILING, "500"),
        ("/teapot", LinkVerdict.FAILING, "418"),
        ("/silent", LinkVerdict.UNREACHABLE, "in time"),
        ("/drip", LinkVerdict.UNREACHABLE, "in time"),
        ("/rubbish", LinkVerdict.UNREACHABLE, "cannot be reached"),
        ("/to/file:///etc/passwd", LinkVerdict.UNREACHABLE, "no web page"),
        ("/to/http://127.0.0.1:1/", LinkVerdict.INTERNAL, "not visited"),
        ("/to/http://169.254.169.254/latest/meta-data/", LinkVerdict.INTERNAL, "not visited"),
        ("/to///[::1]/", LinkVerdict.INTERNAL, "not visited"),
        ("/to/http://[::1", LinkVerdict.UNREACHABLE, "no address"),
    ],
)
def test_what_is_found_is_told(
    visitor: Visitor, site: Site, path: str, verdict: LinkVerdict, words: str
) -> None:
    begun_at = time.monotonic()
    found = visitor.visit(site.url(path))
    assert (found.verdict, words in found.detail) == (verdict, True), found
    assert time.monotonic() - begun_at < 2.5


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/",
        "http://localhost/", "http://x.localhost/", "https://10.0.0.1/", "http://192.168.1.1/",
        "http://169.254.169.254/latest", "http://[::1]/", "http://[::ffff:127.0.0.1]/",
        "http://[fd00::1]/", "http://100.64.0.1/", "http://0.0.0.0/", "http://example.com:22/",
        "http://example.com:6379/", "https://example.com:8443/", "http://user:pw@127.0.0.1/",
    ],
)  # fmt: skip
def test_internal_addresses_and_other_ports_are_not_visited(url: str) -> None:
    found = Visitor(time_s=1.0).visit(url)
    assert found.verdict is LinkVerdict.INTERNAL, found
    assert "127" not in found.detail


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "ftp://example.com/", "mailto:a@example.com", "javascript:alert(1)", "http://",
        "http:///path", "http://[::1", "http://exa mple.com/", "http://example.com:port/",
        "http://example.com:99999/", "http://" + "a" * 80 + ".com/", "//example.com",
        "file:///etc/passwd", "http://\x00/", "http://ex\r\nample.com/", "gopher://x/",
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_told(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_name(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_name)
    assert Visitor(time_s=1.0).visit(url).verdict is LinkVerdict.UNREACHABLE


def test_name_with_one_internal_address_among_others_is_not_visited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def both(host: str, port: int, **_: Any) -> list[Any]:
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, ("93.184.215.14", port)), (*kind, ("10.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    found = Visitor(time_s=1.0).visit("http://rebinding.example/")
    assert found.verdict is LinkVerdict.INTERNAL


def test_connection_goes_to_the_address_that_was_checked(
    site: Site, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second look-up of a name that changes its mind is never made."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def lookup(host: str, port: int, *args: Any, **options: Any) -> Any:
        asked.append(host)
        return real("127.0.0.1" if host == "shop.example" else host, port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    visitor = Visitor(allowed=f"shop.example:{site.port}", time_s=1.0)
    assert visitor.visit(f"http://shop.example:{site.port}/").verdict is LinkVerdict.FINE
    assert asked.count("shop.example") == 1
    assert site.headers[-1]["Host"] == f"shop.example:{site.port}"


def test_address_that_cannot_be_reached_is_followed_by_the_next(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def lookup(host: str, port: int, *args: Any, **options: Any) -> Any:
        if host != "shop.example":
            return real(host, port, *args, **options)
        # Nobody listens at the first one.
        return real("127.0.0.2", port, *args, **options) + real("127.0.0.1", port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    visitor = Visitor(allowed=f"shop.example:{site.port}", time_s=1.0)
    assert visitor.visit(f"http://shop.example:{site.port}/").verdict is LinkVerdict.FINE


def test_circle_of_redirects_ends(site: Site, visitor: Visitor) -> None:
    url = site.url("/to/" * 9 + "x")
    assert visitor.visit(url).verdict is LinkVerdict.LOOPING
    assert len(site.asked) == 6


def test_size_of_a_picture_is_told_or_counted(site: Site, visitor: Visitor) -> None:
    told = visitor.visit(site.url("/picture.png"))
    assert (told.content_type, told.size_bytes) == ("image/png", 123_456)
    assert site.asked == [("HEAD", "/picture.png")]
    assert visitor.visit(site.url("/unsized.png")).size_bytes == 5_000


def test_look_is_a_look_and_gives_nothing_away(site: Site, visitor: Visitor) -> None:
    visitor.visit(site.url("/päge?q=ä b&c=%20#part").replace("http://", "http://me:secret@"))
    assert site.asked == [("HEAD", "/p%C3%A4ge?q=%C3%A4%20b&c=%20")]
    (headers,) = site.headers
    assert set(headers) <= {"Host", "User-Agent", "Accept", "Connection", "Accept-Encoding"}


def test_server_that_speaks_no_tls_is_told(site: Site) -> None:
    found = Visitor(allowed=site.place, time_s=1.0).visit(f"https://{site.place}/")
    assert found.verdict is LinkVerdict.INSECURE


def test_certificate_of_nobody_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        error = ssl.SSLCertVerificationError(1, "certificate verify failed")
        error.verify_message = "self-signed certificate"
        raise error

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", refuse)
    found = Visitor(allowed=site.place, time_s=1.0).visit(f"https://{site.place}/")
    assert found.verdict is LinkVerdict.INSECURE
    assert "self-signed" in found.detail
