"""Optional parameters: every tag of SMPP 3.4 5.3.2 and 5.0 4.8.1, with the type of its value."""

from abc import ABC, abstractmethod
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec

from telecom.smpp.declarations import Part
from telecom.smpp.errors import LocalError, PduError
from telecom.smpp.generation import part_reader, part_writer
from telecom.smpp.status import CommandStatus
from telecom.smpp.tlv_structures import (
    BillingIdentification,
    BroadcastAreaIdentifier,
    BroadcastContentType,
    BroadcastFrequencyInterval,
    CallbackNum,
    CallbackNumAtag,
    ItsSessionInfo,
    MsValidity,
    NetworkErrorCode,
    Subaddress,
)

V = TypeVar("V")
P = TypeVar("P", bound=Part)


class Tlv(msgspec.Struct, frozen=True, gc=False):
    """An optional parameter as it is on the wire, SMPP 3.4 3.2.4; any tag, any value."""

    tag: int
    value: bytes


class Carrier(Protocol):
    """A PDU, as far as its optional parameters go."""

    @property
    def sequence_number(self) -> int:
        """The PDU's own."""

    @property
    def tlvs(self) -> tuple[Tlv, ...]:
        """In the order of the wire, duplicates included."""


class TlvType(ABC, Generic[V]):
    """A named optional parameter: `.of(pdu)` reads its value, calling it with a value makes one."""

    def __init__(self, tag: int, shortest: int, longest: int) -> None:
        self.tag = tag
        self.name = ""
        self._shortest = shortest
        self._longest = longest

    def of(self, pdu: Carrier) -> V | None:
        """Return the value of the first such parameter, None where there is none.

        Raises `PduError` (ESME_RINVPARLEN, or ESME_RINVOPTPARAMVAL for a broken C-string).
        """
        for tlv in pdu.tlvs:
            if tlv.tag == self.tag:
                return self._read(tlv.value, pdu.sequence_number)
        return None

    def all_of(self, pdu: Carrier) -> list[V]:
        """Return the values of every such parameter, in order; raises as `of` does."""
        return [
            self._read(tlv.value, pdu.sequence_number) for tlv in pdu.tlvs if tlv.tag == self.tag
        ]

    def __call__(self, value: V) -> Tlv:
        """Make the parameter; raises `LocalError` for a value that it cannot carry."""
        octets = self._written(value)
        if not self._shortest <= len(octets) <= self._longest:
            raise LocalError(f"{self.name} of {len(octets)} octets")
        return Tlv(self.tag, octets)

    def _read(self, octets: bytes, sequence_number: int) -> V:
        if not self._shortest <= len(octets) <= self._longest:
            reason = f"{self.name} of {len(octets)} octets"
            raise PduError(CommandStatus.ESME_RINVPARLEN, sequence_number, reason)
        try:
            return self._value(octets)
        except ValueError:
            status = CommandStatus.ESME_RINVOPTPARAMVAL
            raise PduError(status, sequence_number, self.name) from None

    @abstractmethod
    def _value(self, octets: bytes) -> V:
        """Make the value of octets whose length is right; `ValueError` if it cannot be."""

    @abstractmethod
    def _written(self, value: V) -> bytes:
        """Make the octets, of whatever length, of a value."""


