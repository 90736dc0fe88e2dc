"""What goes wrong on a developer's machine, said with a way out."""

from dakiya.errors import DakiyaError


class ServerTrouble(DakiyaError):
    """A server of ours cannot run; the text says why, ``hint`` what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message}\n{hint}" if hint else message)
        self.hint = hint
