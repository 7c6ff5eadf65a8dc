"""The end of an ESME's session, and whether it comes back: the first that costs it its session."""

from typing import Final

from telecom.conformance.case import CannotRun, CaseFailed, Catalogue, Severity
from telecom.conformance.smpp.connection import Connection
from telecom.conformance.smpp.esme_under_test import EsmeUnderTest
from telecom.smpp.codec import encode
from telecom.smpp.pdus import Unbind, UnbindResp

CASES: Final = Catalogue()

SHOULD, INTEROP = Severity.SHOULD, Severity.INTEROPERABILITY

_PATIENT: Final = 60.0


async def _comes_back(esme: EsmeUnderTest) -> Connection:
    try:
        return await esme.bound()
    except CannotRun as missing:
        raise CaseFailed("another connection, and a bind", str(missing)) from None


@CASES.case(
    "lost.connects_again",
    "Who has lost the connection connects and binds again",
    "5.0 2.8.1",
    severity=SHOULD,
    patience=_PATIENT,
)
async def _connects_again(esme: EsmeUnderTest) -> None:
    connection = await esme.bound()
    await connection.close()
    await _comes_back(esme)


@CASES.case(
    "lost.within_pdu",
    "A connection lost within a PDU does no harm",
    "3.4 2.8",
    "5.0 2.8.1",
    severity=SHOULD,
    patience=_PATIENT,
)
async def _within_pdu(esme: EsmeUnderTest) -> None:
    connection = await esme.bound()
    connection.send(encode(esme.deliver(), 5)[:25], 0)
    await connection.close()
    await (await _comes_back(esme)).fence()


@CASES.case(
    "unbind.answered",
    "unbind is answered by unbind_resp ESME_ROK",
    "3.4 4.2.1",
    "3.4 4.2.2",
    "5.0 4.1.1.8",
    patience=_PATIENT,
)
async def _unbinds(esme: EsmeUnderTest) -> None:
    connection = await esme.bound()
    esme.spoil()
    response = await connection.ask(Unbind())
    if not isinstance(response.pdu, UnbindResp) or response.command_status:
        raise CaseFailed("unbind_resp ESME_ROK", str(response))
    connection.is_bound = False


@CASES.case(
    "unbind.then_binds",
    "Who was unbound binds again, on another connection",
    "5.0 2.8.1",
    severity=INTEROP,
    patience=_PATIENT,
)
async def _binds_again(esme: EsmeUnderTest) -> None:
    await _unbinds(esme)
    await _comes_back(esme)
