"""Every PDU of SMPP 3.4 and 5.0, one line a field, in the order of the wire (clause 4).

Where the versions differ, a field is as long as the one that allows most has it. The docstring of
a PDU is the clause that declares it: of 3.4, or of 5.0 where 3.4 has none.
"""

from collections.abc import Callable
from typing import ClassVar, Final, TypeVar

import msgspec

from telecom.smpp.declarations import Part, declared
from telecom.smpp.fields import (
    counted,
    counted_choice,
    counted_octets,
    cstring,
    date_time,
    integer,
)
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import Tlv

RESPONSE_BIT: Final = 0x80000000
"""Set in the command_id of every response, SMPP 3.4 5.1.2.1."""

PDUS: Final[dict[int, type["Pdu"]]] = {}
"""Each PDU by its command_id."""

P = TypeVar("P", bound="Pdu")


class Pdu(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What every PDU has, SMPP 3.4 3.2: the rest of the header and the optional parameters."""

    command_id: ClassVar[int]
    sequence_number: int = 0
    command_status: int = 0
    tlvs: tuple[Tlv, ...] = ()


def command(command_id: int) -> Callable[[type[P]], type[P]]:
    """Declare the PDU of a command_id, SMPP 3.4 5.1.2.1."""

    def declare(cls: type[P]) -> type[P]:
        pdu = declared(cls)
        pdu.command_id = command_id
        PDUS[command_id] = pdu
        return pdu

    return declare


@declared
class SmeAddress(Part, frozen=True):
    """One destination of a submit_multi, SMPP 3.4 4.5.1.1."""

    dest_addr_ton: int = integer(1)
    dest_addr_npi: int = integer(1)
    destination_addr: bytes = cstring(21, Status.ESME_RINVDSTADR)


@declared
class DistributionList(Part, frozen=True):
    """A list of destinations known to the SMSC, SMPP 3.4 4.5.1.2."""

    dl_name: bytes = cstring(21, Status.ESME_RINVDLNAME)


@declared
class UnsuccessSme(Part, frozen=True):
    """A destination that a submit_multi failed for, SMPP 3.4 4.5.2.1."""

    dest_addr_ton: int = integer(1)
    dest_addr_npi: int = integer(1)
    destination_addr: bytes = cstring(21, Status.ESME_RINVDSTADR)
    error_status_code: int = integer(4)


@declared
class Bind(Pdu, frozen=True):
    """The body of the three bind requests, SMPP 3.4 4.1."""

    system_id: bytes = cstring(16, Status.ESME_RINVSYSID)
    password: bytes = cstring(9, Status.ESME_RINVPASWD)
    system_type: bytes = cstring(13, Status.ESME_RINVSYSTYP)
    interface_version: int = integer(1, default=0x34)
    addr_ton: int = integer(1)
    addr_npi: int = integer(1)
    address_range: bytes = cstring(41, Status.ESME_RBINDFAIL)


@declared
class BindResp(Pdu, frozen=True):
    """The body of the three bind responses."""

    system_id: bytes = cstring(16, Status.ESME_RINVSYSID)


@declared
class ShortMessage(Pdu, frozen=True):
    """The body of submit_sm and deliver_sm."""

    service_type: bytes = cstring(6, Status.ESME_RINVSERTYP)
    source_addr_ton: int = integer(1)
    source_addr_npi: int = integer(1)
    source_addr: bytes = cstring(21, Status.ESME_RINVSRCADR)
    dest_addr_ton: int = integer(1)
    dest_addr_npi: int = integer(1)
    destination_addr: bytes = cstring(21, Status.ESME_RINVDSTADR)
    esm_class: int = integer(1)
    protocol_id: int = integer(1)
    priority_flag: int = integer(1)
    schedule_delivery_time: bytes = date_time(Status.ESME_RINVSCHED)
    validity_period: bytes = date_time(Status.ESME_RINVEXPIRY)
    registered_delivery: int = integer(1)
    replace_if_present_flag: int = integer(1)
    data_coding: int = integer(1)
    sm_default_msg_id: int = integer(1)
    short_message: bytes = counted_octets(Status.ESME_RINVMSGLEN)


@declared
class MessageResp(Pdu, frozen=True):
    """The body of the responses that name a message."""

    message_id: bytes = cstring(65, Status.ESME_RINVMSGID)


@command(0x80000000)
class GenericNack(Pdu, frozen=True):
    """SMPP 3.4 4.3.1."""


@command(0x00000001)
class BindReceiver(Bind, frozen=True):
    """SMPP 3.4 4.1.3."""


@command(0x80000001)
class BindReceiverResp(BindResp, frozen=True):
    """SMPP 3.4 4.1.4."""


@command(0x00000002)
class BindTransmitter(Bind, frozen=True):
    """SMPP 3.4 4.1.1."""


@command(0x80000002)
class BindTransmitterResp(BindResp, frozen=True):
    """SMPP 3.4 4.1.2."""


@command(0x00000003)
class QuerySm(Pdu, frozen=True):
    """SMPP 3.4 4.8.1."""

    message_id: bytes = cstring(65, Status.ESME_RINVMSGID)
    source_addr_ton: int = integer(1)
    source_addr_npi: int = integer(1)
    source_addr: bytes = cstring(21, Status.ESME_RINVSRCADR)


@command(0x80000003)
class QuerySmResp(Pdu, frozen=True):
    """SMPP 3.4 4.8.2."""

    message_id: bytes = cstring(65, Status.ESME_RINVMSGID)
    final_date: bytes = date_time(Status.ESME_RQUERYFAIL)
    message_state: int = integer(1)
    error_code: int = integer(1)


@command(0x00000004)
class SubmitSm(ShortMessage, frozen=True):
    """SMPP 3.4 4.4.1."""


@command(0x80000004)
class SubmitSmResp(MessageResp, frozen=True):
    """SMPP 3.4 4.4.2."""


@command(0x00000005)
class DeliverSm(ShortMessage, frozen=True):
    """SMPP 3.4 4.6.1."""


@command(0x80000005)
class DeliverSmResp(MessageResp, frozen=True):
    """SMPP 3.4 4.6.2; its message_id is unused and empty."""


@command(0x00000006)
class Unbind(Pdu, frozen=True):
    """SMPP 3.4 4.2.1."""


@command(0x80000006)
class UnbindResp(Pdu, frozen=True):
    """SMPP 3.4 4.2.2."""


@command(0x00000007)
class ReplaceSm(Pdu, frozen=True):
    """SMPP 3.4 4.10.1."""

    message_id: bytes = cstring(65, Status.ESME_RINVMSGID)
    source_addr_ton: int = integer(1)
    source_addr_npi: int = integer(1)
    source_addr: bytes = cstring(21, Status.ESME_RINVSRCADR)
    schedule_delivery_time: bytes = date_time(Status.ESME_RINVSCHED)
    validity_period: bytes = date_time(Status.ESME_RINVEXPIRY)
    registered_delivery: int = integer(1)
    sm_default_msg_id: int = integer(1)
    short_message: bytes = counted_octets(Status.ESME_RINVMSGLEN)


@command(0x80000007)
class ReplaceSmResp(Pdu, frozen=True):
    """SMPP 3.4 4.10.2."""


@command(0x00000008)
class CancelSm(Pdu, frozen=True):
    """SMPP 3.4 4.9.1."""

    service_type: bytes = cstring(6, Status.ESME_RINVSERTYP)
    message_id: bytes = cstring(65, Status.ESME_RINVMSGID)
    source_addr_ton: int = integer(1)
    source_addr_npi: int = integer(1)
    source_addr: bytes = cstring(21, Status.ESME_RINVSRCADR)
    dest_addr_ton: int = integer(1)
    dest_addr_npi: int = integer(1)
    destination_addr: bytes = cstring(21, Status.ESME_RINVDSTADR)


@command(0x80000008)
class CancelSmResp(Pdu, frozen=True):
    """SMPP 3.4 4.9.2."""


@command(0x00000009)
class BindTransceiver(Bind, frozen=True):
    """SMPP 3.4 4.1.5."""


@command(0x80000009)
class BindTransceiverResp(BindResp, frozen=True):
    """SMPP 3.4 4.1.6."""


@command(0x0000000B)
class Outbind(Pdu, frozen=True):
    """SMPP 3.4 4.1.7.1; it has no response."""

    system_id: bytes = cstring(16, Status.ESME_RINVSYSID)
    password: bytes = cstring(9, Status.ESME_RINVPASWD)


@command(0x00000015)
class EnquireLink(Pdu, frozen=True):
    """SMPP 3.4 4.11.1."""


@command(0x80000015)
class EnquireLinkResp(Pdu, frozen=True):
    """SMPP 3.4 4.11.2."""


@command(0x00000021)
class SubmitMulti(Pdu, frozen=True):
    """SMPP 3.4 4.5.1."""

    service_type: bytes = cstring(6, Status.ESME_RINVSERTYP)
    source_addr_ton: int = integer(1)
    source_addr_npi: int = integer(1)
    source_addr: bytes = cstring(21, Status.ESME_RINVSRCADR)
    dest_addresses: tuple[SmeAddress | DistributionList, ...] = counted_choice(
        {1: SmeAddress, 2: DistributionList}
    )
    esm_class: int = integer(1)
    protocol_id: int = integer(1)
    priority_flag: int = integer(1)
    schedule_delivery_time: bytes = date_time(Status.ESME_RINVSCHED)
    validity_period: bytes = date_time(Status.ESME_RINVEXPIRY)
    registered_delivery: int = integer(1)
    replace_if_present_flag: int = integer(1)
    data_coding: int = integer(1)
    sm_default_msg_id: int = integer(1)
    short_message: bytes = counted_octets(Status.ESME_RINVMSGLEN)


@command(0x80000021)
class SubmitMultiResp(Pdu, frozen=True):
    """SMPP 3.4 4.5.2."""

    message_id: bytes = cstring(65, Status.ESME_RINVMSGID)
    unsuccess_smes: tuple[UnsuccessSme, ...] = counted(UnsuccessSme)


@command(0x00000102)
class AlertNotification(Pdu, frozen=True):
    """SMPP 3.4 4.12.1; it has no response."""

    source_addr_ton: int = integer(1)
    source_addr_npi: int = integer(1)
    source_addr: bytes = cstring(65, Status.ESME_RINVSRCADR)
    esme_addr_ton: int = integer(1)
    esme_addr_npi: int = integer(1)
    esme_addr: bytes = cstring(65, Status.ESME_RINVDSTADR)


@command(0x00000103)
class DataSm(Pdu, frozen=True):
    """SMPP 3.4 4.7.1."""

    service_type: bytes = cstring(6, Status.ESME_RINVSERTYP)
    source_addr_ton: int = integer(1)
    source_addr_npi: int = integer(1)
    source_addr: bytes = cstring(65, Status.ESME_RINVSRCADR)
    dest_addr_ton: int = integer(1)
    dest_addr_npi: int = integer(1)
    destination_addr: bytes = cstring(65, Status.ESME_RINVDSTADR)
    esm_class: int = integer(1)
    registered_delivery: int = integer(1)
    data_coding: int = integer(1)


@command(0x80000103)
class DataSmResp(MessageResp, frozen=True):
    """SMPP 3.4 4.7.2."""


@command(0x00000111)
class BroadcastSm(Pdu, frozen=True):
    """SMPP 5.0 4.4.1.1; what and where it broadcasts is in parameters that it must have."""

    service_type: bytes = cstring(6, Status.ESME_RINVSERTYP)
    source_addr_ton: int = integer(1)
    source_addr_npi: int = integer(1)
    source_addr: bytes = cstring(21, Status.ESME_RINVSRCADR)
    message_id: bytes = cstring(65, Status.ESME_RINVMSGID)
    priority_flag: int = integer(1)
    schedule_delivery_time: bytes = date_time(Status.ESME_RINVSCHED)
    validity_period: bytes = date_time(Status.ESME_RINVEXPIRY)
    replace_if_present_flag: int = integer(1)
    data_coding: int = integer(1)
    sm_default_msg_id: int = integer(1)


@command(0x80000111)
class BroadcastSmResp(MessageResp, frozen=True):
    """SMPP 5.0 4.4.1.2."""


@command(0x00000112)
class QueryBroadcastSm(Pdu, frozen=True):
    """SMPP 5.0 4.6.1.1."""

    message_id: bytes = cstring(65, Status.ESME_RINVMSGID)
    source_addr_ton: int = integer(1)
    source_addr_npi: int = integer(1)
    source_addr: bytes = cstring(21, Status.ESME_RINVSRCADR)


@command(0x80000112)
class QueryBroadcastSmResp(MessageResp, frozen=True):
    """SMPP 5.0 4.6.1.3; the state and the areas are in parameters that it must have."""


@command(0x00000113)
class CancelBroadcastSm(Pdu, frozen=True):
    """SMPP 5.0 4.6.2.1."""

    service_type: bytes = cstring(6, Status.ESME_RINVSERTYP)
    message_id: bytes = cstring(65, Status.ESME_RINVMSGID)
    source_addr_ton: int = integer(1)
    source_addr_npi: int = integer(1)
    source_addr: bytes = cstring(21, Status.ESME_RINVSRCADR)


@command(0x80000113)
class CancelBroadcastSmResp(Pdu, frozen=True):
    """SMPP 5.0 4.6.2.3."""


RESPONSES: Final[dict[int, type[Pdu]]] = {
    command_id: PDUS[command_id | RESPONSE_BIT]
    for command_id in PDUS
    if command_id | RESPONSE_BIT in PDUS and not command_id & RESPONSE_BIT
}
"""The response of each request that has one, by the request's command_id."""
