"""One mail, and how it goes over a connection."""

from collections.abc import Sequence

from dakiya_sender.smtp import Connection, Envelope, Ready, Reply
from tests.recorder import Event, Recorder

MESSAGE = b"Message-ID: <1@a.test>\r\nSubject: Diwali\r\n\r\nA mail.\r\n"


def envelope(recipient: str = "c@d.test") -> Envelope:
    return Envelope("a@b.test", recipient, len(MESSAGE))


FIRST = envelope("c1@d.test")
NEXT = envelope("c2@d.test")


def up_to_the_dot(connection: Connection, mail: Envelope = FIRST, message: bytes = MESSAGE) -> None:
    assert isinstance(connection.begin(mail), Ready)
    connection.write_body(message)


def send(connection: Connection, recipient: str = "c@d.test", message: bytes = MESSAGE) -> Reply:
    up_to_the_dot(connection, envelope(recipient), message)
    return connection.finish()


def wait_until_closed(server: Recorder) -> Sequence[Event]:
    """Return what has happened once the server has seen a connection end."""
    return server.wait_for(lambda events: any(event.name == "closed" for event in events))
