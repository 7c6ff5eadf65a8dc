"""The open telecom messaging stack: SMPP on one side, SS7 on the other, a gateway between."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from telecom.net.smpp_client import connect
    from telecom.net.smpp_server import serve

__all__ = ["connect", "serve"]

_MODULES = {"connect": "telecom.net.smpp_client", "serve": "telecom.net.smpp_server"}


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: the rooms below know nothing of the network."""
    if name not in _MODULES:
        raise AttributeError(f"module 'telecom' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
