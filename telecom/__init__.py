"""The open telecom messaging stack: SMPP on one side, SS7 on the other, a gateway between."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from telecom import sync
    from telecom.net.smpp_client import await_outbind, connect
    from telecom.net.smpp_serve import serve

__all__ = ["await_outbind", "connect", "serve", "sync"]

_MODULES = {
    "await_outbind": "telecom.net.smpp_client",
    "connect": "telecom.net.smpp_client",
    "serve": "telecom.net.smpp_serve",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: the rooms below know nothing of the network."""
    if name == "sync":
        return import_module("telecom.sync")
    if name not in _MODULES:
        raise AttributeError(f"module 'telecom' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
