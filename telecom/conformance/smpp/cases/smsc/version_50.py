"""What SMPP 5.0 has and 3.4 has not: congestion_state, cell broadcast, statuses."""

from functools import partial
from typing import Any, Final

import msgspec

from telecom.conformance.case import CaseFailed, Catalogue, Severity
from telecom.conformance.smpp import needs
from telecom.conformance.smpp.connection import acceptance
from telecom.conformance.smpp.smsc_under_test import SmscUnderTest
from telecom.conformance.smpp.wire import Received
from telecom.smpp.codec import Undecodable
from telecom.smpp.pdus import (
    BroadcastSm,
    BroadcastSmResp,
    CancelBroadcastSm,
    CancelBroadcastSmResp,
    QueryBroadcastSm,
    QueryBroadcastSmResp,
    QuerySm,
    QuerySmResp,
)
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import (
    BROADCAST_AREA_IDENTIFIER,
    BROADCAST_AREA_SUCCESS,
    BROADCAST_CONTENT_TYPE,
    BROADCAST_FREQUENCY_INTERVAL,
    BROADCAST_REP_NUM,
    CONGESTION_STATE,
    MESSAGE_PAYLOAD,
    MESSAGE_STATE,
    SC_INTERFACE_VERSION,
    Tlv,
)

CASES: Final = Catalogue()

SHOULD: Final = Severity.SHOULD
_V50: Final = 0x50
_BROADCAST: Final = ("5.0 4.4.1.1", "5.0 4.4.1.2")
_NEEDS: Final = (needs.VERSION_50, needs.BROADCAST_SM)


@CASES.case(
    "version_50.negotiated",
    "An SMSC of 5.0 tells a 5.0 ESME so",
    "5.0 2.11.2",
    "5.0 4.8.4.51",
    needs=(needs.VERSION_50,),
)
async def _negotiated(smsc: SmscUnderTest) -> None:
    connection = await smsc.connect()
    response = await smsc.bind_on(connection, smsc.bind(interface_version=_V50))
    told = SC_INTERFACE_VERSION.of(response)
    if told != _V50:
        raise CaseFailed("sc_interface_version 0x50", str(told))


def _congestion(response: Received) -> int | None:
    return None if isinstance(response.pdu, Undecodable) else CONGESTION_STATE.of(response.pdu)


