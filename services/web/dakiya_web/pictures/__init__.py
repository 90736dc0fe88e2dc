"""Makes uploaded pictures fit for mails. Pure: bytes in, bytes out."""
