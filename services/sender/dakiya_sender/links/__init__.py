"""Visits the addresses that stand in mails, to say which of them lead nowhere."""
