"""Measures how fast Dakiya is, every figure beside a baseline from the same run: ``make bench``."""
