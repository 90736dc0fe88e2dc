"""One mail on a connection of its own: tests, and what the installation itself has to say."""

from dakiya_sender.smtp import Connection, Envelope, OutcomeUnknown, Refusal, Server, SmtpTrouble


def send_single(
    server: Server, *, mail_from: str, to_email: str, message: bytes
) -> tuple[bool, str]:
    """Connect, send, hang up. Returns whether it was accepted, and the words for its reader."""
    try:
        connection = Connection.open(server)
    except SmtpTrouble as trouble:
        return False, trouble.detail
    try:
        return send_on(connection, mail_from=mail_from, to_email=to_email, message=message)
    finally:
        connection.close()


def send_on(
    connection: Connection, *, mail_from: str, to_email: str, message: bytes
) -> tuple[bool, str]:
    """Send one mail on an open connection; the caller closes it."""
    try:
        answer = connection.begin(Envelope(mail_from, to_email, len(message)))
        if isinstance(answer, Refusal):
            return False, f"refused at {answer.phase.value.upper()}: {answer.reply}"
        connection.write_body(message)
        reply = connection.finish()
    except (SmtpTrouble, OutcomeUnknown) as error:
        return False, error.detail
    return reply.is_positive, f"the server answered: {reply}"
