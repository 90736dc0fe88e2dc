"""How somebody likes the pages to look."""
