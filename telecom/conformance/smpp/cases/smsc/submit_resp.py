"""submit_sm_resp: what answers a message, and how an error is told."""

from typing import Final

from telecom.conformance.case import CaseFailed, Catalogue, Severity
from telecom.conformance.smpp import needs
from telecom.conformance.smpp.smsc_under_test import SmscUnderTest
from telecom.smpp.pdus import SubmitSmResp
from telecom.smpp.status import CommandStatus as Status

CASES: Final = Catalogue()

_NO_DESTINATION: Final = (
    Status.ESME_RINVDSTADR,
    Status.ESME_RINVDSTTON,
    Status.ESME_RINVDSTNPI,
)


@CASES.case(
    "submit_sm.message_id",
    "Each message gets an id of its own, of 1 to 64 characters",
    "3.4 4.4.2",
    "3.4 5.2.23",
    "5.0 4.7.14",
    needs=(needs.SUBMISSION,),
)
async def _ids(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    ids = [await smsc.accepted(connection, smsc.submit()) for _ in range(20)]
    if not all(ids):
        raise CaseFailed("a message_id", "an empty one")
    if len(set(ids)) < len(ids):
        raise CaseFailed("20 different ids", f"{len(set(ids))}")
    if not all(each.isascii() and each.decode("latin-1").isprintable() for each in ids):
        smsc.remark("an id of printable characters", ids[0])


@CASES.case(
    "submit_sm.error.no_body",
    "A response with an error is its header alone",
    "3.4 4.4.2",
    "5.0 3.2.1.3",
    severity=Severity.SHOULD,
    needs=(needs.SUBMISSION,),
)
async def _error_without_body(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    response = await connection.ask(smsc.submit(destination_addr=b"", dest_addr_ton=0))
    smsc.refused(response, *_NO_DESTINATION)
    if response.body:
        raise CaseFailed("a header alone", f"a body of {len(response.body)} octets")


@CASES.case(
    "submit_sm.error.response",
    "A message that is refused is told so by submit_sm_resp",
    "3.4 4.4.2",
    "3.4 4.3",
    "5.0 2.8.2",
    needs=(needs.SUBMISSION,),
)
async def _error_by_its_own(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    response = await connection.ask(smsc.submit(destination_addr=b"", dest_addr_ton=0))
    smsc.refused(response, *_NO_DESTINATION)
    if response.command_id != SubmitSmResp.command_id:
        raise CaseFailed("submit_sm_resp", str(response))


@CASES.case(
    "submit_sm.answered",
    "submit_sm is answered by a submit_sm_resp that can be read",
    "3.4 4.4.1",
    "3.4 4.4.2",
    "5.0 4.2.1.1",
    needs=(needs.TRANSCEIVER,),
)
async def _answered(smsc: SmscUnderTest) -> None:
    # it needs no message to be accepted: what is wrong here keeps all other cases from running
    connection = await smsc.bound()
    response = await connection.ask(smsc.submit())
    if not isinstance(response.pdu, SubmitSmResp):
        raise CaseFailed("a submit_sm_resp", str(response))
    if response.command_status:
        smsc.remark("ESME_ROK (is --destination a number that it delivers to?)", response)
