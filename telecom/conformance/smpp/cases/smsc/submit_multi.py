"""submit_multi, SMPP 3.4 4.5, 5.0 4.2.3."""

from typing import Final

from telecom.conformance.case import CaseFailed, Catalogue, Severity
from telecom.conformance.smpp import needs
from telecom.conformance.smpp.connection import Connection, acceptance
from telecom.conformance.smpp.smsc_under_test import SmscUnderTest
from telecom.conformance.smpp.wire import Received, body_of, raw
from telecom.smpp.pdus import DistributionList, Pdu, SubmitMulti, SubmitMultiResp
from telecom.smpp.status import CommandStatus as Status

CASES: Final = Catalogue()

_CLAUSES: Final = ("3.4 4.5.1", "3.4 4.5.2", "5.0 4.2.3.1")
_NEEDS: Final = (needs.SUBMISSION, needs.SUBMIT_MULTI)
_BAD: Final = ""
"""A destination that no SMSC accepts."""


def _read(response: Received) -> SubmitMultiResp:
    acceptance(response, SubmitMultiResp)
    return response.pdu  # type: ignore[return-value]


async def _asked(smsc: SmscUnderTest, *destinations: str) -> SubmitMultiResp:
    connection = await smsc.bound()
    return _read(await connection.ask(smsc.multi(*destinations)))


def _all_taken(response: SubmitMultiResp) -> None:
    if response.unsuccess_smes:
        raise CaseFailed("no_unsuccess 0", f"{len(response.unsuccess_smes)}")
    if not response.message_id:
        raise CaseFailed("a message_id", "an empty one")


@CASES.case(
    "submit_multi.one",
    "submit_multi is known; one destination is accepted",
    *_CLAUSES,
    severity=Severity.SHOULD,
    needs=(needs.SUBMISSION,),
)
async def _one(smsc: SmscUnderTest) -> None:
    _all_taken(await _asked(smsc, smsc.settings.destination))


@CASES.case("submit_multi.several", "Three destinations are accepted", *_CLAUSES, needs=_NEEDS)
async def _several(smsc: SmscUnderTest) -> None:
    number = smsc.settings.destination
    _all_taken(await _asked(smsc, *(near(number, step) for step in range(3))))


def near(number: str, step: int) -> str:
    """Return another number of the same length: its tens and hundreds differ."""
    middle = (int(number[-5:-3] or "0") + step) % 100
    return f"{number[:-5]}{middle:02d}{number[-3:]}"


@CASES.case(
    "submit_multi.same_twice",
    "A destination that is there twice is answered",
    *_CLAUSES,
    severity=Severity.INTEROPERABILITY,
    needs=_NEEDS,
)
async def _same_twice(smsc: SmscUnderTest) -> None:
    await _asked(smsc, *(smsc.settings.destination,) * 2)


