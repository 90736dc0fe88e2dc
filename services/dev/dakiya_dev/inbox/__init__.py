"""The demo inbox: takes every mail, keeps it, shows it. Run with ``python -m``."""
