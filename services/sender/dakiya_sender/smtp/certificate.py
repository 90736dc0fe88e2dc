"""What a server's certificate says: for people who have to decide whether to trust it."""

import ssl
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography import x509
from cryptography.x509.oid import NameOID

NAMES_SHOWN = 5


class CertificateChanged(ssl.SSLError):
    """The server shows another certificate than the one that its account trusts."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certificate of a server; ``fingerprint`` is the SHA-256 of it all, in hexadecimal."""

    names: tuple[str, ...]
    issuer: str
    self_signed: bool
    not_after: datetime
    fingerprint: str

    @classmethod
    def read(cls, der: bytes) -> "Certificate":
        """Read a certificate as it came from the wire. Raises ValueError."""
        found = x509.load_der_x509_certificate(der)
        return cls(
            names=_names(found),
            issuer=_name(found.issuer),
            self_signed=found.issuer == found.subject,
            not_after=found.not_valid_after_utc,
            fingerprint=fingerprint(der),
        )

    def __str__(self) -> str:
        issuer = "itself" if self.self_signed else self.issuer
        return (
            f"certificate for {', '.join(self.names) or 'nobody'}, issued by {issuer},"
            f" valid until {self.not_after:%d %b %Y}"
        )


def fingerprint(der: bytes) -> str:
    """Return the SHA-256 of a certificate, in hexadecimal."""
    return sha256(der).hexdigest()


def _names(found: x509.Certificate) -> tuple[str, ...]:
    try:
        alternatives = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return (_name(found.subject),)
    names = [
        *alternatives.get_values_for_type(x509.DNSName),
        *(str(address) for address in alternatives.get_values_for_type(x509.IPAddress)),
    ]
    return tuple(_clean(name) for name in names[:NAMES_SHOWN])


def _name(name: x509.Name) -> str:
    for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        if values := name.get_attributes_for_oid(kind):
            return _clean(str(values[0].value))
    return _clean(name.rfc4514_string())


def _clean(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)[:100]
