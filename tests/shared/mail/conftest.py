"""Settings of the property tests beside this file."""

from hypothesis import settings

# Time on a busy machine says nothing about the code.
settings.register_profile("dakiya", deadline=None)
settings.load_profile("dakiya")
