"""The pages for people: a blueprint package per noun."""
