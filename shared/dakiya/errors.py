"""The errors that Dakiya's own code raises, under one root."""


class DakiyaError(Exception):
    """Root of every error that Dakiya raises on purpose."""


class InvalidInput(DakiyaError):
    """Input that a person can mend; the text says what is wrong and how."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class NotFound(DakiyaError):
    """A thing that does not exist, or that belongs to somebody else."""


class IllegalState(DakiyaError):
    """An action that the thing's present state does not allow."""


class ConfigurationError(DakiyaError):
    """Settings with which the service must not start; the text carries a hint."""
