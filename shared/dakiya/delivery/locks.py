"""Keys of the PostgreSQL advisory locks, so that no two uses can collide."""

_CAMPAIGN = 1 << 56
_CONNECTION = 2 << 56


def campaign_lock(campaign_id: int) -> int:
    """Shared by each intent to send, exclusive for pause and cancel."""
    return _CAMPAIGN | campaign_id


def connection_lock(smtp_account_id: int, slot: int) -> int:
    """Held by the session of the process whose SMTP connection it stands for; slot 0-255."""
    return _CONNECTION | smtp_account_id << 8 | slot
