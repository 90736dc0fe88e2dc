"""The gallery of templates: ours and the user's own."""
