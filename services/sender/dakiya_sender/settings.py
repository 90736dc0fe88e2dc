"""The sender's settings."""

import socket

from pydantic import Field

from dakiya.config import Settings


class SenderSettings(Settings):
    """What the sender knows besides: its threads, and the name it greets servers with."""

    threads: int = Field(8, ge=1, le=64, validation_alias="DAKIYA_SENDER_THREADS")
    helo_name: str = Field(default_factory=socket.getfqdn, validation_alias="DAKIYA_HELO_NAME")
    # Where link checks may go besides the public web: host or host:port.
    internal_links: str = Field(
        "", pattern=r"^[A-Za-z0-9.:_,\s-]*$", validation_alias="DAKIYA_ALLOWED_INTERNAL_LINKS"
    )
    # Who is asked for sender domains: address or address:port. Empty: the system's resolver.
    dns_servers: str = Field("", pattern=r"^[0-9.:,\s]*$", validation_alias="DAKIYA_DNS_SERVERS")
    # How long a stopping sender waits for the mails on the wire.
    drain_seconds: float = Field(60, gt=0, validation_alias="DAKIYA_DRAIN_SECONDS")
