"""data_sm by an ESME, SMPP 3.4 4.7, 5.0 4.2.2."""

from typing import Final

from telecom.conformance.case import CaseFailed, Catalogue, Severity
from telecom.conformance.smpp import needs
from telecom.conformance.smpp.connection import acceptance
from telecom.conformance.smpp.smsc_under_test import SmscUnderTest
from telecom.conformance.smpp.wire import body_of, raw
from telecom.smpp.pdus import BindTransmitter, DataSm, DataSmResp
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import DESTINATION_PORT, MESSAGE_PAYLOAD, SOURCE_PORT

CASES: Final = Catalogue()

_CLAUSES: Final = ("3.4 4.7.1", "3.4 4.7.2", "5.0 4.2.2.1")
_NEEDS: Final = (needs.SUBMISSION, needs.DATA_SM)


@CASES.case(
    "data_sm.ok",
    "data_sm is known, and answered by data_sm_resp",
    *_CLAUSES,
    severity=Severity.SHOULD,
    needs=(needs.SUBMISSION,),
)
async def _ok(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    if not await smsc.accepted(connection, smsc.data()):
        raise CaseFailed("a message_id", "an empty one")


@CASES.case("data_sm.transmitter", "A transmitter may use it", *_CLAUSES, needs=_NEEDS)
async def _transmitter(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound(BindTransmitter)
    await smsc.accepted(connection, smsc.data())


@CASES.case(
    "data_sm.destination.empty",
    "No destination is refused",
    *_CLAUSES,
    "3.4 5.2.9",
    "5.0 4.7.8",
    needs=_NEEDS,
)
async def _no_destination(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    response = await connection.ask(smsc.data(destination_addr=b"", dest_addr_ton=0))
    smsc.refused(response, Status.ESME_RINVDSTADR)


@CASES.case(
    "data_sm.no_payload",
    "Without message_payload it is taken, or refused by a status of its own",
    *_CLAUSES,
    "5.0 4.7.6",
    severity=Severity.INTEROPERABILITY,
    needs=_NEEDS,
)
async def _no_payload(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    statuses = (Status.ESME_RMISSINGOPTPARAM, Status.ESME_RINVMSGLEN, Status.ESME_RSUBMITFAIL)
    await smsc.either(connection, smsc.data(tlvs=()), *statuses)


@CASES.case(
    "data_sm.ports",
    "Application ports are accepted",
    *_CLAUSES,
    "3.4 5.3.2.20",
    "3.4 5.3.2.21",
    severity=Severity.SHOULD,
    needs=_NEEDS,
)
async def _ports(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    tlvs = (SOURCE_PORT(9200), DESTINATION_PORT(2948), MESSAGE_PAYLOAD(b"\x01\x06"))
    acceptance(await connection.ask(smsc.data(data_coding=4, tlvs=tlvs)), DataSmResp)


@CASES.case(
    "data_sm.source.longest",
    "A source of 64 characters is taken, or refused by its own status",
    *_CLAUSES,
    needs=_NEEDS,
)
async def _long_source(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    await smsc.either(connection, smsc.data(source_addr=b"1" * 64), Status.ESME_RINVSRCADR)
    await connection.fence()


@CASES.case(
    "data_sm.destination.too_long",
    "A destination of 65 characters is refused",
    *_CLAUSES,
    "5.0 2.8.2",
    needs=_NEEDS,
)
async def _too_long(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    body = body_of(smsc.data(destination_addr=b"#!#")).replace(b"#!#", b"1" * 65)
    connection.send(raw(DataSm.command_id, body, sequence_number=88))
    response = await connection.answered_or_closed(88)
    smsc.refused(response, Status.ESME_RINVDSTADR, Status.ESME_RINVCMDLEN)


@CASES.case(
    "data_sm.cut",
    "One that ends within its fields is refused",
    *_CLAUSES,
    "5.0 2.8.2",
    needs=_NEEDS,
)
async def _cut(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    body = body_of(smsc.data(tlvs=()))[:-2]
    connection.send(raw(DataSm.command_id, body, sequence_number=88))
    smsc.refused(await connection.answered_or_closed(88), Status.ESME_RINVCMDLEN)


@CASES.case(
    "data_sm.receipt",
    "A receipt that was asked for comes",
    *_CLAUSES,
    "3.4 2.11",
    "5.0 4.3.5.1",
    severity=Severity.SHOULD,
    needs=(*_NEEDS, needs.RECEIPT),
    patience=5,
)
async def _receipt(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    message_id = await smsc.accepted(connection, smsc.data(registered_delivery=1))
    await smsc.receipt(connection, message_id)
