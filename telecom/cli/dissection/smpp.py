"""SMPP PDUs as trees. Passwords are never shown, nor octets that may hold one."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from telecom.cli.dissection.short_message import (
    data_coding_meaning,
    numbering_plan,
    type_of_number,
    user_data_branches,
)
from telecom.cli.dissection.tree import Branch, Meanings, branch_of, fault, named
from telecom.smpp import codec
from telecom.smpp.declarations import DECLARATIONS
from telecom.smpp.errors import PduError, SmppError
from telecom.smpp.fields import CString
from telecom.smpp.pdus import (
    PDUS,
    DataSm,
    DeliverSm,
    GenericNack,
    Pdu,
    ShortMessage,
    SubmitMulti,
    SubmitSm,
)
from telecom.smpp.receipts import receipt_of
from telecom.smpp.short_message import user_data_of
from telecom.smpp.status import CommandStatus
from telecom.smpp.tlvs import TLV_TYPES, CStringTlv, Tlv
from telecom.sms.data_coding import smpp_alphabet
from telecom.sms.receipt import MessageState

_PASSWORD: Final = "password"  # noqa: S105  the name of the field
_NAMED_BY: Final = 8
"""The octets up to command_id."""
_NOT_SHOWN: Final = "(not shown)"

_WITH_PASSWORD: Final = b"|".join(
    re.escape(command_id.to_bytes(4, "big"))
    for command_id, pdu in PDUS.items()
    if _PASSWORD in DECLARATIONS.get(pdu, ())
)
_PASSWORD_MAY_FOLLOW: Final = re.compile(
    rb"\A.{4}(?:" + _WITH_PASSWORD + rb")|\0{3}[\x17-\xff](?:" + _WITH_PASSWORD + rb")\0{4}",
    re.DOTALL,
)
"""The command_id of a bind request where a PDU has it, or all of its header anywhere else."""

_Bits = tuple[tuple[int, int, str], ...]
"""A mask, a value of these bits, and what it means."""

_ESM_CLASS: Final[_Bits] = (  # SMPP 3.4 5.2.12
    (0x03, 0x01, "datagram"),
    (0x03, 0x02, "forward"),
    (0x03, 0x03, "store and forward"),
    (0x3C, 0x04, "delivery receipt"),
    (0x3C, 0x08, "delivery acknowledgement"),
    (0x3C, 0x10, "user acknowledgement"),
    (0x3C, 0x18, "conversation abort"),
    (0x3C, 0x20, "intermediate notification"),
    (0x40, 0x40, "user data header"),
    (0x80, 0x80, "reply path"),
)
_REGISTERED_DELIVERY: Final[_Bits] = (  # 5.2.17
    (0x03, 0x01, "receipt"),
    (0x03, 0x02, "receipt of a failure"),
    (0x04, 0x04, "delivery acknowledgement"),
    (0x08, 0x08, "user acknowledgement"),
    (0x10, 0x10, "intermediate notification"),
)
_FIRST_TP_DCS: Final = 0x10
"""From here on a data_coding is read as a TP-DCS."""


def _bits(table: _Bits) -> Callable[[int], str | None]:
    def meaning(value: int) -> str | None:
        return ", ".join(text for mask, bits, text in table if value & mask == bits) or None

    return meaning


def _data_coding(data_coding: int) -> str:
    if data_coding >= _FIRST_TP_DCS:
        return data_coding_meaning(data_coding)
    alphabet = smpp_alphabet(data_coding)
    return "another charset" if alphabet is None else alphabet.name


def _version(interface_version: int) -> str:
    return f"{interface_version >> 4}.{interface_version & 0x0F}"


_CONGESTION: Final = (  # 5.0 4.8.4.18: up to which value, and what it is
    (0, "idle"),
    (29, "low load"),
    (49, "medium load"),
    (79, "high load"),
    (89, "optimum load"),
    (99, "nearing congestion"),
    (100, "congested"),
)


def _congestion(state: int) -> str | None:
    return next((text for most, text in _CONGESTION if state <= most), None)


_MEANINGS: Final[Meanings] = {
    "command_status": named(CommandStatus),
    "error_status_code": named(CommandStatus),
    "broadcast_error_status": named(CommandStatus),
    "message_state": named(MessageState),
    "congestion_state": _congestion,
    "data_coding": _data_coding,
    "esm_class": _bits(_ESM_CLASS),
    "registered_delivery": _bits(_REGISTERED_DELIVERY),
    "interface_version": _version,
    "sc_interface_version": _version,
    **dict.fromkeys(
        ("addr_ton", "source_addr_ton", "dest_addr_ton", "esme_addr_ton"), type_of_number
    ),
    **dict.fromkeys(
        ("addr_npi", "source_addr_npi", "dest_addr_npi", "esme_addr_npi"), numbering_plan
    ),
}


def smpp(octets: bytes) -> Branch:
    """Show an SMPP PDU."""
    name = f"SMPP {_name(octets)}"
    length = int.from_bytes(octets[:4], "big")
    if len(octets) >= codec.HEADER_LENGTH and length != len(octets):
        return _fault(name, f"command_length {length}, but {len(octets)} octets", octets)
    try:
        pdu = codec.decode(octets)
    except SmppError as error:
        return _fault(name, error, octets)
    if isinstance(pdu, codec.Undecodable):
        return _fault(name, pdu.reason, octets)
    return Branch(name, branches=tuple(_branches(pdu)))


def _name(octets: bytes) -> str:
    """Return the name that the specification gives the PDU of a command_id."""
    command_id = int.from_bytes(octets[4:8], "big")
    pdu = PDUS.get(command_id)
    if pdu is None:
        return f"PDU 0x{command_id:08x}" if len(octets) >= _NAMED_BY else "PDU"
    return re.sub(r"(?<!^)([A-Z])", r"_\1", pdu.__name__).lower()


def _fault(name: str, reason: object, octets: bytes) -> Branch:
    secret = _PASSWORD_MAY_FOLLOW.search(octets)
    if secret is None:
        return fault(name, reason, octets)
    shown = fault(name, reason, octets[: secret.end()])
    count = len(octets) - secret.end()
    hidden = Branch("rest", _NOT_SHOWN, f"{count} octets, perhaps with a password")
    return Branch(name, shown.value, branches=(*shown.branches, hidden), faulty=True)


def _branches(pdu: Pdu) -> Iterator[Branch]:
    yield branch_of(pdu.command_status, "command_status", _MEANINGS)
    yield branch_of(pdu.sequence_number, "sequence_number")
    for name in DECLARATIONS.get(type(pdu), ()):
        yield _field(pdu, name)
    for tlv in pdu.tlvs:
        yield _tlv(tlv)
    if isinstance(pdu, ShortMessage | DataSm | SubmitMulti):
        yield from _short_message(pdu)


def _short_message(pdu: ShortMessage | DataSm | SubmitMulti) -> Iterator[Branch]:
    """Show what the fields and parameters that carry a short message say together."""
    if isinstance(pdu, SubmitMulti):
        names = ("esm_class", "data_coding", "short_message", "tlvs")
        pdu = SubmitSm(**{name: getattr(pdu, name) for name in names})
    try:
        yield from user_data_branches(user_data_of(pdu))
        told = receipt_of(pdu) if isinstance(pdu, DeliverSm | DataSm) else None
    except PduError as error:
        yield fault("user data", error)
        return
    if told is not None:
        yield branch_of(told, "receipt")


def _field(part: Any, name: str) -> Branch:
    value = getattr(part, name)
    if name == _PASSWORD:
        return Branch(name, _NOT_SHOWN)
    if isinstance(DECLARATIONS[type(part)][name], CString):
        return Branch(name, value.decode("latin-1"))
    if isinstance(value, tuple):
        return Branch(name, branches=tuple(_part(item) for item in value))
    return branch_of(value, name, _MEANINGS)


def _part(part: Any) -> Branch:
    branches = (_field(part, name) for name in DECLARATIONS[type(part)])
    return Branch(type(part).__name__, branches=tuple(branches))


def _tlv(tlv: Tlv) -> Branch:
    kind = TLV_TYPES.get(tlv.tag)
    if kind is None:
        return Branch(f"tlv 0x{tlv.tag:04x}", tlv.value.hex())
    try:
        value: Any = kind.of(GenericNack(tlvs=(tlv,)))
    except PduError as error:
        return fault(kind.name, error, tlv.value)
    if isinstance(kind, CStringTlv):
        value = value.decode("latin-1")
    return branch_of(value, kind.name, _MEANINGS)
