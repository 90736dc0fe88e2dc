"""The oracle itself, asked by smtplib so that a fault of our client cannot hide one here."""

import smtplib
from pathlib import Path

import pytest

from .behaviour import Action, Behaviour, Rule
from .journal import Event, Journal, JournalReader, Sync
from .plugin import StartRecorder
from .recorder import Recorder

MESSAGE = b"Message-ID:\r\n <7@a.test>\r\nSubject: x\r\n\r\n.dot\r\n"


def send(recorder: Recorder, *recipients: str) -> None:
    with smtplib.SMTP(recorder.host, recorder.port, "client.test", timeout=10) as client:
        for recipient in recipients:
            client.sendmail("a@b.test", [recipient], MESSAGE)


@pytest.mark.parametrize("sync", list(Sync))
def test_received_mail_is_in_the_journal_when_the_client_knows(
    recorder: StartRecorder, sync: Sync
) -> None:
    server = recorder(sync=sync, keep_bodies=True)

    with smtplib.SMTP(server.host, server.port, "client.test", timeout=10) as client:
        for n in range(1, 20):
            client.sendmail("a@b.test", [f"c{n}@d.test"], MESSAGE)
            assert len(server.received()) == n

    mail = server.received()[0]
    assert (mail.message_id, mail.recipient, mail.sender) == ("<7@a.test>", "c1@d.test", "a@b.test")
    assert server.body(mail) == MESSAGE


def test_journal_goes_on_over_a_kill_and_a_restart(recorder: StartRecorder) -> None:
    server = recorder()
    port = server.port
    send(server, "c1@d.test")
    with smtplib.SMTP(server.host, server.port, "client.test", timeout=10):
        server.kill()

    server.start()
    send(server, "c2@d.test")

    assert server.port == port
    assert [mail.recipient for mail in server.received()] == ["c1@d.test", "c2@d.test"]
    assert len({mail.connection for mail in server.received()}) == 2
    assert server.most_connections() == 1


def test_rule_is_limited_by_recipient_times_and_every(recorder: StartRecorder) -> None:
    server = recorder(
        Rule("rcpt", reply="450 4.2.0 Later", recipient="^slow", times=1),
        Rule("rcpt", reply="550 5.1.1 No", recipient="^odd", every=2),
    )

    def code(recipient: str) -> int:
        try:
            send(server, recipient)
        except smtplib.SMTPRecipientsRefused as refused:
            return int(refused.recipients[recipient][0])
        return 250

    assert [code("slow1@d.test") for _ in range(3)] == [450, 250, 250]
    assert [code("slow2@d.test") for _ in range(2)] == [450, 250]
    assert [code("odd@d.test") for _ in range(4)] == [250, 550, 250, 550]
    assert [event.phase for event in server.events("refused")] == ["rcpt"] * 4


def test_new_behaviour_holds_for_open_connections(recorder: StartRecorder) -> None:
    server = recorder(Rule("mail", reply="451 4.3.0 Down"))

    with smtplib.SMTP(server.host, server.port, "client.test", timeout=10) as client:
        client.ehlo()
        assert client.mail("a@b.test")[0] == 451
        server.behave()
        assert client.mail("a@b.test")[0] == 250


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        (Rule("dot", Action.DROP), ["received"]),
        (Rule("dot", Action.DROP, received=False), ["refused"]),
        (Rule("dot", Action.DROP, reply="550 5.7.1 No"), ["refused"]),
        (Rule("dot", Action.GARBAGE), ["received"]),
        (Rule("body", Action.DROP), ["unfinished"]),
    ],
    ids=["lost answer", "lost mail", "refused and lost", "garbled answer", "lost body"],
)
def test_journal_tells_a_lost_answer_from_a_lost_mail(
    recorder: StartRecorder, rule: Rule, names: list[str]
) -> None:
    server = recorder(rule)

    with pytest.raises((smtplib.SMTPException, OSError)):
        send(server, "c@d.test")

    events = server.wait_for(lambda events: any(event.name == "closed" for event in events))
    assert [e.name for e in events if e.name not in {"opened", "closed"}] == names


def test_pipelined_commands_are_answered_in_order(recorder: StartRecorder) -> None:
    server = recorder(behaviour=Behaviour(delays={"rcpt": 0.05}))

    with smtplib.SMTP(server.host, server.port, "client.test", timeout=10) as client:
        client.ehlo()
        envelope = "MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n"
        client.send(envelope)
        assert [client.getreply()[0] for _ in range(3)] == [250, 250, 354]
        client.send("Subject: x\r\n\r\ny\r\n.\r\n" + envelope)
        assert [client.getreply()[0] for _ in range(4)] == [250, 250, 250, 354]
        client.close()


def test_bare_line_feed_does_not_end_a_mail_and_is_noticed(recorder: StartRecorder) -> None:
    server = recorder()

    with smtplib.SMTP(server.host, server.port, "client.test", timeout=10) as client:
        client.ehlo()
        client.mail("a@b.test")
        client.rcpt("c@d.test")
        client.docmd("DATA")
        client.send("Subject: x\r\n\r\n\n.\nMAIL FROM:<evil@z.test>\r\n.\r\n")
        assert client.getreply()[0] == 250

    (mail,) = server.received()
    assert mail.bare_breaks


def test_rates_are_counted_in_sliding_and_in_fixed_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path / "journal", sync=Sync.NONE)
    for at in (100.0, 100.9, 101.0, 101.1, 101.85, 103.5):
        monkeypatch.setattr("tests.recorder.journal.time.time", lambda at=at: at)
        journal.record(Event("received", "1.1"))
    server = Recorder(tmp_path)

    assert server.busiest_window(1.0) == 4
    assert server.counts_per(1.0) == [2, 3, 0, 1]


def test_connections_are_counted_while_they_are_open(recorder: StartRecorder) -> None:
    server = recorder()

    for _ in range(3):
        with (
            smtplib.SMTP(server.host, server.port, "client.test", timeout=10),
            smtplib.SMTP(server.host, server.port, "client.test", timeout=10),
        ):
            pass

    assert 2 <= server.most_connections() <= 4


def test_line_that_is_being_written_is_left_out_until_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    reader = JournalReader(path)
    assert reader.events() == []
    path.write_bytes(b'{"name": "opened", "connection": "1.1", "at": 5}\n{"name": "clo')

    assert [event.name for event in reader.events()] == ["opened"]

    with path.open("ab") as journal:
        journal.write(b'sed", "connection": "1.1", "at": 6}\n')

    assert [event.name for event in reader.events()] == ["opened", "closed"]