@CASES.case(
    "version_50.congestion_state.range",
    "congestion_state, where there is one, is from 0 to 100",
    "5.0 2.9",
    "5.0 4.8.4.18",
    needs=(needs.VERSION_50, needs.SUBMISSION),
)
async def _range(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound(interface_version=_V50)
    for _ in range(5):
        state = _congestion(await connection.ask(smsc.submit()))
        if state is not None and state > 100:
            raise CaseFailed("0 to 100", f"{state}")


@CASES.case(
    "version_50.congestion_state.not_to_3_4",
    "An ESME of 3.4 is not told congestion_state",
    "5.0 2.9",
    "5.0 2.11.2",
    severity=SHOULD,
    needs=(needs.VERSION_50, needs.SUBMISSION),
)
async def _not_to_34(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound(interface_version=0x34)
    state = _congestion(await connection.ask(smsc.submit()))
    if state is not None:
        raise CaseFailed("no congestion_state", f"{state}")


@CASES.case(
    "version_50.scheduled",
    "A message that waits for its schedule is SCHEDULED, or ENROUTE",
    "5.0 4.7.15",
    severity=SHOULD,
    needs=(needs.VERSION_50, needs.QUERY_SM, needs.SCHEDULING),
)
async def _scheduled(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound(interface_version=_V50)
    message, message_id = await smsc.stored(connection)
    request = QuerySm(
        message_id=message_id,
        source_addr_ton=message.source_addr_ton,
        source_addr_npi=message.source_addr_npi,
        source_addr=message.source_addr,
    )
    response = await connection.ask(request)
    acceptance(response, QuerySmResp)
    state = response.pdu.message_state  # type: ignore[union-attr]
    if state not in (0, 1):
        raise CaseFailed("message_state 0, SCHEDULED, or 1", f"{state}")


# Cell broadcast

_AREA: Final = Tlv(BROADCAST_AREA_IDENTIFIER.tag, b"\x00conformance")
_CONTENT: Final = Tlv(BROADCAST_CONTENT_TYPE.tag, b"\x01\x00\x00")
_REPETITIONS: Final = BROADCAST_REP_NUM(1)
_INTERVAL: Final = Tlv(BROADCAST_FREQUENCY_INTERVAL.tag, b"\x09\x00\x01")
_TEXT: Final = MESSAGE_PAYLOAD(b"conformance")
_MANDATORY: Final = (_AREA, _CONTENT, _REPETITIONS, _INTERVAL)


def _broadcast(smsc: SmscUnderTest, *without: Tlv, **changes: Any) -> BroadcastSm:
    source = {name: value for name, value in smsc.addresses().items() if "source" in name}
    tlvs = tuple(each for each in (*_MANDATORY, _TEXT) if each not in without)
    return BroadcastSm(**{**source, "tlvs": tlvs, **changes})


@CASES.case(
    "broadcast_sm.ok",
    "A broadcast is accepted",
    *_BROADCAST,
    severity=SHOULD,
    needs=(needs.VERSION_50,),
)
async def _ok(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound(interface_version=_V50)
    response = await connection.ask(_broadcast(smsc))
    acceptance(response, BroadcastSmResp)
    if not response.pdu.message_id:  # type: ignore[union-attr]
        raise CaseFailed("a message_id", "an empty one")


class _Missing(msgspec.Struct, frozen=True):
    """A parameter that a broadcast_sm must have."""

    name: str
    parameter: Tlv
    clause: str
    own: int


_MISSING: Final = (
    _Missing("area", _AREA, "5.0 4.8.4.4", Status.ESME_RINVNUMBCAST_AREAS),
    _Missing("content_type", _CONTENT, "5.0 4.8.4.8", Status.ESME_RINVBCASTCNTTYPE),
    _Missing("rep_num", _REPETITIONS, "5.0 4.8.4.13", Status.ESME_RINVBCAST_REP),
    _Missing("frequency_interval", _INTERVAL, "5.0 4.8.4.11", Status.ESME_RINVBCASTFREQINT),
)


async def _without(row: _Missing, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound(interface_version=_V50)
    response = await connection.ask(_broadcast(smsc, row.parameter))
    smsc.refused(response, Status.ESME_RMISSINGOPTPARAM, row.own)


for _row in _MISSING:
    CASES.case(
        f"broadcast_sm.missing.{_row.name}",
        f"A broadcast without its mandatory parameter {_row.name} is refused",
        *_BROADCAST,
        _row.clause,
        "5.0 2.11.1",
        needs=_NEEDS,
    )(partial(_without, _row))


@CASES.case(
    "broadcast_sm.area.reserved_format",
    "An area of a format that is reserved is refused",
    *_BROADCAST,
    "5.0 4.8.4.4",
    severity=SHOULD,
    needs=_NEEDS,
)
async def _area_format(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound(interface_version=_V50)
    tlvs = (
        Tlv(BROADCAST_AREA_IDENTIFIER.tag, b"\xeenowhere"),
        _CONTENT,
        _REPETITIONS,
        _INTERVAL,
        _TEXT,
    )
    response = await connection.ask(_broadcast(smsc, tlvs=tlvs))
    if response.command_status == Status.ESME_ROK:
        raise CaseFailed("ESME_RINVBCASTAREAFMT", str(response))
    smsc.refused(response, Status.ESME_RINVBCASTAREAFMT)


def _of_broadcast(kind: type, smsc: SmscUnderTest, message_id: bytes) -> Any:
    source = {name: value for name, value in smsc.addresses().items() if "source" in name}
    return kind(message_id=message_id, **source)


@CASES.case(
    "query_broadcast_sm.own",
    "A broadcast can be queried: its state, its areas with their success",
    "5.0 4.6.1.1",
    "5.0 4.6.1.3",
    needs=_NEEDS,
)
async def _query(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound(interface_version=_V50)
    later = _broadcast(smsc, schedule_delivery_time=b"000000010000000R")
    message_id = await smsc.accepted(connection, later)
    response = await connection.ask(_of_broadcast(QueryBroadcastSm, smsc, message_id))
    acceptance(response, QueryBroadcastSmResp)
    present = {each.tag for each in response.pdu.tlvs}  # type: ignore[union-attr]
    wanted = (MESSAGE_STATE, BROADCAST_AREA_IDENTIFIER, BROADCAST_AREA_SUCCESS)
    missing = [each.name for each in wanted if each.tag not in present]
    if missing:
        raise CaseFailed("its mandatory parameters", f"no {', '.join(missing)}")
    if response.pdu.message_id != message_id:  # type: ignore[union-attr]
        raise CaseFailed(repr(message_id), repr(response.pdu.message_id))  # type: ignore[union-attr]
    success = BROADCAST_AREA_SUCCESS.of(response.pdu)  # type: ignore[arg-type]
    if success not in (*range(101), 0xFF):
        smsc.remark("broadcast_area_success from 0 to 100, or 255", success)


@CASES.case(
    "query_broadcast_sm.unknown",
    "A broadcast that is not there cannot be queried",
    "5.0 4.6.1.1",
    "5.0 4.7.6",
    needs=_NEEDS,
)
async def _query_unknown(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound(interface_version=_V50)
    response = await connection.ask(_of_broadcast(QueryBroadcastSm, smsc, b"0" * 16))
    smsc.refused(response, Status.ESME_RBCASTQUERYFAIL, Status.ESME_RINVMSGID)


@CASES.case(
    "cancel_broadcast_sm.own",
    "A broadcast that waits can be cancelled, once",
    "5.0 4.6.2.1",
    "5.0 4.6.2.3",
    needs=_NEEDS,
)
async def _cancel(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound(interface_version=_V50)
    later = _broadcast(smsc, schedule_delivery_time=b"000000010000000R")
    message_id = await smsc.accepted(connection, later)
    request = _of_broadcast(CancelBroadcastSm, smsc, message_id)
    acceptance(await connection.ask(request), CancelBroadcastSmResp)
    again = await connection.ask(request)
    smsc.refused(again, Status.ESME_RBCASTCANCELFAIL, Status.ESME_RINVMSGID)


@CASES.case(
    "cancel_broadcast_sm.unknown",
    "A broadcast that is not there cannot be cancelled",
    "5.0 4.6.2.1",
    "5.0 4.7.6",
    needs=_NEEDS,
)
async def _cancel_unknown(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound(interface_version=_V50)
    response = await connection.ask(_of_broadcast(CancelBroadcastSm, smsc, b"0" * 16))
    smsc.refused(response, Status.ESME_RBCASTCANCELFAIL, Status.ESME_RINVMSGID)
