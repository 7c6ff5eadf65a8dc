"""What a PDU is made into for a peer of an older or newer version, SMPP 3.4 3.3 and 5.0 2.11."""

import msgspec

from telecom.smpp.errors import LocalError
from telecom.smpp.pdus import RESPONSE_BIT, GenericNack, Pdu, ShortMessage, SubmitMulti
from telecom.smpp.short_message import MAX_SHORT_MESSAGE
from telecom.smpp.tlvs import MESSAGE_PAYLOAD, Tlv
from telecom.smpp.versions import InterfaceVersion


def adapted(pdu: Pdu, version: InterfaceVersion, congestion: Tlv | None) -> Pdu:
    """Return the PDU as a session of this version sends it.

    A peer of 3.3 gets no parameters. One of 5.0 is told our congestion, if there is any to tell,
    in every response that does not tell it already. Raises `LocalError` for a message_payload
    that a peer of 3.3 cannot be given in a short_message.
    """
    if version is InterfaceVersion.V33:
        return _without_tlvs(pdu) if pdu.tlvs else pdu
    responds = pdu.command_id & RESPONSE_BIT and not isinstance(pdu, GenericNack)
    if congestion is None or version < InterfaceVersion.V50 or not responds:
        return pdu
    if any(tlv.tag == congestion.tag for tlv in pdu.tlvs):
        return pdu
    return msgspec.structs.replace(pdu, tlvs=(*pdu.tlvs, congestion))


def is_too_long(pdu: Pdu, version: InterfaceVersion) -> bool:
    """Tell whether a short_message has the 255 octets that only 5.0 allows, 4.7.28."""
    if version >= InterfaceVersion.V50:
        return False
    octets = getattr(pdu, "short_message", None)
    return isinstance(octets, bytes) and len(octets) > MAX_SHORT_MESSAGE


def _without_tlvs(pdu: Pdu) -> Pdu:
    if isinstance(pdu, ShortMessage | SubmitMulti):
        payload = MESSAGE_PAYLOAD.of(pdu)
        if payload is not None and not pdu.short_message:
            if len(payload) > MAX_SHORT_MESSAGE:
                raise LocalError(f"a message of {len(payload)} octets to a peer of SMPP 3.3")
            return msgspec.structs.replace(pdu, tlvs=(), short_message=payload)
    return msgspec.structs.replace(pdu, tlvs=())
