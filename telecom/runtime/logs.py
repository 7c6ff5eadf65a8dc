"""Structured logs on stderr: for people on a terminal, as JSON for machines."""

import logging
import sys
from typing import Literal

import structlog
from structlog.typing import Processor


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
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    if as_json:
        processors += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        processors.append(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()))
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(numeric),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
