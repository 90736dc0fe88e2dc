"""Unsubscribing: no log-in, no cookie."""
