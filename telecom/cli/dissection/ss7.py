"""M3UA, SCCP and TCAP messages as trees, one layer inside the other."""

import struct
from collections.abc import Iterator
from typing import Any, Final

from telecom.cli.dissection.dialogues import Dialogue, Dialogues
from telecom.cli.dissection.map import coded, component, context_name, user_information
from telecom.cli.dissection.tree import (
    NO_MEANINGS,
    Branch,
    Meanings,
    branch_of,
    fault,
    fields,
    named,
    octets_of,
)
from telecom.ss7.ber import read
from telecom.ss7.m3ua import codec as m3ua_codec
from telecom.ss7.m3ua import messages as m3ua
from telecom.ss7.m3ua import parameters
from telecom.ss7.m3ua.errors import ErrorCode, M3uaError
from telecom.ss7.mtp import MtpTransfer, NetworkIndicator, ServiceIndicator
from telecom.ss7.sccp import address as sccp_address
from telecom.ss7.sccp import codec as sccp_codec
from telecom.ss7.sccp import messages as sccp
from telecom.ss7.sccp.errors import SccpError
from telecom.ss7.sccp.primitives import ReturnCause
from telecom.ss7.sccp.segmentation import Reassembler
from telecom.ss7.tcap import messages as tcap
from telecom.ss7.tcap.codec import decode_message
from telecom.ss7.tcap.component_portion import COMPONENT_PORTION
from telecom.ss7.tcap.dialogue_portion import DIALOGUE_PORTION
from telecom.ss7.tcap.errors import TcapError
from telecom.ss7.tcap.primitives import PAbortCause

_NAMES: Final[dict[type, str]] = {
    m3ua.Data: "DATA",  # RFC 4666 3.3 to 3.8
    m3ua.DestinationUnavailable: "DUNA",
    m3ua.DestinationAvailable: "DAVA",
    m3ua.DestinationStateAudit: "DAUD",
    m3ua.SignallingCongestion: "SCON",
    m3ua.DestinationUserPartUnavailable: "DUPU",
    m3ua.DestinationRestricted: "DRST",
    m3ua.AspUp: "ASPUP",
    m3ua.AspUpAck: "ASPUP ACK",
    m3ua.AspDown: "ASPDN",
    m3ua.AspDownAck: "ASPDN ACK",
    m3ua.Heartbeat: "BEAT",
    m3ua.HeartbeatAck: "BEAT ACK",
    m3ua.RegistrationRequest: "REG REQ",
    m3ua.RegistrationResponse: "REG RSP",
    m3ua.DeregistrationRequest: "DEREG REQ",
    m3ua.DeregistrationResponse: "DEREG RSP",
    m3ua.AspActive: "ASPAC",
    m3ua.AspActiveAck: "ASPAC ACK",
    m3ua.AspInactive: "ASPIA",
    m3ua.AspInactiveAck: "ASPIA ACK",
    m3ua.Error: "ERR",
    m3ua.Notify: "NTFY",
    sccp.Unitdata: "UDT",  # Q.713 table 1
    sccp.UnitdataService: "UDTS",
    sccp.ExtendedUnitdata: "XUDT",
    sccp.ExtendedUnitdataService: "XUDTS",
    tcap.DialogueRequest: "AARQ",  # Q.773 3.2.2 and 3.2.3
    tcap.DialogueResponse: "AARE",
    tcap.DialogueAbort: "ABRT",
    tcap.UnidirectionalDialogue: "AUDT",
}

