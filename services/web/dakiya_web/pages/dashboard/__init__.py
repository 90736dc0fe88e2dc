"""The first page: how everything stands, and what to do next."""
