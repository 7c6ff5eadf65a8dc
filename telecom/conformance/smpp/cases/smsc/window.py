"""Many requests at once, and peers that are slow: SMPP 3.4 2.7, 5.0 2.6.4."""

from typing import Final

from telecom.conformance.case import CaseFailed, Catalogue, Severity
from telecom.conformance.smpp import needs
from telecom.conformance.smpp.connection import Connection
from telecom.conformance.smpp.smsc_under_test import SmscUnderTest
from telecom.conformance.smpp.wire import Received
from telecom.smpp.pdus import EnquireLink, EnquireLinkResp, SubmitSmResp
from telecom.smpp.status import CommandStatus as Status

CASES: Final = Catalogue()

_CLAUSES: Final = ("3.4 2.7", "5.0 2.6.4")
_BUSY: Final = (Status.ESME_RTHROTTLED, Status.ESME_RMSGQFUL)
"""What an SMSC may say to many messages at once."""


async def _answers(connection: Connection, numbers: list[int]) -> list[Received]:
    """Wait for the response to each submit_sm; see that nothing is answered twice."""
    answers = [await connection.answer_to(number) for number in numbers]
    for answer in answers:
        if not isinstance(answer.pdu, SubmitSmResp):
            raise CaseFailed("submit_sm_resp to each", str(answer))
    await connection.fence()
    again = [pdu for pdu in connection.held if isinstance(pdu.pdu, SubmitSmResp)]
    if again:
        raise CaseFailed("each answered once", f"{len(again)} more")
    return answers


async def _submitted(smsc: SmscUnderTest, connection: Connection, count: int) -> list[Received]:
    return await _answers(connection, [connection.send(smsc.submit()) for _ in range(count)])


def _ids(answers: list[Received]) -> None:
    taken = [each for each in answers if each.command_status == Status.ESME_ROK]
    other = [each for each in answers if each.command_status not in (Status.ESME_ROK, *_BUSY)]
    if other:
        raise CaseFailed("ESME_ROK, or the SMSC says that it is too much", str(other[0]))
    ids = {each.pdu.message_id for each in taken}  # type: ignore[union-attr]
    if len(ids) < len(taken):
        raise CaseFailed(f"{len(taken)} different ids", f"{len(ids)}")


@CASES.case(
    "window.10",
    "10 submit_sm at once, what 3.4 recommends as the most, are answered, each once",
    *_CLAUSES,
    needs=(needs.SUBMISSION,),
)
async def _ten(smsc: SmscUnderTest) -> None:
    _ids(await _submitted(smsc, await smsc.bound(), 10))


@CASES.case(
    "window.100",
    "100 submit_sm at once are answered, each once, with ids of their own",
    *_CLAUSES,
    needs=(needs.SUBMISSION,),
    patience=2,
)
async def _hundred(smsc: SmscUnderTest) -> None:
    _ids(await _submitted(smsc, await smsc.bound(), 100))


@CASES.case(
    "window.1000",
    "1000 submit_sm at once are answered, each once",
    *_CLAUSES,
    severity=Severity.INTEROPERABILITY,
    needs=(needs.SUBMISSION,),
    patience=4,
)
async def _thousand(smsc: SmscUnderTest) -> None:
    _ids(await _submitted(smsc, await smsc.bound(), 1000))


@CASES.case(
    "window.mixed",
    "enquire_link among 50 submit_sm is answered, and so are they",
    *_CLAUSES,
    needs=(needs.SUBMISSION,),
)
async def _mixed(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    numbers, probes = [], []
    for _ in range(50):
        numbers.append(connection.send(smsc.submit()))
        probes.append(connection.send(EnquireLink()))
    for number in probes:
        response = await connection.answer_to(number)
        if not isinstance(response.pdu, EnquireLinkResp):
            raise CaseFailed("enquire_link_resp", str(response))
    await _answers(connection, numbers)


@CASES.case(
    "window.with_bad",
    "A bad message among good ones is refused alone",
    *_CLAUSES,
    "3.4 2.8",
    "5.0 2.8.2",
    needs=(needs.SUBMISSION,),
)
async def _with_bad(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    pdus = [smsc.submit() for _ in range(9)]
    pdus[4] = smsc.submit(destination_addr=b"", dest_addr_ton=0)
    answers = await _answers(connection, [connection.send(pdu) for pdu in pdus])
    smsc.refused(answers.pop(4), Status.ESME_RINVDSTADR)
    _ids(answers)


@CASES.case(
    "window.slow_reader",
    "An ESME that does not read for a while loses no response",
    *_CLAUSES,
    severity=Severity.SHOULD,
    needs=(needs.SUBMISSION,),
    patience=4,
)
async def _slow_reader(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    connection.pause()
    numbers = [connection.send(smsc.submit()) for _ in range(300)]
    await smsc.pause()
    connection.resume()
    await _answers(connection, numbers)


@CASES.case(
    "window.two_sessions",
    "Responses come on the session of their requests",
    "5.0 2.6.1",
    "5.0 2.6.3",
    needs=(needs.SUBMISSION, needs.SEVERAL_BINDS),
)
async def _two_sessions(smsc: SmscUnderTest) -> None:
    first, second = await smsc.bound(), await smsc.bound()
    ones = [first.send(smsc.submit(), 1000 + n) for n in range(20)]
    twos = [second.send(smsc.submit(), 2000 + n) for n in range(20)]
    await _answers(first, ones)
    await _answers(second, twos)
