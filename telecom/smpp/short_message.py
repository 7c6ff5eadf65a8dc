"""SMPP's ways to carry a short message, and the one that the rest of the stack knows.

The octets are in short_message or message_payload; a user data header is in front of them
(UDHI of esm_class, SMPP 3.4 5.2.12), or its content is in the sar_ and port parameters
(5.3.2.20 to 5.3.2.24).
"""

from typing import Final, TypedDict

from telecom.smpp import tlvs
from telecom.smpp.errors import LocalError, PduError
from telecom.smpp.pdus import DataSm, ShortMessage
from telecom.smpp.status import CommandStatus
from telecom.smpp.tlvs import Tlv
from telecom.sms.alphabets import AlphabetError
from telecom.sms.data_coding import data_coding_scheme, smpp_data_coding, user_data_of_smpp
from telecom.sms.user_data import (
    CONCATENATION_8,
    CONCATENATION_16,
    Concatenation,
    InformationElement,
    UserData,
    UserDataError,
    decode_header,
    encode_header,
)

UDHI: Final = 0x40
"""The user data header indicator of esm_class."""
MESSAGE_TYPE: Final = 0x3C
"""The bits of esm_class that say what the message is; none of them: a message of a user."""
DELIVERY_RECEIPT: Final = 0x04
INTERMEDIATE_NOTIFICATION: Final = 0x20

MAX_SHORT_MESSAGE: Final = 254
"""Octets, SMPP 3.4 5.2.21; 5.0 has one more, that we do without."""

_PORTS_16: Final = 0x05
"""Application port addressing, 3GPP TS 23.040 9.2.3.24.4."""
_CONCATENATIONS: Final = frozenset((CONCATENATION_8, CONCATENATION_16))


class Content(TypedDict):
    """The fields of a submit_sm or deliver_sm that carry its user data."""

    esm_class: int
    data_coding: int
    short_message: bytes
    tlvs: tuple[Tlv, ...]


def user_data_of(pdu: ShortMessage | DataSm) -> UserData:
    """Return the user data of a submit_sm, deliver_sm or data_sm, however it carries them.

    Raises `PduError` with the status to answer.
    """
    octets = octets_of(pdu)
    header: tuple[InformationElement, ...] = ()
    if pdu.esm_class & UDHI:
        header, octets = _split_header(pdu, octets)
    if pdu.tlvs:
        header = (*_header_of_tlvs(pdu, {element.identifier for element in header}), *header)
    try:
        return user_data_of_smpp(pdu.data_coding, octets, header)
    except AlphabetError as error:
        raise PduError(CommandStatus.ESME_RSUBMITFAIL, pdu.sequence_number, str(error)) from None


def content(user_data: UserData, *, data_coding: int | None = None) -> Content:
    """Return the fields that carry user data: the header in front, all of it where it fits.

    Without a data_coding it is that of the alphabet alone. Raises `LocalError` for user data that
    no PDU can carry.
    """
    try:
        octets = encode_header(user_data.header) + user_data.payload
    except UserDataError as error:
        raise LocalError(str(error)) from None
    if data_coding is None:
        data_coding = smpp_data_coding(data_coding_scheme(user_data.alphabet))
    short = len(octets) <= MAX_SHORT_MESSAGE
    return {
        "esm_class": UDHI if user_data.header else 0,
        "data_coding": data_coding,
        "short_message": octets if short else b"",
        "tlvs": () if short else (tlvs.MESSAGE_PAYLOAD(octets),),
    }


def octets_of(pdu: ShortMessage | DataSm) -> bytes:
    """Return short_message or message_payload; raises `PduError` if both say something."""
    short_message = pdu.short_message if isinstance(pdu, ShortMessage) else b""
    payload = tlvs.MESSAGE_PAYLOAD.of(pdu) if pdu.tlvs else None
    if payload is None:
        return short_message
    if short_message:
        status = CommandStatus.ESME_ROPTPARNOTALLWD
        raise PduError(status, pdu.sequence_number, "both short_message and message_payload")
    return payload


def _split_header(
    pdu: ShortMessage | DataSm, octets: bytes
) -> tuple[tuple[InformationElement, ...], bytes]:
    try:
        return decode_header(octets)
    except UserDataError as error:
        status = CommandStatus.ESME_RINVESMCLASS
        raise PduError(status, pdu.sequence_number, str(error)) from None


def _header_of_tlvs(
    pdu: ShortMessage | DataSm, present: set[int]
) -> tuple[InformationElement, ...]:
    """Return the elements that parameters stand for, where the header itself has none of them."""
    elements = []
    concatenation = _concatenation_of(pdu)
    if concatenation is not None and not present & _CONCATENATIONS:
        elements.append(concatenation.element())
    source, destination = tlvs.SOURCE_PORT.of(pdu), tlvs.DESTINATION_PORT.of(pdu)
    if _PORTS_16 not in present and (source is not None or destination is not None):
        ports = (destination or 0).to_bytes(2, "big") + (source or 0).to_bytes(2, "big")
        elements.append(InformationElement(_PORTS_16, ports))
    return tuple(elements)


def _concatenation_of(pdu: ShortMessage | DataSm) -> Concatenation | None:
    """Return what the sar_ parameters say; they are ignored unless all are there and usable.

    On the air the reference is one octet of the two: clients fill their parts to the 153 septets
    that the short header leaves, and a header of 16 bits would not fit beside them.
    """
    reference = tlvs.SAR_MSG_REF_NUM.of(pdu)
    total = tlvs.SAR_TOTAL_SEGMENTS.of(pdu)
    sequence = tlvs.SAR_SEGMENT_SEQNUM.of(pdu)
    if reference is None or not total or not sequence or sequence > total or total == 1:
        return None
    return Concatenation(reference & 0xFF, total, sequence)
