"""Sign up, log in, log out."""
