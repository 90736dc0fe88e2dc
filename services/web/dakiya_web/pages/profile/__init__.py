"""The profile: time zone, theme, password."""