@CASES.case(
    "submit_multi.most",
    "254 destinations are accepted, or refused by number_of_dests",
    *_CLAUSES,
    "3.4 5.2.24",
    "5.0 4.7.17",
    severity=Severity.SHOULD,
    needs=_NEEDS,
    patience=2,
)
async def _most(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    pdu = smsc.multi(*(smsc.settings.destination,) * 254)
    response = await smsc.either(connection, pdu, Status.ESME_RINVNUMDESTS, Status.ESME_RTHROTTLED)
    if response.command_status == Status.ESME_ROK:
        _read(response)


async def _broken(smsc: SmscUnderTest, old: bytes, new: bytes) -> Received | None:
    """Ask with other octets than those of the one destination."""
    connection = await smsc.bound()
    body = body_of(smsc.multi(smsc.settings.destination)).replace(old, new, 1)
    connection.send(raw(SubmitMulti.command_id, body, sequence_number=66))
    return await connection.answered_or_closed(66)


def _one_destination(smsc: SmscUnderTest) -> bytes:
    part = smsc.multi(smsc.settings.destination).dest_addresses[0]
    ton, npi = part.dest_addr_ton, part.dest_addr_npi  # type: ignore[union-attr]
    return bytes((1, 1, ton, npi)) + smsc.settings.destination.encode("latin-1") + b"\0"


@CASES.case(
    "submit_multi.none",
    "number_of_dests 0 is refused",
    *_CLAUSES,
    "3.4 5.2.24",
    "5.0 4.7.17",
    needs=_NEEDS,
)
async def _none(smsc: SmscUnderTest) -> None:
    response = await _broken(smsc, _one_destination(smsc), b"\0")
    smsc.refused(response, Status.ESME_RINVNUMDESTS)


@CASES.case(
    "submit_multi.dest_flag",
    "A dest_flag that does not exist is refused",
    *_CLAUSES,
    "3.4 5.2.25",
    "5.0 4.7.9",
    needs=_NEEDS,
)
async def _dest_flag(smsc: SmscUnderTest) -> None:
    old = _one_destination(smsc)
    smsc.refused(await _broken(smsc, old, b"\x01\x07" + old[2:]), Status.ESME_RINVDESTFLAG)


@CASES.case(
    "submit_multi.count.too_many",
    "number_of_dests that says more than there are is refused",
    *_CLAUSES,
    "3.4 5.2.24",
    "5.0 2.8.2",
    needs=_NEEDS,
)
async def _too_many(smsc: SmscUnderTest) -> None:
    old = _one_destination(smsc)
    smsc.refused(await _broken(smsc, old, b"\xf0" + old[1:]))


@CASES.case(
    "submit_multi.destination.too_long",
    "A destination of 21 characters is refused",
    *_CLAUSES,
    "3.4 5.2.9",
    "5.0 2.8.2",
    needs=_NEEDS,
)
async def _too_long(smsc: SmscUnderTest) -> None:
    old = _one_destination(smsc)
    response = await _broken(smsc, old, old[:4] + b"1" * 21 + b"\0")
    smsc.refused(response, Status.ESME_RINVDSTADR, Status.ESME_RINVCMDLEN)


@CASES.case(
    "submit_multi.partly",
    "Of two destinations the bad one alone is told as unsuccessful, with its status",
    *_CLAUSES,
    "3.4 4.5.2.1",
    "3.4 5.2.26",
    "5.0 4.7.16",
    needs=_NEEDS,
)
async def _partly(smsc: SmscUnderTest) -> None:
    response = await _asked(smsc, smsc.settings.destination, _BAD)
    failed = response.unsuccess_smes
    if not response.message_id:
        raise CaseFailed("a message_id for the good one", "an empty one")
    if len(failed) != 1:
        raise CaseFailed("no_unsuccess 1", f"{len(failed)}")
    if not failed[0].error_status_code:
        raise CaseFailed("an error_status_code", "ESME_ROK")
    if failed[0].destination_addr:
        raise CaseFailed("the bad destination", repr(failed[0].destination_addr))


@CASES.case(
    "submit_multi.all_bad",
    "With no good destination it is refused, or each is told as unsuccessful",
    *_CLAUSES,
    "3.4 4.5.2.1",
    "5.0 4.7.16",
    needs=_NEEDS,
)
async def _all_bad(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    response = await connection.ask(smsc.multi(_BAD, _BAD))
    if response.command_status == Status.ESME_ROK:
        count = len(_read(response).unsuccess_smes)
        if count != 2:
            raise CaseFailed("no_unsuccess 2, or an error", f"{count}")


@CASES.case(
    "submit_multi.list.unknown",
    "A distribution list that is not there is refused, or told as unsuccessful",
    *_CLAUSES,
    "3.4 4.5.1.2",
    "3.4 5.2.27",
    "5.0 4.7.10",
    needs=_NEEDS,
)
async def _unknown_list(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    response = await _with_list(smsc, connection, b"?no such list?")
    if response.command_status == Status.ESME_ROK:
        if not _read(response).unsuccess_smes:
            raise CaseFailed("an error, or no_unsuccess 1", str(response))
    else:
        smsc.refused(response, Status.ESME_RINVDLNAME, Status.ESME_RCNTSUBDL)


async def _with_list(smsc: SmscUnderTest, connection: Connection, name: bytes) -> Received:
    pdu: Pdu = smsc.multi(dest_addresses=(DistributionList(name),))
    return await connection.ask(pdu)


@CASES.case(
    "submit_multi.receipts",
    "Each destination has its receipt",
    *_CLAUSES,
    "3.4 5.2.17",
    severity=Severity.SHOULD,
    needs=(*_NEEDS, needs.RECEIPT),
    patience=5,
)
async def _receipts(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    numbers = [near(smsc.settings.destination, step) for step in range(2)]
    response = _read(await connection.ask(smsc.multi(*numbers, registered_delivery=1)))
    _all_taken(response)
    for number in numbers:
        source = number.encode("latin-1")
        await connection.expect(
            f"a receipt from {number}",
            lambda pdu, source=source: getattr(pdu.pdu, "source_addr", None) == source,  # type: ignore[misc]
            timeout=smsc.settings.patience,
        )
