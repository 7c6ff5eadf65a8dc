"""Structured logs on stderr: for people on a terminal, as JSON for machines."""

import contextlib
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Final, Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MOST_A_SECOND: Final = 100
"""How many lines about one event are written in a second."""


class FewerLines:
    """Leaves out what is said too often: peers can cause as many lines as they like.

    Of one event there are `most` a second; the next one after that has in `left_out` how many
    were not written.
    """

    def __init__(self, most: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._second = 0
        self._written: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()

    def __call__(self, _logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        """Pass a line on, or drop it."""
        event = str(line.get("event"))
        second = int(self._clock())
        if second != self._second:
            self._second = second
            self._written.clear()
        if self._written[event] >= self._most:
            self._left_out[event] += 1
            raise structlog.DropEvent
        self._written[event] += 1
        left_out = self._left_out.pop(event, 0)
        return {**line, "left_out": left_out} if left_out else line


class _Stderr:
    """Writes to what stderr is at the moment; a line that cannot be written harms nobody."""

    def __init__(self, *_: object) -> None:
        """Be made by structlog, with or without the name of a logger."""

    def msg(self, line: str) -> None:
        """Write a line."""
        with contextlib.suppress(OSError, ValueError):
            print(line, file=sys.stderr, flush=True)  # noqa: T201

    log = debug = info = warn = warning = error = critical = fatal = exception = msg


def configure(*, level: str = "info", form: Literal["auto", "json", "text"] = "auto") -> None:
    """Send every log line of the process to stderr.

    `form` "auto" is text on a terminal and JSON elsewhere; `level` is a name of `logging`.
    """
    as_json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    numeric = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(
        level=max(numeric, logging.WARNING), stream=sys.stderr, format="%(message)s"
    )
    processors: list[Processor] = [
        FewerLines(MOST_A_SECOND),
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    if as_json:
        processors += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        # the usual tracebacks for people show variables: passwords, numbers and texts among them
        plain = structlog.dev.plain_traceback
        colors = sys.stderr.isatty()
        processors.append(structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain))
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(numeric),
        logger_factory=_Stderr,
        cache_logger_on_first_use=False,
    )
