"""query_sm, cancel_sm and replace_sm of messages that wait, SMPP 3.4 4.8 to 4.10, 5.0 4.5."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import msgspec

from telecom.conformance.case import CaseFailed, Catalogue, Severity
from telecom.conformance.smpp import needs
from telecom.conformance.smpp.cases.smsc.submit_multi import near
from telecom.conformance.smpp.connection import Connection, acceptance, is_nack
from telecom.conformance.smpp.smsc_under_test import SmscUnderTest
from telecom.smpp.pdus import (
    CancelSm,
    CancelSmResp,
    Pdu,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    ReplaceSmResp,
    SubmitSm,
)
from telecom.smpp.status import CommandStatus as Status
from telecom.sms.receipt import MessageState

CASES: Final = Catalogue()

_STATE_OF_A_SCHEDULED: Final = (0, MessageState.ENROUTE, MessageState.ACCEPTD)
"""5.0 has 0, SCHEDULED (4.7.15)."""


class _Operation(msgspec.Struct, frozen=True):
    """One of the three: its request, its response, and how it is refused."""

    name: str
    request: type[Pdu]
    response: type[Pdu]
    extra: dict[str, Any]
    failure: int
    clauses: tuple[str, ...]
    need: str


_OPERATIONS: Final = (
    _Operation("query_sm", QuerySm, QuerySmResp, {}, Status.ESME_RQUERYFAIL,
               ("3.4 4.8.1", "3.4 4.8.2", "5.0 4.5.2"), needs.QUERY_SM),
    _Operation("cancel_sm", CancelSm, CancelSmResp, {}, Status.ESME_RCANCELFAIL,
               ("3.4 4.9.1", "3.4 4.9.2", "5.0 4.5.1"), needs.CANCEL_SM),
    _Operation("replace_sm", ReplaceSm, ReplaceSmResp, {"short_message": b"other"},
               Status.ESME_RREPLACEFAIL, ("3.4 4.10.1", "3.4 4.10.2", "5.0 4.5.3"),
               needs.REPLACE_SM),
)  # fmt: skip


def _about(operation: _Operation, message: SubmitSm, message_id: bytes, **changes: Any) -> Pdu:
    """Make the request about a message, with the source that it was submitted with."""
    fields = {
        "message_id": message_id,
        "source_addr_ton": message.source_addr_ton,
        "source_addr_npi": message.source_addr_npi,
        "source_addr": message.source_addr,
        **operation.extra,
    }
    if operation.request is CancelSm:  # 4.9.1: they have to be those of the message
        names = ("dest_addr_ton", "dest_addr_npi", "destination_addr")
        fields |= {name: getattr(message, name) for name in names}
    return operation.request(**{**fields, **changes})


async def _own(operation: _Operation, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    message, message_id = await smsc.stored(connection)
    response = await connection.ask(_about(operation, message, message_id))
    acceptance(response, operation.response)


async def _unknown(operation: _Operation, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    request = _about(operation, smsc.submit(), b"0000000000000000")
    smsc.refused(await connection.ask(request), operation.failure, Status.ESME_RINVMSGID)


async def _known(operation: _Operation, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    response = await connection.ask(_about(operation, smsc.submit(), b"0000000000000000"))
    if is_nack(response) or response.command_status == Status.ESME_RINVCMDID:
        raise CaseFailed(f"a {operation.name}_resp", str(response))


async def _longest_id(operation: _Operation, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    request = _about(operation, smsc.submit(), b"f" * 64)
    smsc.refused(await connection.ask(request), operation.failure, Status.ESME_RINVMSGID)


async def _empty_id(operation: _Operation, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    request = _about(operation, smsc.submit(), b"")
    smsc.refused(await connection.ask(request), operation.failure, Status.ESME_RINVMSGID)


async def _other_source(operation: _Operation, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    message, message_id = await smsc.stored(connection)
    request = _about(operation, message, message_id, source_addr=b"4990000000001")
    response = await connection.ask(request)
    statuses = (operation.failure, Status.ESME_RINVMSGID, Status.ESME_RINVSRCADR)
    smsc.refused(response, *statuses)


_FOR_ALL: Final[tuple[tuple[str, str, Callable[..., Any], tuple[str, ...]], ...]] = (
    ("own", "of a message of one's own that waits is done", _own, (needs.SCHEDULING,)),
    ("unknown", "of an id that is not there is refused", _unknown, ()),
    ("id.longest", "of an id of 64 characters is refused", _longest_id, ()),
    (
        "other_source",
        "with another source than the message's is refused",
        _other_source,
        (needs.SCHEDULING,),
    ),
)

for _operation in _OPERATIONS:
    for _name, _words, _run, _needs in _FOR_ALL:
        CASES.case(
            f"{_operation.name}.{_name}",
            f"{_operation.name} {_words}",
            *_operation.clauses,
            needs=(_operation.need, *_needs),
        )(partial(_run, _operation))
    if _operation.request is not CancelSm:
        CASES.case(
            f"{_operation.name}.id.empty",
            f"{_operation.name} without an id is refused",
            *_operation.clauses,
            "3.4 5.2.23",
            "5.0 4.7.14",
            needs=(_operation.need,),
        )(partial(_empty_id, _operation))
    CASES.case(
        f"{_operation.name}.known",
        f"{_operation.name} is known",
        *_operation.clauses,
        severity=Severity.SHOULD,
        needs=(needs.TRANSCEIVER,),
    )(partial(_known, _operation))

_QUERY, _CANCEL, _REPLACE = _OPERATIONS


async def _state(connection: Connection, message: SubmitSm, message_id: bytes) -> QuerySmResp:
    response = await connection.ask(_about(_QUERY, message, message_id))
    acceptance(response, QuerySmResp)
    return response.pdu  # type: ignore[return-value]


@CASES.case(
    "query_sm.response",
    "query_sm_resp tells the id that was asked for, a state that can be, and no final_date yet",
    *_QUERY.clauses,
    "3.4 5.2.28",
    "5.0 4.7.15",
    needs=(needs.QUERY_SM, needs.SCHEDULING),
)
async def _query_response(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    message, message_id = await smsc.stored(connection)
    told = await _state(connection, message, message_id)
    if told.message_id != message_id:
        raise CaseFailed(repr(message_id), repr(told.message_id))
    if told.message_state not in _STATE_OF_A_SCHEDULED:
        raise CaseFailed("SCHEDULED or ENROUTE", f"message_state {told.message_state}")
    if told.final_date:
        raise CaseFailed("no final_date", repr(told.final_date))
    if told.error_code:
        smsc.remark("error_code 0 of a message that has not failed", told.error_code)


@CASES.case(
    "query_sm.delivered",
    "A message that was delivered is DELIVERED, with a final_date, or known no longer",
    *_QUERY.clauses,
    "3.4 7.1.1",
    "5.0 4.7.23.3",
    severity=Severity.SHOULD,
    needs=(needs.QUERY_SM, needs.RECEIPT),
    patience=5,
)
async def _query_delivered(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    message = smsc.submit(registered_delivery=1)
    message_id = await smsc.accepted(connection, message)
    await smsc.receipt(connection, message_id)
    response = await connection.ask(_about(_QUERY, message, message_id))
    if response.command_status in (Status.ESME_RQUERYFAIL, Status.ESME_RINVMSGID):
        return
    acceptance(response, QuerySmResp)
    told: QuerySmResp = response.pdu  # type: ignore[assignment]
    if told.message_state != MessageState.DELIVRD:
        raise CaseFailed("message_state 2, DELIVERED", f"{told.message_state}")
    if re.fullmatch(rb"\d{15}[+-]", told.final_date) is None:
        raise CaseFailed("an absolute final_date", repr(told.final_date))


@CASES.case(
    "cancel_sm.then_query",
    "A message that was cancelled is DELETED, or known no longer",
    *_CANCEL.clauses,
    "3.4 5.2.28",
    "5.0 4.7.15",
    needs=(needs.CANCEL_SM, needs.QUERY_SM, needs.SCHEDULING),
)
async def _cancel_then_query(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    message, message_id = await smsc.stored(connection)
    acceptance(await connection.ask(_about(_CANCEL, message, message_id)), CancelSmResp)
    response = await connection.ask(_about(_QUERY, message, message_id))
    if response.command_status == Status.ESME_ROK:
        state = response.pdu.message_state  # type: ignore[union-attr]
        if state != MessageState.DELETED:
            raise CaseFailed("message_state 4, DELETED", f"{state}")


@CASES.case(
    "cancel_sm.twice",
    "A message cannot be cancelled twice",
    *_CANCEL.clauses,
    severity=Severity.SHOULD,
    needs=(needs.CANCEL_SM, needs.SCHEDULING),
)
async def _cancel_twice(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    message, message_id = await smsc.stored(connection)
    request = _about(_CANCEL, message, message_id)
    acceptance(await connection.ask(request), CancelSmResp)
    smsc.refused(await connection.ask(request), Status.ESME_RCANCELFAIL, Status.ESME_RINVMSGID)


@CASES.case(
    "cancel_sm.delivered",
    "A message that was delivered cannot be cancelled",
    *_CANCEL.clauses,
    needs=(needs.CANCEL_SM, needs.RECEIPT),
    patience=5,
)
async def _cancel_delivered(smsc: SmscUnderTest) -> None:
    await _too_late(_CANCEL, smsc)


@CASES.case(
    "replace_sm.delivered",
    "A message that was delivered cannot be replaced",
    *_REPLACE.clauses,
    needs=(needs.REPLACE_SM, needs.RECEIPT),
    patience=5,
)
async def _replace_delivered(smsc: SmscUnderTest) -> None:
    await _too_late(_REPLACE, smsc)


async def _too_late(operation: _Operation, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    message = smsc.submit(registered_delivery=1)
    message_id = await smsc.accepted(connection, message)
    await smsc.receipt(connection, message_id)
    response = await connection.ask(_about(operation, message, message_id))
    smsc.refused(response, operation.failure, Status.ESME_RINVMSGID)


@CASES.case(
    "cancel_sm.by_addresses",
    "Without an id all waiting messages from one address to another are cancelled",
    *_CANCEL.clauses,
    severity=Severity.SHOULD,
    needs=(needs.CANCEL_SM, needs.SCHEDULING),
)
async def _cancel_group(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    message, message_id = await smsc.stored(connection)
    acceptance(await connection.ask(_about(_CANCEL, message, b"")), CancelSmResp)
    gone = await connection.ask(_about(_CANCEL, message, message_id))
    smsc.refused(gone, Status.ESME_RCANCELFAIL, Status.ESME_RINVMSGID)


@CASES.case(
    "cancel_sm.by_addresses.others",
    "Without an id no message to another address is cancelled",
    *_CANCEL.clauses,
    needs=(needs.CANCEL_SM, needs.SCHEDULING),
)
async def _cancel_no_other_group(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    message, message_id = await smsc.stored(connection)
    other = near(message.destination_addr.decode("latin-1"), 1).encode("latin-1")
    await connection.ask(_about(_CANCEL, message, b"", destination_addr=other))
    acceptance(await connection.ask(_about(_CANCEL, message, message_id)), CancelSmResp)


@CASES.case(
    "cancel_sm.receipt",
    "A cancelled message whose receipt was asked for has one: DELETED",
    *_CANCEL.clauses,
    "5.0 4.7.21",
    severity=Severity.INTEROPERABILITY,
    needs=(needs.CANCEL_SM, needs.SCHEDULING, needs.RECEIPT),
    patience=5,
)
async def _cancel_receipt(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    message, message_id = await smsc.stored(connection, registered_delivery=1)
    acceptance(await connection.ask(_about(_CANCEL, message, message_id)), CancelSmResp)
    await smsc.receipt(connection, message_id)


@CASES.case(
    "replace_sm.cancelled",
    "A message that was cancelled cannot be replaced",
    *_REPLACE.clauses,
    needs=(needs.REPLACE_SM, needs.CANCEL_SM, needs.SCHEDULING),
)
async def _replace_cancelled(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    message, message_id = await smsc.stored(connection)
    acceptance(await connection.ask(_about(_CANCEL, message, message_id)), CancelSmResp)
    response = await connection.ask(_about(_REPLACE, message, message_id))
    smsc.refused(response, Status.ESME_RREPLACEFAIL, Status.ESME_RINVMSGID)


@CASES.case(
    "replace_sm.schedule",
    "A message can be given another schedule and keeps waiting",
    *_REPLACE.clauses,
    severity=Severity.SHOULD,
    needs=(needs.REPLACE_SM, needs.SCHEDULING),
)
async def _reschedule(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    message, message_id = await smsc.stored(connection)
    changes = {
        "schedule_delivery_time": b"000000020000000R",
        "validity_period": b"000001000000000R",
        "short_message": b"later",
    }
    request = _about(_REPLACE, message, message_id, **changes)
    for _ in range(2):  # one that no longer waits cannot be replaced again
        acceptance(await connection.ask(request), ReplaceSmResp)


async def _across_sessions(operation: _Operation, smsc: SmscUnderTest) -> None:
    first = await smsc.bound()
    message, message_id = await smsc.stored(first)
    await first.leave()
    second = await smsc.bound()
    response = await second.ask(_about(operation, message, message_id))
    acceptance(response, operation.response)


for _operation in _OPERATIONS:
    CASES.case(
        f"{_operation.name}.another_session",
        f"{_operation.name} of a message of an earlier session is done",
        *_operation.clauses,
        "5.0 2.6.3",
        severity=Severity.SHOULD,
        needs=(_operation.need, needs.SCHEDULING),
    )(partial(_across_sessions, _operation))
