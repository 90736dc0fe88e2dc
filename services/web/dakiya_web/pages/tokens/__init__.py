"""API tokens: programs that act for their owner."""
