"""Why a command cannot go on, with the exit status that lab users rely on."""

from enum import IntEnum


class ExitStatus(IntEnum):
    """What every command of this project exits with."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NO_CONNECTION = 3


class CommandError(Exception):
    """Ends the command: its text is one line that says what to do, its status the exit status."""

    status: int = ExitStatus.FAILED

    def __init__(self, line: str, *, status: int | None = None) -> None:
        super().__init__(line)
        if status is not None:
            self.status = status


class ConfigError(CommandError):
    """The configuration has an error: file, key, what was expected."""

    status = ExitStatus.USAGE


class ConnectionFailed(CommandError):
    """A peer cannot be reached, or a port cannot be taken."""

    status = ExitStatus.NO_CONNECTION
