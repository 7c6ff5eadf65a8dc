"""Structured logs on stderr: for people on a terminal, as JSON for machines."""

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
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
