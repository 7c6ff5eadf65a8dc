"""The end of a session, and enquire_link while it lasts."""

from functools import partial
from typing import Final

from telecom.conformance.case import CannotRun, CaseFailed, Catalogue, Severity
from telecom.conformance.smpp import needs
from telecom.conformance.smpp.connection import acceptance
from telecom.conformance.smpp.smsc_under_test import SmscUnderTest
from telecom.conformance.smpp.wire import raw
from telecom.smpp.pdus import (
    Bind,
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    EnquireLink,
    EnquireLinkResp,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)

CASES: Final = Catalogue()

_UNBIND: Final = ("3.4 4.2.1", "3.4 4.2.2", "5.0 4.1.1.8", "5.0 4.1.1.9")
_ENQUIRE_LINK: Final = ("3.4 4.11.1", "3.4 4.11.2", "5.0 4.1.2.1", "5.0 4.1.2.2")
_KINDS: Final = (
    ("transmitter", BindTransmitter, needs.TRANSMITTER),
    ("receiver", BindReceiver, needs.RECEIVER),
    ("transceiver", BindTransceiver, needs.TRANSCEIVER),
)


async def _unbinds(kind: type[Bind], smsc: SmscUnderTest) -> None:
    connection = await smsc.bound(kind)
    acceptance(await connection.ask(Unbind(), 0x777), UnbindResp)
    connection.is_bound = False


async def _is_alive(kind: type[Bind], smsc: SmscUnderTest) -> None:
    connection = await smsc.bound(kind)
    response = await connection.ask(EnquireLink(), 0x777)
    acceptance(response, EnquireLinkResp)
    if response.body:
        smsc.remark("a response of a header alone", f"a body of {len(response.body)} octets")


for _name, _kind, _need in _KINDS:
    CASES.case(f"unbind.{_name}", f"A {_name} unbinds", *_UNBIND, needs=(_need,))(
        partial(_unbinds, _kind)
    )
for _name, _kind, _need in _KINDS:
    CASES.case(
        f"enquire_link.{_name}",
        f"enquire_link of a {_name} is answered with its sequence_number",
        *_ENQUIRE_LINK,
        needs=(_need,),
    )(partial(_is_alive, _kind))


@CASES.case(
    "unbind.closes",
    "After unbind_resp the SMSC closes the connection",
    "3.4 4.2",
    "5.0 2.3.6",
    severity=Severity.SHOULD,
    needs=(needs.TRANSCEIVER,),
)
async def _closes(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    acceptance(await connection.ask(Unbind()), UnbindResp)
    connection.is_bound = False
    await connection.closed()


@CASES.case(
    "unbind.after_answers",
    "What was asked before unbind is answered before unbind_resp",
    "3.4 4.2",
    "5.0 2.3.5",
    severity=Severity.SHOULD,
    needs=(needs.SUBMISSION,),
)
async def _after_answers(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    submitted = [connection.send(smsc.submit()) for _ in range(5)]
    acceptance(await connection.answer_to(connection.send(Unbind())), UnbindResp)
    connection.is_bound = False
    early = {pdu.sequence_number for pdu in connection.held if isinstance(pdu.pdu, SubmitSmResp)}
    missing = [number for number in submitted if number not in early]
    if missing:
        raise CaseFailed("5 submit_sm_resp before unbind_resp", f"{5 - len(missing)}")


@CASES.case(
    "unbind.then_bind",
    "Who has unbound can bind again at once",
    "3.4 2.2",
    "5.0 2.3",
    severity=Severity.SHOULD,
    needs=(needs.TRANSCEIVER,),
)
async def _binds_again(smsc: SmscUnderTest) -> None:
    for _ in range(3):
        connection = await smsc.bound()
        acceptance(await connection.ask(Unbind()), UnbindResp)
        connection.is_bound = False


@CASES.case(
    "unbind.lost_connection",
    "Who has lost the connection can bind again",
    "3.4 2.2",
    "5.0 2.8.1",
    severity=Severity.SHOULD,
    needs=(needs.TRANSCEIVER,),
)
async def _binds_after_loss(smsc: SmscUnderTest) -> None:
    for _ in range(3):
        connection = await smsc.bound()
        await connection.close()
    await smsc.bound()


@CASES.case(
    "unbind.half_closed",
    "An ESME that closes its direction without unbind does not keep the session",
    "3.4 2.2",
    "5.0 2.3.6",
    severity=Severity.INTEROPERABILITY,
    needs=(needs.TRANSCEIVER,),
)
async def _half_closed(smsc: SmscUnderTest) -> None:
    if smsc.settings.tls is not None:
        raise CannotRun("TLS has no half of a connection to close")
    connection = await smsc.bound()
    connection.end_sending()
    await connection.closed()


@CASES.case(
    "enquire_link.many",
    "50 enquire_link at once are answered, each once",
    *_ENQUIRE_LINK,
    "3.4 2.7",
    "5.0 2.6.4",
    needs=(needs.TRANSCEIVER,),
)
async def _many(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    numbers = [connection.send(EnquireLink()) for _ in range(50)]
    for number in numbers:
        acceptance(await connection.answer_to(number), EnquireLinkResp)
    await connection.fence()
    if any(isinstance(pdu.pdu, EnquireLinkResp) for pdu in connection.held):
        raise CaseFailed("each answered once", "one answered twice")


@CASES.case(
    "enquire_link.with_body",
    "enquire_link with a body that nobody defined is answered",
    *_ENQUIRE_LINK,
    severity=Severity.INTEROPERABILITY,
    needs=(needs.TRANSCEIVER,),
)
async def _with_body(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    number = connection.next_number()
    octets = raw(EnquireLink.command_id, b"\x14\x00\x00\x01x", sequence_number=number)
    await connection.ask(octets, number)
    await connection.fence()
