"""The open telecom messaging stack: SMPP on one side, SS7 on the other, a gateway between."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from telecom import sync
    from telecom.net.smpp.client.esme import await_outbind, connect
    from telecom.net.smpp.serve import serve

__all__ = ["await_outbind", "connect", "serve", "sync"]

_MODULES = {
    "await_outbind": "telecom.net.smpp.client.esme",
    "connect": "telecom.net.smpp.client.esme",
    "serve": "telecom.net.smpp.serve",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: the rooms below know nothing of the network."""
    if name not in __all__:
        raise AttributeError(f"module 'telecom' has no attribute {name!r}")
    _log_warnings_only()
    if name == "sync":
        return import_module("telecom.sync")
    return getattr(import_module(_MODULES[name]), name)


def _log_warnings_only() -> None:
    """Keep quiet in a program that has not said what to do with logs: warnings, on stderr."""
    import logging  # noqa: PLC0415 - as all that the front door needs
    import sys  # noqa: PLC0415

    import structlog  # noqa: PLC0415

    if not structlog.is_configured():
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        )
