"""SMTP passwords at rest: MultiFernet, with keys that never enter the database.

The key that is derived from SECRET_KEY always opens, so that whoever sets DAKIYA_ENCRYPTION_KEYS
later loses nothing; `dakiya keys rotate` seals all passwords anew with the first key.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import select
from sqlalchemy.orm import Session

from dakiya.config import Settings
from dakiya.errors import ConfigurationError
from dakiya.models import SmtpAccount


class SecretBox:
    """Seals and opens SMTP passwords; the first key seals, every key opens."""

    def __init__(self, settings: Settings) -> None:
        keys = [k for k in settings.encryption_keys.get_secret_value().split(",") if k.strip()]
        try:
            fernets = [Fernet(key.strip()) for key in keys]
        except ValueError:
            raise ConfigurationError(
                "DAKIYA_ENCRYPTION_KEYS: each key must be 32 bytes in url-safe base64; make one"
                " with `python3 -c 'import base64, os;"
                " print(base64.urlsafe_b64encode(os.urandom(32)).decode())'`"
            ) from None
        self._fernet = MultiFernet([*fernets, Fernet(_derived(settings))])

    def seal(self, plain: str) -> str:
        """Encrypt a password for storage."""
        return self._fernet.encrypt(plain.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """Decrypt a stored password; None when none of the keys fits."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    def reseal(self, sealed: str) -> str | None:
        """Encrypt a stored password with the first key; None when none of the keys fits."""
        plain = self.open(sealed)
        return None if plain is None else self.seal(plain)


def rotate(session: Session, box: SecretBox) -> tuple[int, int]:
    """Seal every stored password with the first key; returns how many, and how many cannot be read.

    Those that cannot be read stay as they are: their key may come back. May be repeated.
    """
    rotated = unreadable = 0
    accounts = select(SmtpAccount).where(SmtpAccount.password_encrypted.is_not(None))
    for account in session.scalars(accounts.with_for_update(key_share=True)):
        resealed = box.reseal(account.password_encrypted or "")
        if resealed is None:
            unreadable += 1
        else:
            account.password_encrypted = resealed
            rotated += 1
    return rotated, unreadable


def _derived(settings: Settings) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"dakiya smtp passwords")
    return base64.urlsafe_b64encode(kdf.derive(settings.secret_key.get_secret_value().encode()))
