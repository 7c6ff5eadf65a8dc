"""Several sessions, timers, TLS, outbind."""

from typing import Final

from telecom.conformance.case import CaseFailed, Catalogue, Severity
from telecom.conformance.smpp import needs
from telecom.conformance.smpp.connection import Connection
from telecom.conformance.smpp.smsc_under_test import SmscUnderTest
from telecom.smpp.pdus import (
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    DeliverSm,
    EnquireLink,
    Outbind,
    SubmitSmResp,
)
from telecom.smpp.status import CommandStatus as Status

CASES: Final = Catalogue()

SHOULD, INTEROP = Severity.SHOULD, Severity.INTEROPERABILITY
_TIMERS: Final = ("3.4 7.2", "3.4 2.9", "5.0 2.7")
_FOR_EVER: Final = 10_000.0
_PATIENCE: Final = 8.0


@CASES.case(
    "sessions.transmitter_and_receiver",
    "An account may be bound as transmitter and as receiver on two connections",
    "3.4 2.2",
    "5.0 4.1.1",
    severity=SHOULD,
    needs=(needs.TRANSMITTER, needs.RECEIVER),
)
async def _pair(smsc: SmscUnderTest) -> None:
    connections = [await smsc.bound(BindTransmitter), await smsc.bound(BindReceiver)]
    for connection in connections:
        await connection.fence()


@CASES.case(
    "sessions.two_transceivers",
    "An account may be bound twice",
    "3.4 2.2",
    severity=INTEROP,
    needs=(needs.TRANSCEIVER,),
)
async def _two(smsc: SmscUnderTest) -> None:
    for connection in [await smsc.bound(), await smsc.bound()]:
        await connection.fence()


@CASES.case(
    "sessions.idle_connections",
    "20 connections that never bind keep nobody else out",
    "3.4 2.2",
    "5.0 2.3.1",
    severity=SHOULD,
    needs=(needs.TRANSCEIVER,),
)
async def _idle(smsc: SmscUnderTest) -> None:
    for _ in range(20):
        await smsc.connect()
    await smsc.bound()


@CASES.case(
    "sessions.independent",
    "A session goes on when another of the account ends without unbind",
    "3.4 2.2",
    "5.0 2.8.1",
    needs=(needs.SUBMISSION, needs.SEVERAL_BINDS),
)
async def _independent(smsc: SmscUnderTest) -> None:
    first, second = await smsc.bound(), await smsc.bound()
    await second.close()
    response = await first.ask(smsc.submit())
    if not isinstance(response.pdu, SubmitSmResp):
        raise CaseFailed("submit_sm_resp", str(response))


@CASES.case(
    "timers.session_init",
    "A connection without a bind is closed after a while",
    *_TIMERS,
    severity=SHOULD,
    needs=(needs.SLOW,),
    patience=_FOR_EVER,
)
async def _session_init(smsc: SmscUnderTest) -> None:
    connection = await smsc.connect()
    await connection.closed(timeout=smsc.settings.slow)


@CASES.case(
    "timers.enquire_link",
    "The SMSC asks an ESME that is silent whether it is still there",
    *_TIMERS,
    severity=INTEROP,
    needs=(needs.SLOW, needs.TRANSCEIVER),
    patience=_FOR_EVER,
)
async def _asks(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    await connection.next_request(EnquireLink, timeout=smsc.settings.slow)


@CASES.case(
    "timers.response",
    "A session whose ESME answers no enquire_link ends",
    *_TIMERS,
    severity=INTEROP,
    needs=(needs.SLOW, needs.TRANSCEIVER),
    patience=_FOR_EVER,
)
async def _no_answer(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    connection.answers = {}
    await connection.closed(timeout=smsc.settings.slow)


@CASES.case(
    "tls.version",
    "TLS is of version 1.2 or later",
    "5.0 2.10.2",
    severity=SHOULD,
    needs=(needs.TLS,),
)
async def _tls_version(smsc: SmscUnderTest) -> None:
    connection = await smsc.connect()
    secured = connection.tls
    if secured is None or secured.version() not in ("TLSv1.2", "TLSv1.3"):
        raise CaseFailed("TLSv1.2 or TLSv1.3", str(secured and secured.version()))


@CASES.case(
    "tls.not_in_clear",
    "Where TLS is spoken a bind in clear is not answered",
    "5.0 2.10.2",
    needs=(needs.TLS,),
)
async def _in_clear(smsc: SmscUnderTest) -> None:
    connection = await smsc.connect(tls=False)
    number = connection.send(smsc.bind(BindTransceiver))
    try:
        answer = await connection.answered_or_closed(number)
    except CaseFailed:
        return
    if answer is not None:
        raise CaseFailed("no answer in clear", str(answer))


async def _outbound(smsc: SmscUnderTest) -> Connection:
    """Leave a receipt for nobody to take, and wait until the SMSC connects to us for it."""
    async with smsc.outbound() as waiting:
        transmitter = await smsc.bound(BindTransmitter)
        await smsc.accepted(transmitter, smsc.submit(registered_delivery=1))
        await transmitter.leave()
        return await waiting()


@CASES.case(
    "outbind.pdu",
    "The SMSC connects, and the first that it sends is an outbind with its system_id",
    "3.4 2.2.1",
    "3.4 4.1.7",
    "5.0 4.1.1.7",
    severity=SHOULD,
    needs=(needs.OUTBIND, needs.SUBMISSION, needs.TRANSMITTER),
    patience=_PATIENCE,
)
async def _outbind(smsc: SmscUnderTest) -> None:
    connection = await _outbound(smsc)
    first = await connection.expect("outbind", lambda _: True)
    if not isinstance(first.pdu, Outbind):
        raise CaseFailed("outbind", str(first))
    if not first.pdu.system_id:
        raise CaseFailed("a system_id", "an empty one")


@CASES.case(
    "outbind.bind",
    "An ESME that binds as receiver on the SMSC's connection gets what waited for it",
    "3.4 2.2.1",
    "5.0 2.3.7",
    "5.0 2.5.5",
    severity=SHOULD,
    needs=(needs.OUTBIND, needs.SUBMISSION, needs.TRANSMITTER),
    patience=_PATIENCE,
)
async def _bind_after_outbind(smsc: SmscUnderTest) -> None:
    connection = await _outbound(smsc)
    await connection.next_request(Outbind)
    await smsc.bind_on(connection, smsc.bind(BindReceiver))
    await connection.next_request(DeliverSm, timeout=smsc.settings.patience)


@CASES.case(
    "outbind.submit_sm",
    "Before the bind nothing is accepted on the SMSC's connection",
    "3.4 2.3",
    "5.0 2.4",
    needs=(needs.OUTBIND, needs.SUBMISSION, needs.TRANSMITTER),
    patience=_PATIENCE,
)
async def _submit_after_outbind(smsc: SmscUnderTest) -> None:
    connection = await _outbound(smsc)
    response = await connection.answered_or_closed(connection.send(smsc.submit()))
    smsc.refused(response, Status.ESME_RINVBNDSTS)
