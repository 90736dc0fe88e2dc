"""Each way in which servers ask for less speed halves an account's pace (aiosmtpd with faults)."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select

from dakiya.delivery.limits import slowed
from dakiya.models import EmailState, SmtpAccount
from tests.sender.conftest import SetScene
from tests.sender.scene import states
from tests.system.compose import free_port

TAKEN_BEFORE = 3


class Throttling:
    """Takes some mails, then gives one answer to a command."""

    def __init__(self, phase: str, reply: str) -> None:
        self._phase, self._reply = phase, reply
        self.taken: list[str] = []

    def _says(self, phase: str) -> str:
        ready = len(self.taken) >= TAKEN_BEFORE
        return self._reply if ready and phase == self._phase else "250 2.0.0 Ok"

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self._says("mail")
        if answer.startswith("250"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self._says("rcpt")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        answer = self._says("dot")
        if answer.startswith("250"):
            self.taken.extend(envelope.rcpt_tos)
        await asyncio.sleep(0)
        return answer


@pytest.fixture(
    params=[
        ("mail", "421 4.7.0 Try again later, closing connection."),
        ("mail", "421 4.3.2 Service not available"),
        ("rcpt", "421 4.3.0 Temporary System Problem"),
        ("dot", "421 4.3.0 Temporary System Problem"),
        ("mail", "432 4.3.2 Concurrent connections limit exceeded"),
        ("mail", "450 4.7.1 Error: too much mail from 192.0.2.1"),
        ("rcpt", "451 4.7.1 Rate limit exceeded, slow down"),
        ("rcpt", "450 4.2.0 Sender throttled"),
        ("dot", "454 Throttling failure: Maximum sending rate exceeded."),
        ("dot", "421 4.7.28 Our system has detected an unusual rate of mail"),
    ],
    ids=lambda param: f"{param[0]}-{param[1][:9]}",
)
def server(request: pytest.FixtureRequest) -> Iterator[Any]:
    handler = Throttling(*request.param)
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller
    controller.stop()


def test_throttle_halves_the_pace_and_charges_nobody(set_scene: SetScene, server: Any) -> None:
    scene = set_scene(server)
    report = scene.deliver()
    assert report.trouble is not None
    reason = "connection" if "421 4.3" in report.trouble.detail else "rate"
    assert report.trouble.reason == reason
    assert len(server.handler.taken) == TAKEN_BEFORE
    assert states(scene).count("sent") == TAKEN_BEFORE
    waiting = [row for row in scene.rows() if row.state is not EmailState.SENT]
    # One whose dot had left may have to wait, but was not charged either.
    assert {row.attempts for row in waiting} == {0}
    with scene.sessions() as session:
        account = session.scalars(select(SmtpAccount)).one()
        learned = slowed(session, account)
    assert account.pause_reason == reason
    assert account.paused_until is not None
    assert learned is not None
    assert (learned.to, learned.back_to) == (5, 10)
