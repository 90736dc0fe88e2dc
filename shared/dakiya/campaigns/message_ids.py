"""The Message-ID of each mail of a campaign: derived, so that no row has to store it."""

from functools import lru_cache

from dakiya.mail.links import derive_key, message_id, message_tag


def message_id_of(*, campaign_id: int, token: str, domain: str, recipient_id: int) -> str:
    """Return a mail's Message-ID with its brackets; ``token`` and ``domain`` are the campaign's."""
    tag = message_tag(_key(token), campaign_id=campaign_id, recipient_id=recipient_id)
    return message_id(token=tag, campaign_id=campaign_id, recipient_id=recipient_id, domain=domain)


@lru_cache(maxsize=256)
def _key(token: str) -> bytes:
    return derive_key(token, "message-id")
