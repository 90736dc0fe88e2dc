"""Who asks: a page of ours, its user, or another site; a module of a page, or the browser."""

from typing import Final

from flask import request

# An old browser, a program, and any browser without TLS send nothing.
_OWN: Final = ("", "same-origin", "none")


def asked_by_us() -> bool:
    """Whether no other site had the browser send this request (Fetch Metadata)."""
    return request.headers.get("Sec-Fetch-Site", "") in _OWN


def wants_json() -> bool:
    """Whether a module of a page asks, which reads JSON and shows no page."""
    return request.accept_mimetypes.best == "application/json"