_M3UA_MEANINGS: Final[Meanings] = {
    "si": named(ServiceIndicator),
    "ni": named(NetworkIndicator),
    "traffic_mode": named(parameters.TrafficMode),
    "code": named(ErrorCode),
    "type": named(parameters.StatusType),
    "user": named(ServiceIndicator),
}
_SCCP_MEANINGS: Final[Meanings] = {
    "ssn": named(sccp_address.SubsystemNumber),
    "affected_ssn": named(sccp_address.SubsystemNumber),
    "np": named(sccp_address.NumberingPlan),
    "nai": named(sccp_address.NatureOfAddress),
    "return_cause": named(ReturnCause),
}
_TCAP_MEANINGS: Final[Meanings] = {
    "cause": named(PAbortCause),
    "result": named(tcap.AssociateResult),
    "diagnostic": named(tcap.Diagnostic),
    "source": named(tcap.AbortSource),
    "application_context": context_name,
}
_MANAGEMENT: Final = struct.Struct("<BBHB")
_MANAGEMENT_NAMES: Final = {1: "SSA", 2: "SSP", 3: "SST", 4: "SOR", 5: "SOG", 6: "SSC"}
"""SCCP management messages, Q.713 5.3."""
_PC_BITS: Final = 0x3FFF
_NOWHERE: Final = MtpTransfer(opc=0, dpc=0, si=ServiceIndicator.SCCP, ni=0, mp=0, sls=0, data=b"")
"""Where SCCP messages that come without M3UA come from."""


class Ss7:
    """Shows one message after the other; remembers dialogues and segments from one to the next."""

    def __init__(self) -> None:
        self._dialogues = Dialogues()
        self._segments = Reassembler()

    def m3ua(self, octets: bytes, *, at: float = 0.0) -> Branch:
        """Show an M3UA message; `at` is when it came, in seconds."""
        try:
            message = m3ua_codec.decode(octets)
        except M3uaError as error:
            return fault("M3UA", error, octets)
        branches = [*fields(message, without=("protocol_data",), meanings=_M3UA_MEANINGS)]
        if isinstance(message, m3ua.Data):
            transfer = message.protocol_data
            branches += fields(transfer, without=("data",), meanings=_M3UA_MEANINGS)
            branches += self._user_part(transfer, at)
        return Branch(f"M3UA {_NAMES[type(message)]}", branches=tuple(branches))

    def _user_part(self, transfer: MtpTransfer, at: float) -> Iterator[Branch]:
        if transfer.si == ServiceIndicator.SCCP:
            yield self.sccp(transfer.data, at=at, origin=transfer)
        else:
            yield from octets_of("data", transfer.data)

    def sccp(self, octets: bytes, *, at: float = 0.0, origin: MtpTransfer = _NOWHERE) -> Branch:
        """Show an SCCP message; with the last segment of a longer message, all of that."""
        try:
            message: Any = sccp_codec.decode(octets)
        except SccpError as error:
            return fault("SCCP", error, octets)
        branches = [*_sccp_fields(message)]
        data = self._whole(message, origin, at)
        if data != message.data:  # it is a segment, perhaps the last
            branches += octets_of("segment", message.data)
        if data is not None:
            branches.append(self._user_data(message, data, origin))
        return Branch(f"SCCP {_NAMES[type(message)]}", branches=tuple(branches))

    def _whole(self, message: Any, origin: MtpTransfer, at: float) -> bytes | None:
        """Return the data of a message, or of all its segments; None while some are missing."""
        segmentation: sccp.Segmentation | None = getattr(message, "segmentation", None)
        if segmentation is None:
            data: bytes = message.data
            return data
        self._segments.expire(at)
        if not isinstance(message, sccp.ExtendedUnitdata):
            return None
        data_or_failure = self._segments.add(message, segmentation, origin, at)
        return data_or_failure if isinstance(data_or_failure, bytes) else None

    def _user_data(self, message: Any, data: bytes, origin: MtpTransfer) -> Branch:
        if message.called.ssn == sccp_address.SubsystemNumber.MANAGEMENT:
            return _management(data)
        calling, called = _owner(message.calling, origin.opc), _owner(message.called, origin.dpc)
        if isinstance(message, sccp.UnitdataService | sccp.ExtendedUnitdataService):
            # it was sent the other way
            return self.tcap(data, calling=called, called=calling, returned=True)
        return self.tcap(data, calling=calling, called=called)

    def tcap(
        self, octets: bytes, *, calling: str = "", called: str = "", returned: bool = False
    ) -> Branch:
        """Show a TCAP message; `calling` and `called` are whatever tells its users apart."""
        try:
            message: Any = decode_message(octets)
        except TcapError as error:
            return fault("TCAP", error, octets)
        dialogue = self._dialogues.of(message, calling=calling, called=called, returned=returned)
        branches = [
            *fields(message, without=("dialogue", "components"), meanings=_TCAP_MEANINGS),
            *_dialogue_portion(message.dialogue, octets),
            *_components(getattr(message, "components", ()), octets, dialogue),
        ]
        return Branch(f"TCAP {type(message).__name__}", branches=tuple(branches))


