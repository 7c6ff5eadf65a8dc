"""A command line: typer's, with every error as one line and the lab's exit statuses."""

import sys
from collections.abc import Sequence
from typing import Any

import typer

from telecom.runtime.errors import CommandError, ExitStatus

# typer carries click inside itself since 0.26 and imports it before; its own names work in both
_ClickException = typer.BadParameter.__mro__[2]


def run_command_line(app: typer.Typer, arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` (by default the process's own) ask for.

    Returns the exit status; what went wrong has been said in one line on stderr.
    """
    command = typer.main.get_command(app)
    try:
        status = command.main(arguments, standalone_mode=False)
    except CommandError as error:
        return _failed(str(error), error.status)
    except (typer.Abort, KeyboardInterrupt):
        return ExitStatus.DONE
    except BrokenPipeError:
        sys.stderr.close()
        return ExitStatus.FAILED
    except Exception as error:
        if not isinstance(error, _ClickException):
            raise
        said = _said(error)
        return _failed(said, ExitStatus.USAGE) if said else ExitStatus.USAGE
    return status if isinstance(status, int) else ExitStatus.DONE


def _said(error: Any) -> str:
    if not error.format_message():  # no arguments: the help has been shown instead
        return ""
    context = getattr(error, "ctx", None)  # a usage error knows its command
    hint = f"; see {context.command_path} --help" if context else ""
    return str(error.format_message()).rstrip(".") + hint


def _failed(line: str, status: int) -> int:
    print(" ".join(line.split()), file=sys.stderr)  # noqa: T201
    return status
