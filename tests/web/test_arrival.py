"""What is known of a request while it comes."""

import pytest

from dakiya_web.arrival import GATHERED_BYTES, Arrival, Arrived

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\ncontent-LENGTH:  3 \r\n\r\n"
HUGE = f"POST / HTTP/1.1\r\nContent-Length: {GATHERED_BYTES}\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("sent", "arrived"),
    [
        (b"G", Arrived.PART),
        (GET[:-1], Arrived.PART),
        (GET, Arrived.WHOLE),
        (GET + GET[:5], Arrived.WHOLE),
        (POST, Arrived.PART),
        (POST + b"ab", Arrived.PART),
        (POST + b"abc", Arrived.WHOLE),
        (HUGE, Arrived.LENGTHY),
        (b"x" * (GATHERED_BYTES + 1), Arrived.LENGTHY),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", Arrived.LENGTHY),
        (b"PUT / HTTP/1.1\r\nexpect: 100-continue\r\nContent-Length: 3\r\n\r\n", Arrived.LENGTHY),
        # A length in the body is none.
        (b"GET / HTTP/1.1\r\n\r\ncontent-length: 900\r\n", Arrived.WHOLE),
    ],
)
def test_what_has_arrived_is_told_however_it_is_cut(sent: bytes, arrived: Arrived) -> None:
    assert Arrival().add(sent) is arrived
    in_drops = Arrival()
    told = (in_drops.add(sent[at : at + 1]) for at in range(len(sent)))
    assert next((one for one in told if one is not Arrived.PART), Arrived.PART) is arrived
