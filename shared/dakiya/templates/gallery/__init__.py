"""The documents of the starters, and their pictures."""
