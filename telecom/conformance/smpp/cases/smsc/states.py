"""Requests in a state that is not theirs: SMPP 3.4 table 2-1, 5.0 table 2-1."""

from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec

from telecom.conformance.case import CaseFailed, Catalogue, Severity
from telecom.conformance.smpp import needs
from telecom.conformance.smpp.connection import Connection
from telecom.conformance.smpp.smsc_under_test import SmscUnderTest
from telecom.conformance.smpp.wire import Received, command_name
from telecom.smpp.pdus import (
    AlertNotification,
    BindReceiver,
    BindTransmitter,
    BroadcastSm,
    CancelBroadcastSm,
    CancelSm,
    DeliverSm,
    EnquireLink,
    EnquireLinkResp,
    Outbind,
    Pdu,
    QueryBroadcastSm,
    QuerySm,
    ReplaceSm,
    Unbind,
)
from telecom.smpp.status import CommandStatus as Status

CASES: Final = Catalogue()

_CLAUSES: Final = ("3.4 2.3", "3.4 5.1.3", "5.0 2.4", "5.0 2.8.2")


class _Request(msgspec.Struct, frozen=True):
    """A request that only a transmitter or transceiver may make; `since` is a need."""

    name: str
    make: Callable[[SmscUnderTest], Pdu]
    since: tuple[str, ...] = ()


_V50: Final = (needs.VERSION_50,)
_REQUESTS: Final = (
    _Request("submit_sm", lambda smsc: smsc.submit()),
    _Request("submit_multi", lambda smsc: smsc.multi(smsc.settings.destination)),
    _Request("query_sm", lambda _: QuerySm(message_id=b"1")),
    _Request("cancel_sm", lambda _: CancelSm(message_id=b"1")),
    _Request("replace_sm", lambda _: ReplaceSm(message_id=b"1", short_message=b"other")),
    _Request("broadcast_sm", lambda _: BroadcastSm(), _V50),
    _Request("query_broadcast_sm", lambda _: QueryBroadcastSm(message_id=b"1"), _V50),
    _Request("cancel_broadcast_sm", lambda _: CancelBroadcastSm(message_id=b"1"), _V50),
)
_IN_OPEN: Final = (
    *_REQUESTS,
    _Request("data_sm", lambda smsc: smsc.data()),
    _Request("unbind", lambda _: Unbind()),
)


async def _refused_in(connection: Connection, pdu: Pdu, smsc: SmscUnderTest) -> None:
    response = await connection.answered_or_closed(connection.send(pdu))
    smsc.refused(response, Status.ESME_RINVBNDSTS)
    if response is not None:
        _is_its_own(pdu, response, smsc)


def _is_its_own(pdu: Pdu, response: Received, smsc: SmscUnderTest) -> None:
    own = command_name(pdu.command_id | 0x80000000)
    if response.command_id != pdu.command_id | 0x80000000:
        smsc.remark(own, response)


async def _in_open(request: _Request, smsc: SmscUnderTest) -> None:
    await _refused_in(await smsc.connect(), request.make(smsc), smsc)


async def _as_receiver(request: _Request, smsc: SmscUnderTest) -> None:
    version = 0x50 if request.since else smsc.settings.version
    connection = await smsc.bound(BindReceiver, interface_version=version)
    await _refused_in(connection, request.make(smsc), smsc)


for _request in _IN_OPEN:
    CASES.case(
        f"states.open.{_request.name}",
        f"{_request.name} before any bind is refused",
        *_CLAUSES,
        needs=_request.since,
    )(partial(_in_open, _request))
for _request in _REQUESTS:
    CASES.case(
        f"states.receiver.{_request.name}",
        f"{_request.name} by a receiver is refused",
        *_CLAUSES,
        needs=(needs.RECEIVER, *_request.since),
    )(partial(_as_receiver, _request))


@CASES.case(
    "states.open.enquire_link",
    "enquire_link is answered before any bind",
    "5.0 2.4",
    severity=Severity.SHOULD,
)
async def _enquire_link_in_open(smsc: SmscUnderTest) -> None:
    connection = await smsc.connect()
    response = await connection.ask(EnquireLink())
    if not isinstance(response.pdu, EnquireLinkResp):
        raise CaseFailed("enquire_link_resp", str(response))


_OF_THE_SMSC: Final = (
    ("deliver_sm", lambda: DeliverSm(source_addr=b"1", destination_addr=b"2")),
    ("outbind", lambda: Outbind(system_id=b"x")),
    ("alert_notification", lambda: AlertNotification(source_addr=b"1", esme_addr=b"2")),
)


async def _wrong_way(make: Callable[[], Pdu], smsc: SmscUnderTest) -> None:
    connection = await smsc.bound(BindTransmitter)
    number = connection.send(make())
    await connection.fence()
    answers = [pdu for pdu in connection.held if pdu.is_response and pdu.sequence_number == number]
    for response in answers:
        smsc.refused(response, Status.ESME_RINVBNDSTS, Status.ESME_RINVCMDID)


for _name, _make in _OF_THE_SMSC:
    CASES.case(
        f"states.wrong_way.{_name}",
        f"{_name}, which only an SMSC sends, is not accepted from an ESME; the session goes on",
        *_CLAUSES,
        severity=Severity.SHOULD,
        needs=(needs.TRANSMITTER,),
    )(partial(_wrong_way, _make))


@CASES.case(
    "states.unbound.submit_sm",
    "After unbind nothing is accepted",
    "3.4 2.2",
    "5.0 2.3.5",
    "5.0 2.4",
    needs=(needs.TRANSCEIVER,),
)
async def _after_unbind(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    unbinding = connection.send(Unbind())
    number = connection.send(smsc.submit())
    await connection.answer_to(unbinding)
    connection.is_bound = False
    try:
        response = await connection.answered_or_closed(number)
    except CaseFailed:
        return  # it says nothing at all
    if response is not None:
        smsc.refused(response, Status.ESME_RINVBNDSTS)
