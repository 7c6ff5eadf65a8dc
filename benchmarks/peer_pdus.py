"""How smpplib and smpp34 write and read a PDU, where they have it."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from telecom.smpp.declarations import DECLARATIONS
from telecom.smpp.pdus import DeliverSm, Pdu, SubmitSm

Calls = tuple[Callable[[], Any], Callable[[], Any]]
"""Writes a PDU; reads it."""


def spelled(pdu: type[Pdu]) -> str:
    """Name a PDU as the specification does."""
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", pdu.__name__).lower()


def _smpplib_calls(pdu: Pdu, frame: bytes) -> Calls | None:
    try:
        from smpplib import exceptions, smpp  # noqa: PLC0415  a peer may be absent
    except ImportError:
        return None
    if pdu.tlvs:
        return None  # it has no TLV by its tag alone
    client = _OneSequence()
    try:
        theirs = smpp.make_pdu(spelled(type(pdu)), client=client, **_values(pdu))
    except exceptions.UnknownCommandError:
        return None
    theirs.sequence = pdu.sequence_number
    if theirs.generate() != frame:
        return None
    return theirs.generate, partial(smpp.parse_pdu, frame, client=client)


class _OneSequence:
    """What smpplib asks for a sequence number."""

    sequence = 1

    def next_sequence(self) -> int:
        return self.sequence


def _smpp34_calls(pdu: Pdu, frame: bytes) -> Calls | None:
    try:
        import smpp34  # noqa: PLC0415  a peer may be absent
    except ImportError:
        return None
    classes: dict[type[Pdu], Any] = {SubmitSm: smpp34.SubmitSm, DeliverSm: smpp34.DeliverSm}
    if type(pdu) not in classes:
        return None  # it reads no more than the header of others
    theirs = classes[type(pdu)](
        **_values(pdu),
        tlvs=[smpp34.Tlv(tlv.tag, tlv.value) for tlv in pdu.tlvs],
        sequence_number=pdu.sequence_number,
    )
    if theirs.encode() != frame:
        return None
    return theirs.encode, partial(smpp34.decode, frame)


def _values(pdu: Pdu) -> dict[str, Any]:
    """Give the fields of a PDU as both peers take them: text, but for the message itself."""
    values = {name: getattr(pdu, name) for name in DECLARATIONS[type(pdu)]}
    return {
        name: value.decode() if isinstance(value, bytes) and name != "short_message" else value
        for name, value in values.items()
    }


PEERS: Final[Mapping[str, Callable[[Pdu, bytes], Calls | None]]] = {
    "smpplib": _smpplib_calls,
    "smpp34": _smpp34_calls,
}
