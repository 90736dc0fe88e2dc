"""Passwords: argon2id (OWASP ASVS 11.4.2), rehashed at log-in when the cost has grown."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dakiya.errors import InvalidInput

MIN_LENGTH = 10
MAX_LENGTH = 200

# OWASP's second choice of parameters: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Checked against when nobody has that address, so that both answers take the same time.
_DUMMY_HASH = _hasher.hash("no user has this password")


def hash_password(password: str) -> str:
    """Hash a new password. Raises InvalidInput when it is too short or too long."""
    check_password(password)
    return _hasher.hash(password)


def check_password(password: str) -> None:
    """Raise InvalidInput when a new password is too short or too long."""
    if len(password) < MIN_LENGTH:
        raise InvalidInput(f"Choose a password of at least {MIN_LENGTH} characters.", "password")
    if len(password) > MAX_LENGTH:
        raise InvalidInput(f"The password may have at most {MAX_LENGTH} characters.", "password")


def verify_password(password_hash: str | None, password: str) -> bool:
    """Tell whether the password fits; takes as long when there is no hash."""
    try:
        _hasher.verify(password_hash or _DUMMY_HASH, password[: MAX_LENGTH + 1])
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Tell whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)
