"""What people send, read into typed values: every mistake found at once, in plain words."""
