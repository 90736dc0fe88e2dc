"""From an address to a connection that takes mail, one named step at a time."""

import ipaddress
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from socket import create_connection

from .certificate import Certificate, CertificateChanged, fingerprint
from .login import log_in, secrets_of
from .reply import Reply, reply_of
from .server import Security, Server, unverified_context
from .transcript import LineListener, TranscribedWire
from .trouble import Phase, SmtpTrouble, plain_words
from .wire import Wire


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of opening a connection came to; `name` is a Phase's value."""

    name: str
    ok: bool
    detail: str
    duration_s: float


StepListener = Callable[[Step], None]


class _Refused(Exception):
    """A step ended in words of the server, or in our own decision not to go on."""

    def __init__(self, detail: str, reply: Reply | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.reply = reply


def open_wire(
    server: Server, on_step: StepListener | None, on_line: LineListener | None = None
) -> Wire:
    """Connect, greet, encrypt and log in.

    Credentials go out in three cases only: over verified TLS from the first byte, over
    verified TLS after STARTTLS, or in the clear to a loopback address. A server that does
    not offer STARTTLS where it is asked for is left, with or without credentials.
    ``on_line`` hears the dialogue, without secrets. Raises SmtpTrouble; the socket is closed then.
    """
    sock = _connect(server, on_step)
    wire = _wire(sock, server, on_line)
    try:
        if server.security == Security.TLS:
            with _step(Phase.TLS, on_step) as say:
                say.append(_encrypt(wire, server, describe=on_step is not None))
        _read_greeting(wire, server, on_step)
        _say_hello(wire, server, on_step)
        if server.security == Security.STARTTLS:
            _start_tls(wire, server, on_step)
            _say_hello(wire, server, on_step)
        if server.username is not None:
            _authenticate(wire, server, on_step)
    except BaseException:
        wire.cut()
        raise
    return wire


def look_at_certificate(server: Server) -> Certificate | None:
    """Return the certificate that a server shows, whoever vouches for it; None if it shows none.

    Nothing but a greeting and STARTTLS is said to it. Never raises for what the server does.
    """
    wire = None
    try:
        wire = Wire(_reach(server), host=server.host, helo_name=server.helo_name)
        if server.security == Security.STARTTLS:
            _read_greeting(wire, server, None)
            _say_hello(wire, server, None)
            wire.allow(server.reply_timeout_s)
            wire.ask("STARTTLS")
        wire.allow(server.connect_timeout_s)
        wire.encrypt(unverified_context())
        return Certificate.read(wire.peer_certificate())
    except (OSError, SmtpTrouble, ValueError):
        return None
    finally:
        if wire is not None:
            wire.cut()


def _wire(sock: socket.socket, server: Server, on_line: LineListener | None) -> Wire:
    if on_line is None:
        return Wire(sock, host=server.host, helo_name=server.helo_name)
    return TranscribedWire(
        sock,
        host=server.host,
        helo_name=server.helo_name,
        on_line=on_line,
        secrets=secrets_of(server.username or "", server.password or ""),
    )


def _connect(server: Server, on_step: StepListener | None) -> socket.socket:
    with _step(Phase.CONNECT, on_step) as say:
        sock = _reach(server)
        # Without it the kernel holds the dot back until the body is acknowledged (40 ms).
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        say.append(f"connected to {sock.getpeername()[0]} port {server.port}")
        return sock


def _reach(server: Server) -> socket.socket:
    """Try the addresses in their order; the time left is shared among those left."""
    deadline = time.monotonic() + server.connect_timeout_s
    *others, last = server.addresses
    for tried, address in enumerate(others):
        share_s = (deadline - time.monotonic()) / (len(others) + 1 - tried)
        try:
            return create_connection((address, server.port), max(share_s, 0.001))
        except OSError:
            continue
    return create_connection((last, server.port), max(deadline - time.monotonic(), 0.001))


def _read_greeting(wire: Wire, server: Server, on_step: StepListener | None) -> None:
    with _step(Phase.GREETING, on_step) as say:
        wire.allow(server.reply_timeout_s)
        reply = wire.read_reply()
        if reply.code != 220:
            raise _Refused("the server does not want this connection", reply)
        say.append(reply.text)


def _say_hello(wire: Wire, server: Server, on_step: StepListener | None) -> None:
    with _step(Phase.EHLO, on_step) as say:
        wire.allow(server.reply_timeout_s)
        code, lines = wire.ehlo()
        reply = reply_of(code, lines.split(b"\n"))
        if reply.is_permanent:
            # RFC 5321 section 3.2: a server without extensions wants HELO.
            reply = wire.ask(f"HELO {server.helo_name}")
        if reply.code != 250:
            raise _Refused("the server does not accept our name", reply)
        say.append(" ".join(sorted(wire.esmtp_features)).upper() or "no extensions")


def _start_tls(wire: Wire, server: Server, on_step: StepListener | None) -> None:
    with _step(Phase.TLS, on_step) as say:
        if not wire.has_extn("starttls"):
            raise _Refused(
                "the server does not offer STARTTLS: nothing is sent to it without encryption"
            )
        wire.allow(server.reply_timeout_s)
        reply = wire.ask("STARTTLS")
        if reply.code != 220:
            raise _Refused("the server offers STARTTLS but refused it", reply)
        say.append(_encrypt(wire, server, describe=on_step is not None))


def _encrypt(wire: Wire, server: Server, *, describe: bool) -> str:
    wire.allow(server.connect_timeout_s)
    version = wire.encrypt(server.verifying_context())
    if server.certificate_sha256 is not None:
        shown = fingerprint(wire.peer_certificate())
        if shown != server.certificate_sha256:
            raise CertificateChanged("the server shows another certificate than the trusted one")
    if not describe:
        return version
    try:
        return f"{version}, {Certificate.read(wire.peer_certificate())}"
    except ValueError:  # a certificate that OpenSSL took and our reader does not
        return version


def _authenticate(wire: Wire, server: Server, on_step: StepListener | None) -> None:
    with _step(Phase.AUTH, on_step) as say:
        if server.security == Security.NONE and not _is_loopback(wire):
            raise _Refused("a password is never sent without encryption: choose STARTTLS or TLS")
        wire.allow(server.reply_timeout_s)
        reply = log_in(wire, server.username or "", server.password or "")
        if reply is None:
            raise _Refused("the server offers no way to log in that Dakiya knows")
        if reply.code != 235:
            raise _Refused("the server did not accept the login", reply)
        say.append(reply.text)


def _is_loopback(wire: Wire) -> bool:
    if wire.sock is None:
        return False
    peer = ipaddress.ip_address(wire.sock.getpeername()[0])
    mapped = getattr(peer, "ipv4_mapped", None)
    return (mapped or peer).is_loopback


@contextmanager
def _step(phase: Phase, on_step: StepListener | None) -> Iterator[list[str]]:
    """Time one step, tell the listener, and turn what went wrong into SmtpTrouble."""
    started = time.monotonic()
    say: list[str] = []

    def tell(detail: str, *, ok: bool) -> None:
        if on_step is not None:
            on_step(Step(phase.value, ok, detail, time.monotonic() - started))

    try:
        yield say
    except _Refused as refused:
        detail = f"{refused.detail}: {refused.reply}" if refused.reply else refused.detail
        tell(detail, ok=False)
        raise SmtpTrouble(phase, refused.reply, detail) from None
    except OSError as error:
        detail = plain_words(error)
        tell(detail, ok=False)
        raise SmtpTrouble(phase, None, detail) from error
    tell(" ".join(say), ok=True)