class IntegerTlv(TlvType[int]):
    """An integer of `size` octets, or of fewer down to `shortest`; none at all is a zero."""

    def __init__(self, tag: int, size: int, *, shortest: int | None = None) -> None:
        super().__init__(tag, size if shortest is None else shortest, size)

    def _value(self, octets: bytes) -> int:
        return int.from_bytes(octets, "big")

    def _written(self, value: int) -> bytes:
        try:
            return value.to_bytes(max(self._shortest, (value.bit_length() + 7) // 8), "big")
        except OverflowError:
            raise LocalError(f"{self.name}={value}") from None


class OctetsTlv(TlvType[bytes]):
    """An octet string."""

    def _value(self, octets: bytes) -> bytes:
        return octets

    def _written(self, value: bytes) -> bytes:
        return value


class CStringTlv(TlvType[bytes]):
    """A C-octet string; its value is without the NUL.

    A missing NUL is forgiven: peers are known to count the octets and leave it out.
    """

    def __init__(self, tag: int, longest: int) -> None:
        super().__init__(tag, 0, longest)

    def _value(self, octets: bytes) -> bytes:
        value = octets.removesuffix(b"\0")
        if 0 in value or len(value) == self._longest:
            raise ValueError(value)
        return value

    def _written(self, value: bytes) -> bytes:
        if 0 in value:
            raise LocalError(f"{self.name} with a NUL inside")
        return value + b"\0"


class PartTlv(TlvType[P]):
    """A declared structure, a class of `telecom.smpp.tlv_structures`."""

    def __init__(self, tag: int, part: type[P], shortest: int, longest: int) -> None:
        super().__init__(tag, shortest, longest)
        self._read_part = part_reader(part)
        self._write_part = part_writer(part)

    def _value(self, octets: bytes) -> P:
        part: P
        part, _ = self._read_part(octets, 0, 0)
        return part

    def _written(self, value: P) -> bytes:
        try:
            return self._write_part(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise LocalError(f"{self.name}: {error}") from None


DEST_ADDR_SUBUNIT: Final = IntegerTlv(0x0005, 1)
DEST_NETWORK_TYPE: Final = IntegerTlv(0x0006, 1)
DEST_BEARER_TYPE: Final = IntegerTlv(0x0007, 1)
DEST_TELEMATICS_ID: Final = IntegerTlv(0x0008, 2)
SOURCE_ADDR_SUBUNIT: Final = IntegerTlv(0x000D, 1)
SOURCE_NETWORK_TYPE: Final = IntegerTlv(0x000E, 1)
SOURCE_BEARER_TYPE: Final = IntegerTlv(0x000F, 1)
SOURCE_TELEMATICS_ID: Final = IntegerTlv(0x0010, 2, shortest=1)  # 1 in 3.4, 2 by many peers
QOS_TIME_TO_LIVE: Final = IntegerTlv(0x0017, 4)
PAYLOAD_TYPE: Final = IntegerTlv(0x0019, 1)
ADDITIONAL_STATUS_INFO_TEXT: Final = CStringTlv(0x001D, 256)
RECEIPTED_MESSAGE_ID: Final = CStringTlv(0x001E, 65)
MS_MSG_WAIT_FACILITIES: Final = IntegerTlv(0x0030, 1)
PRIVACY_INDICATOR: Final = IntegerTlv(0x0201, 1)
SOURCE_SUBADDRESS: Final = PartTlv(0x0202, Subaddress, 2, 23)
DEST_SUBADDRESS: Final = PartTlv(0x0203, Subaddress, 2, 23)
USER_MESSAGE_REFERENCE: Final = IntegerTlv(0x0204, 2)
USER_RESPONSE_CODE: Final = IntegerTlv(0x0205, 1)
SOURCE_PORT: Final = IntegerTlv(0x020A, 2)
DESTINATION_PORT: Final = IntegerTlv(0x020B, 2)
SAR_MSG_REF_NUM: Final = IntegerTlv(0x020C, 2)
LANGUAGE_INDICATOR: Final = IntegerTlv(0x020D, 1)
SAR_TOTAL_SEGMENTS: Final = IntegerTlv(0x020E, 1)
SAR_SEGMENT_SEQNUM: Final = IntegerTlv(0x020F, 1)
SC_INTERFACE_VERSION: Final = IntegerTlv(0x0210, 1)
CALLBACK_NUM_PRES_IND: Final = IntegerTlv(0x0302, 1)
CALLBACK_NUM_ATAG: Final = PartTlv(0x0303, CallbackNumAtag, 1, 65)
NUMBER_OF_MESSAGES: Final = IntegerTlv(0x0304, 1)
CALLBACK_NUM: Final = PartTlv(0x0381, CallbackNum, 4, 19)
DPF_RESULT: Final = IntegerTlv(0x0420, 1)
SET_DPF: Final = IntegerTlv(0x0421, 1)
MS_AVAILABILITY_STATUS: Final = IntegerTlv(0x0422, 1)
NETWORK_ERROR_CODE: Final = PartTlv(0x0423, NetworkErrorCode, 3, 3)
MESSAGE_PAYLOAD: Final = OctetsTlv(0x0424, 0, 0xFFFF)
DELIVERY_FAILURE_REASON: Final = IntegerTlv(0x0425, 1)
MORE_MESSAGES_TO_SEND: Final = IntegerTlv(0x0426, 1)
MESSAGE_STATE: Final = IntegerTlv(0x0427, 1)
CONGESTION_STATE: Final = IntegerTlv(0x0428, 1)
USSD_SERVICE_OP: Final = IntegerTlv(0x0501, 1)
BROADCAST_CHANNEL_INDICATOR: Final = IntegerTlv(0x0600, 1)
BROADCAST_CONTENT_TYPE: Final = PartTlv(0x0601, BroadcastContentType, 3, 3)
BROADCAST_CONTENT_TYPE_INFO: Final = OctetsTlv(0x0602, 1, 255)
BROADCAST_MESSAGE_CLASS: Final = IntegerTlv(0x0603, 1)
BROADCAST_REP_NUM: Final = IntegerTlv(0x0604, 2)
BROADCAST_FREQUENCY_INTERVAL: Final = PartTlv(0x0605, BroadcastFrequencyInterval, 3, 3)
BROADCAST_AREA_IDENTIFIER: Final = PartTlv(0x0606, BroadcastAreaIdentifier, 1, 0xFFFF)
BROADCAST_ERROR_STATUS: Final = IntegerTlv(0x0607, 4)
BROADCAST_AREA_SUCCESS: Final = IntegerTlv(0x0608, 1)
BROADCAST_END_TIME: Final = CStringTlv(0x0609, 17)
BROADCAST_SERVICE_GROUP: Final = OctetsTlv(0x060A, 1, 255)
BILLING_IDENTIFICATION: Final = PartTlv(0x060B, BillingIdentification, 1, 1024)
SOURCE_NETWORK_ID: Final = CStringTlv(0x060D, 65)
DEST_NETWORK_ID: Final = CStringTlv(0x060E, 65)
SOURCE_NODE_ID: Final = OctetsTlv(0x060F, 6, 6)
DEST_NODE_ID: Final = OctetsTlv(0x0610, 6, 6)
DEST_ADDR_NP_RESOLUTION: Final = IntegerTlv(0x0611, 1)
DEST_ADDR_NP_INFORMATION: Final = OctetsTlv(0x0612, 10, 10)
DEST_ADDR_NP_COUNTRY: Final = OctetsTlv(0x0613, 1, 5)
DISPLAY_TIME: Final = IntegerTlv(0x1201, 1)
SMS_SIGNAL: Final = IntegerTlv(0x1203, 2)
MS_VALIDITY: Final = PartTlv(0x1204, MsValidity, 1, 4)
ALERT_ON_MESSAGE_DELIVERY: Final = IntegerTlv(0x130C, 1, shortest=0)
ITS_REPLY_TYPE: Final = IntegerTlv(0x1380, 1)
ITS_SESSION_INFO: Final = PartTlv(0x1383, ItsSessionInfo, 2, 2)

TLV_TYPES: Final[dict[int, TlvType[Any]]] = {}
"""Every named parameter by its tag."""

for _name, _type in list(vars().items()):
    if isinstance(_type, TlvType):
        _type.name = _name.lower()
        TLV_TYPES[_type.tag] = _type
