"""Optional parameters: unknown, doubled, of a wrong length, cut off; SMPP 3.4 3.2.4."""

from functools import partial
from typing import Final

import msgspec

from telecom.conformance.case import CaseFailed, Catalogue, Severity
from telecom.conformance.smpp import needs
from telecom.conformance.smpp.connection import acceptance
from telecom.conformance.smpp.smsc_under_test import SmscUnderTest
from telecom.conformance.smpp.wire import body_of, raw, tlv
from telecom.smpp.codec import Undecodable
from telecom.smpp.errors import PduError
from telecom.smpp.pdus import BindTransceiver, GenericNack, SubmitSm, SubmitSmResp
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import TLV_TYPES, USER_MESSAGE_REFERENCE

CASES: Final = Catalogue()

MUST, SHOULD, INTEROP = Severity.MUST, Severity.SHOULD, Severity.INTEROPERABILITY

_IGNORED: Final = ("3.4 3.3.1", "5.0 2.11.1")
_STREAM: Final = ("3.4 3.2.4.1", "3.4 5.1.3", "5.0 4.7.6")


class _Parameters(msgspec.Struct, frozen=True):
    """Octets after the fields of a submit_sm."""

    name: str
    title: str
    octets: bytes
    clauses: tuple[str, ...] = _IGNORED
    severity: Severity = MUST
    statuses: tuple[int, ...] = ()


_REFERENCE: Final = tlv(0x0204, b"\x00\x07")

_IGNORED_ROWS: Final = (
    _Parameters("unknown", "A tag that is reserved", tlv(0x0F0F, b"x")),
    _Parameters(
        "unknown.first", "A reserved tag before a known one", tlv(0x0F0F, b"x") + _REFERENCE
    ),
    _Parameters("unknown.last", "A reserved tag after a known one", _REFERENCE + tlv(0x0F0F, b"x")),
    _Parameters("unknown.empty", "A reserved tag without a value", tlv(0x0F0F)),
    _Parameters("unknown.long", "A reserved tag with 4,000 octets", tlv(0x0F0F, b"x" * 4000)),
    _Parameters("unknown.twice", "A reserved tag, twice", tlv(0x0F0F, b"x") * 2),
    _Parameters("vendor.first", "0x1400, the first of the vendors' tags", tlv(0x1400, b"x")),
    _Parameters("vendor.last", "0x3FFF, the last of the vendors' tags", tlv(0x3FFF, b"x")),
    _Parameters("reserved.last", "0xFFFF", tlv(0xFFFF, b"x"), severity=SHOULD),
    _Parameters(
        "unexpected",
        "A parameter of another PDU (sc_interface_version)",
        tlv(0x0210, b"\x34"),
        severity=SHOULD,
    ),
    _Parameters(
        "many",
        "100 parameters that nobody knows",
        b"".join(tlv(0x3000 + n, b"x") for n in range(100)),
        severity=SHOULD,
    ),
    _Parameters(
        "callback_num.several",
        "callback_num, which may come several times, twice",
        tlv(0x0381, b"\x01\x01\x0012") * 2,
        ("3.4 5.3.2.36", "5.0 4.8.4.15"),
        SHOULD,
    ),
    _Parameters(
        "more_messages_to_send",
        "more_messages_to_send",
        tlv(0x0426, b"\x01"),
        ("3.4 5.3.2.34", "5.0 4.8.4.38"),
        SHOULD,
    ),
    _Parameters(
        "alert_on_message_delivery",
        "alert_on_message_delivery, which is its mere presence",
        tlv(0x130C),
        ("3.4 5.3.2.41", "5.0 3.1.1"),
        SHOULD,
    ),
)
_LENGTH_STATUS: Final = (Status.ESME_RINVPARLEN, Status.ESME_RINVOPTPARAMVAL)
_EITHER_ROWS: Final = (
    _Parameters(
        "wrong_length.short",
        "user_message_reference of one octet",
        tlv(0x0204, b"\x01"),
        ("3.4 5.3.2.17", "5.0 4.7.6"),
        MUST,
        _LENGTH_STATUS,
    ),
    _Parameters(
        "wrong_length.long",
        "sar_total_segments of two octets",
        tlv(0x020E, b"\x00\x02"),
        ("3.4 5.3.2.23", "5.0 4.7.6"),
        MUST,
        _LENGTH_STATUS,
    ),
    _Parameters(
        "twice",
        "user_message_reference, twice, with two values",
        tlv(0x0204, b"\x00\x01") + tlv(0x0204, b"\x00\x02"),
        ("3.4 3.2.4", "5.0 3.2.1.6"),
        MUST,
        (Status.ESME_ROPTPARNOTALLWD, Status.ESME_RINVOPTPARSTREAM),
    ),
    _Parameters(
        "wrong_value",
        "privacy_indicator with a value that is reserved",
        tlv(0x0201, b"\xee"),
        ("3.4 5.3.2.14", "5.0 2.11.1"),
        MUST,
        (Status.ESME_RINVOPTPARAMVAL,),
    ),
)
_CUT: Final = (
    ("value", "whose value ends with the PDU", tlv(0x0204, b"\x00", length=2)),
    ("length", "that claims 65,535 octets", tlv(0x0F0F, b"x", length=0xFFFF)),
    ("header.1", "of which only one octet is there", b"\x02"),
    ("header.2", "of which only the tag is there", b"\x02\x04"),
    ("header.3", "of which only three octets are there", b"\x02\x04\x00"),
)


