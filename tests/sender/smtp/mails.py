"""One mail, and how it goes over a connection."""

from dakiya_sender.smtp import Connection, Envelope, Ready, Reply

MESSAGE = b"Message-ID: <1@a.test>\r\nSubject: Diwali\r\n\r\nA mail.\r\n"


def envelope(recipient: str = "c@d.test") -> Envelope:
    return Envelope("a@b.test", recipient, len(MESSAGE))


def send(connection: Connection, recipient: str = "c@d.test", message: bytes = MESSAGE) -> Reply:
    assert isinstance(connection.begin(envelope(recipient)), Ready)
    connection.write_body(message)
    return connection.finish()
