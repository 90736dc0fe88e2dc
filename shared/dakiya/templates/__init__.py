"""Templates: starters that come with Dakiya, and those that people keep for themselves."""