def _with(smsc: SmscUnderTest, octets: bytes) -> bytes:
    return raw(SubmitSm.command_id, body_of(smsc.submit()) + octets, sequence_number=55)


async def _is_ignored(octets: bytes, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    acceptance(await connection.ask(_with(smsc, octets), 55), SubmitSmResp)


async def _is_answered(row: _Parameters, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    octets = _with(smsc, row.octets)
    response = await connection.ask(octets, 55)
    if response.command_status and response.command_status not in row.statuses:
        smsc.remark("ESME_ROK, or the parameter's own status", response)
    await connection.fence()


async def _is_refused(octets: bytes, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    response = await connection.answered_or_closed(connection.send(_with(smsc, octets), 55))
    smsc.refused(response, Status.ESME_RINVOPTPARSTREAM, Status.ESME_RINVCMDLEN)


for _row in _IGNORED_ROWS:
    CASES.case(
        f"parameters.{_row.name}",
        f"{_row.title} does not keep a message from being accepted",
        *_row.clauses,
        severity=_row.severity,
        needs=(needs.SUBMISSION, needs.VERSION_34),
    )(partial(_is_ignored, _row.octets))
for _row in _EITHER_ROWS:
    CASES.case(
        f"parameters.{_row.name}",
        f"{_row.title} is answered, and the session goes on",
        *_row.clauses,
        severity=_row.severity,
        needs=(needs.SUBMISSION, needs.VERSION_34),
    )(partial(_is_answered, _row))
for _name, _words, _octets in _CUT:
    CASES.case(
        f"parameters.cut.{_name}",
        f"A message with a parameter {_words} is refused",
        *_STREAM,
        severity=SHOULD,
        needs=(needs.SUBMISSION, needs.VERSION_34),
    )(partial(_is_refused, _octets))


@CASES.case(
    "parameters.responses",
    "The optional parameters in responses are well-formed, those that are known of their types",
    "3.4 3.2.4",
    "3.4 5.3.2",
    "5.0 3.2.1.6",
    needs=(needs.SUBMISSION, needs.VERSION_34),
)
async def _of_responses(smsc: SmscUnderTest) -> None:
    connection = await smsc.connect()
    responses = [await connection.ask(smsc.bind(BindTransceiver))]
    connection.is_bound = True
    responses.append(await connection.ask(smsc.submit()))
    responses.append(await connection.ask(smsc.submit(destination_addr=b"")))
    for response in responses:
        if isinstance(response.pdu, Undecodable):
            raise CaseFailed("a response that can be read", str(response))
        for each in response.pdu.tlvs:
            kind = TLV_TYPES.get(each.tag)
            try:
                _ = kind and kind.of(GenericNack(tlvs=(each,)))
            except PduError as error:
                raise CaseFailed("parameters of their types", str(error)) from None


@CASES.case(
    "parameters.to_v33",
    "To an ESME of 3.3 no response has optional parameters",
    "3.4 3.3.2",
    "5.0 2.11.2",
    needs=(needs.SUBMISSION,),
)
async def _to_v33(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound(interface_version=0x33)
    for pdu in (smsc.submit(), smsc.submit(destination_addr=b"", dest_addr_ton=0)):
        response = await connection.ask(pdu)
        if not isinstance(response.pdu, Undecodable) and response.pdu.tlvs:
            raise CaseFailed("no optional parameters", f"{len(response.pdu.tlvs)} of them")


@CASES.case(
    "parameters.message_id.to_v33",
    "To an ESME of 3.3 a message_id has 8 octets at most",
    "3.4 3.3.2",
    "5.0 2.11.2",
    severity=SHOULD,
    needs=(needs.SUBMISSION,),
)
async def _short_id(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound(interface_version=0x33)
    message_id = await smsc.accepted(connection, smsc.submit())
    if len(message_id) > 8:
        raise CaseFailed("8 octets at most", f"{len(message_id)}")


@CASES.case(
    "parameters.user_message_reference.in_receipt",
    "The receipt brings back the user_message_reference of the message",
    "3.4 5.3.2.17",
    "5.0 4.8.4.62",
    severity=INTEROP,
    needs=(needs.RECEIPT, needs.VERSION_34),
)
async def _reference_in_receipt(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    reference = USER_MESSAGE_REFERENCE(0x1234)
    pdu = smsc.submit(registered_delivery=1, tlvs=(reference,))
    receipt = await smsc.receipt(connection, await smsc.accepted(connection, pdu))
    if isinstance(receipt.pdu, Undecodable) or reference not in receipt.pdu.tlvs:
        raise CaseFailed("user_message_reference 0x1234", "none")
