"""Real PostgreSQL and Valkey servers from wheels: for `make run` and for the tests."""

from dakiya_dev.embedded.postgres import EmbeddedPostgres
from dakiya_dev.embedded.valkey import EmbeddedValkey

__all__ = ["EmbeddedPostgres", "EmbeddedValkey"]