def _sccp_fields(message: Any) -> Iterator[Branch]:
    for branch in fields(message, without=("data",), meanings=_SCCP_MEANINGS):
        if branch.name != "protocol_class":
            yield branch
            continue
        yield Branch("protocol_class", branch.value & 0x0F)
        yield Branch("return_on_error", bool(branch.value & sccp.RETURN_ON_ERROR))


def _owner(address: sccp_address.SccpAddress, pc: int) -> str:
    """Return what a node is known by: its global title, else its point code."""
    return address.digits or f"{pc if address.pc is None else address.pc}"


@branch_of.register
def _(address: sccp_address.SccpAddress, name: str, _: Meanings = NO_MEANINGS) -> Branch:
    title = fields(address.gt, without=("digits",), meanings=_SCCP_MEANINGS) if address.gt else ()
    rest = fields(address, without=("gt", "route_on_gt"), meanings=_SCCP_MEANINGS)
    route = Branch("route_on", "GT" if address.route_on_gt else "SSN")
    return Branch(name, address.digits or None, branches=(*rest, route, *title))


def _management(octets: bytes) -> Branch:
    """Show a message of SCCP management, Q.713 5.3."""
    try:
        kind, ssn, pc, multiplicity = _MANAGEMENT.unpack_from(octets)
        name = _MANAGEMENT_NAMES[kind]
    except (struct.error, KeyError):
        return fault("SCCP management", "no message that Q.713 5.3 knows", octets)
    branches = (
        branch_of(ssn, "affected_ssn", _SCCP_MEANINGS),
        Branch("affected_pc", pc & _PC_BITS),
        Branch("subsystem_multiplicity", multiplicity & 0x03),
        *octets_of("congestion_level", octets[_MANAGEMENT.size :]),
    )
    return Branch(f"SCCP management {name}", branches=branches)


def _dialogue_portion(pdu: tcap.DialoguePortion | None, octets: bytes) -> Iterator[Branch]:
    if pdu is None:
        return
    if isinstance(pdu, tcap.UndecodableDialogue):
        yield fault("dialogue portion", pdu.reason, _element(octets, DIALOGUE_PORTION))
        return
    shown = fields(pdu, without=("user_information", "protocol_version"), meanings=_TCAP_MEANINGS)
    values = (user_information(external) for external in pdu.user_information)
    shown = (coded(branch) if branch.name == "diagnostic" else branch for branch in shown)
    yield Branch(_NAMES[type(pdu)], branches=(*shown, *values))


def _components(
    received: tuple[tcap.WireComponent, ...], octets: bytes, dialogue: Dialogue
) -> Iterator[Branch]:
    for each in received:
        yield component(each, dialogue, portion=_element(octets, COMPONENT_PORTION))


def _element(octets: bytes, wanted: int) -> bytes:
    """Return the contents of an element that a TCAP message is known to have."""
    tag, offset, end, _ = read(octets, 0, len(octets))
    start = stop = offset
    while tag != wanted:
        tag, start, stop, offset = read(octets, offset, end)
    return octets[start:stop]
