"""How pycrate writes and reads MAP: a parameter alone, and a message with all of its layers."""

from collections.abc import Callable
from functools import partial
from typing import Any

Calls = tuple[Callable[[], Any], Callable[[], Any]]
"""Writes; reads."""


def parameter_calls(peer: str, octets: bytes) -> Calls | None:
    """Take a parameter by the name that pycrate has for its type."""
    try:
        from pycrate_asn1dir import TCAP_MAPv2v3  # noqa: PLC0415  a peer may be absent
    except ImportError:
        return None
    declared = getattr(TCAP_MAPv2v3.MAP_SM_DataTypes, peer)
    declared.from_ber(octets)
    value = declared.get_val()

    def write() -> Any:
        declared.set_val(value)
        return declared.to_ber()

    return (write, partial(declared.from_ber, octets)) if write() == octets else None


def message_calls(octets: bytes) -> Calls | None:
    """Take an M3UA DATA message, and what is in it down to the MAP parameter."""
    try:
        from pycrate_asn1dir import TCAP_MAPv2v3  # noqa: PLC0415
        from pycrate_mobile import M3UA, SCCP  # noqa: PLC0415
    except ImportError:
        return None
    tcap = TCAP_MAPv2v3.TCAP_MAP_Messages.TCAP_MAP_Message

    def parse() -> tuple[Any, Any]:
        m3ua, _ = M3UA.parse_M3UA(octets)
        sccp, _ = SCCP.parse_SCCP(_protocol_data(m3ua).get_val())
        tcap.from_ber(sccp["Data"]["Value"].get_val())
        return m3ua, sccp

    m3ua, sccp = parse()
    value = tcap.get_val()

    def write() -> Any:
        tcap.set_val(value)
        sccp["Data"]["Value"].set_val(tcap.to_ber())
        _protocol_data(m3ua).set_val(sccp.to_bytes())
        return m3ua.to_bytes()

    return (write, parse) if write() == octets else None


def _protocol_data(m3ua: Any) -> Any:
    return m3ua[1][-1]["Val"]["Data"]
