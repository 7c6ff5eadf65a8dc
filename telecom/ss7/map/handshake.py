"""When a short message is preceded by an empty Begin, 3GPP TS 29.002 23.2 and 23.3."""

from typing import Final

from telecom.ss7.map.contexts import ContextName
from telecom.ss7.map.dialogue import Dialogue, Opening
from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.tcap.primitives import External, Invoke

_RELAYS: Final = (ContextName.SHORT_MSG_MO_RELAY, ContextName.SHORT_MSG_MT_RELAY)

_SIGNALLING_INFORMATION: Final = 272
"""Octets that MTP carries in one message signal unit, Q.703 2.3.8."""
_UNITDATA_HEADER: Final = 4 + 8
"""The routing label, and an SCCP unitdata without addresses and data, Q.713 4.10."""
_ADDRESS_HEADER: Final = 5
"""An address with subsystem number and a global title of indicator 4, without its digits."""
_BEGIN: Final = 53
"""A Begin that asks for an application context, around the parameter of its one operation."""
_EXTERNAL: Final = 15
"""User information with one EXTERNAL, around the MAP dialogue PDU in it."""


def needs_handshake(
    dialogue: Dialogue, opening: Opening, user_information: tuple[External, ...]
) -> bool:
    """Whether the operation is to wait for the peer to accept; version 1 knows no handshake."""
    if dialogue.context.version == 1 or not dialogue.outgoing:
        return False
    if opening.empty_begin or dialogue.context.name not in _RELAYS:
        return opening.empty_begin
    parameters = sum(
        len(component.parameter or b"")
        for component in dialogue.outgoing
        if isinstance(component, Invoke)
    )
    information = sum(len(external.data) + _EXTERNAL for external in user_information)
    room = _SIGNALLING_INFORMATION - _UNITDATA_HEADER
    room -= _octets(opening.called) + _octets(opening.calling)
    return parameters + information + _BEGIN > room


def _octets(address: SccpAddress) -> int:
    return _ADDRESS_HEADER + (len(address.digits) + 1) // 2
