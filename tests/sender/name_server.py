"""A name server of a test's own, over UDP: real packets, made-up domains."""

import socket
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class NameServer:
    """Answers for the names in ``zone``: TXT records, or nothing for a name with none.

    A record that begins with ``A ``, ``AAAA `` or ``MX `` is one of these: "MX 10 mail.example.".

    Names below one of those exist without records as far as they are listed; all others do not
    exist. ``silent`` ones get no answer at all.
    """

    def __init__(self, zone: Mapping[str, Sequence[str]], *, silent: Sequence[str] = ()) -> None:
        self._zone, self._silent = zone, silent
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.asked: list[str] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def address(self) -> str:
        """As DAKIYA_DNS_SERVERS names it."""
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                packet, asker = self._socket.recvfrom(4096)
            except OSError:
                return
            query = dns.message.from_wire(packet)
            question = query.question[0]
            name = question.name.to_text(omit_final_dot=True).lower()
            self.asked.append(name)
            if any(name == one or name.endswith(f".{one}") for one in self._silent):
                continue
            answer = dns.message.make_response(query)
            answer.flags |= dns.flags.RA
            records = self._zone.get(name)
            if records is None:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            else:
                kind = dns.rdatatype.to_text(question.rdtype)
                if values := _values(records, kind):
                    answer.answer.append(
                        dns.rrset.from_text(question.name, 60, "IN", kind, *values)
                    )
            self._socket.sendto(answer.to_wire(), asker)


def _values(records: Sequence[str], kind: str) -> list[str]:
    """Return the records of one kind, as a zone file has them."""
    if kind != "TXT":
        return [one.removeprefix(f"{kind} ") for one in records if one.startswith(f"{kind} ")]
    return [
        " ".join(f'"{record[at : at + 200]}"' for at in range(0, len(record), 200))
        for record in records
        if not record.startswith(("A ", "AAAA ", "MX "))
    ]
