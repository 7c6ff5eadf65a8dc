from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from telecom.net.smpp.client.message import AreaStatus, BroadcastStatus, Failure, MessageStatus
from telecom.smpp import tlvs
from telecom.smpp.errors import LocalError, RefusedError
from telecom.smpp.pdus import (
    BroadcastSm,
    BroadcastSmResp,
    CancelBroadcastSm,
    CancelBroadcastSmResp,
    CancelSm,
    CancelSmResp,
    DataSm,
    GenericNack,
    QueryBroadcastSm,
    QueryBroadcastSmResp,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    ReplaceSmResp,
    SubmitMulti,
    SubmitMultiResp,
    UnsuccessSme,
)
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlv_structures import BroadcastAreaIdentifier, BroadcastContentType
from telecom.smpp.versions import InterfaceVersion
from telecom.sms.receipt import MessageState
from tests.net.smsc import Smsc, receipt, running_smsc

NORTH, SOUTH = BroadcastAreaIdentifier(0, b"North"), BroadcastAreaIdentifier(0, b"South")


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    async with running_smsc() as smsc:
        yield smsc


@pytest.mark.parametrize(
    ("final_date", "state", "status"),
    [
        (
            b"261122120000000+",
            2,
            MessageStatus("id1", MessageState.DELIVRD, datetime(2026, 11, 22, 12, tzinfo=UTC), 7),
        ),
        (b"", 1, MessageStatus("id1", MessageState.ENROUTE, None, 7)),
        (b"999999999999999+", 99, MessageStatus("id1", 99, None, 7)),
    ],
)
async def test_query(smsc: Smsc, final_date: bytes, state: int, status: MessageStatus) -> None:
    smsc.answers[QuerySm] = lambda pdu: QuerySmResp(pdu.message_id, final_date, state, 7)
    async with smsc.client() as esme:
        assert await esme.query("id1", source="Bank") == status
    (pdu,) = smsc.requests
    assert (pdu.message_id, pdu.source_addr_ton, pdu.source_addr) == (b"id1", 5, b"Bank")


async def test_cancel_and_replace(smsc: Smsc) -> None:
    smsc.answers |= {CancelSm: lambda _: CancelSmResp(), ReplaceSm: lambda _: ReplaceSmResp()}
    async with smsc.client() as esme:
        await esme.cancel("id1", source="Bank")
        await esme.cancel(source="Bank", destination="447700900123", service_type="CMT")
        await esme.replace("id1", "better", source="Bank", schedule=timedelta(hours=1))
    one, all_of_them, better = smsc.requests
    assert (one.message_id, one.source_addr, one.destination_addr) == (b"id1", b"Bank", b"")
    assert all_of_them.destination_addr == b"447700900123"
    assert (all_of_them.message_id, all_of_them.service_type) == (b"", b"CMT")
    assert (better.message_id, better.short_message) == (b"id1", b"better")
    assert better.schedule_delivery_time == b"000000010000000R"


async def test_several_destinations_some_of_which_fail(smsc: Smsc) -> None:
    failed = UnsuccessSme(1, 1, b"447700900902", Status.ESME_RINVDSTADR)
    smsc.answers[SubmitMulti] = lambda _: SubmitMultiResp(
        b"m%d" % len(smsc.requests), unsuccess_smes=(failed,)
    )
    async with smsc.client() as esme:
        sent = await esme.submit_multi(["447700900123", "447700900902"], "x" * 200, lists=["staff"])
    assert (sent.message_id, sent.message_ids) == ("m1", ("m1", "m2"))
    assert sent.unsuccessful == (Failure("447700900902", Status.ESME_RINVDSTADR),)
    assert sent.unsuccessful[0].status_name == "ESME_RINVDSTADR"
    assert len(smsc.requests[0].dest_addresses) == 3


async def test_data_sm_and_its_receipt(smsc: Smsc) -> None:
    async with smsc.client() as esme:
        sent = await esme.data("447700900123", "x" * 300, receipt=True)
        assert isinstance(smsc.requests[0], DataSm)
        await smsc.session.request(receipt(sent.message_id))
        assert (await sent.receipt()).stat is MessageState.DELIVRD


async def test_broadcasts(smsc: Smsc) -> None:
    def told(request: QueryBroadcastSm) -> QueryBroadcastSmResp:
        areas = map(tlvs.BROADCAST_AREA_IDENTIFIER, (NORTH, SOUTH, NORTH))
        reached = map(tlvs.BROADCAST_AREA_SUCCESS, (50, 255))
        state = tlvs.MESSAGE_STATE(MessageState.ENROUTE)
        return QueryBroadcastSmResp(request.message_id, tlvs=(state, *areas, *reached))

    smsc.answers |= {
        BroadcastSm: lambda _: BroadcastSmResp(b"b1"),
        QueryBroadcastSm: told,
        CancelBroadcastSm: lambda _: CancelBroadcastSmResp(),
    }
    async with smsc.client(version=InterfaceVersion.V50) as esme:
        assert esme.version is InterfaceVersion.V50
        kind = BroadcastContentType(1, 2)
        assert await esme.broadcast("storm", ["North"], content_type=kind) == "b1"
        assert await esme.query_broadcast("b1") == BroadcastStatus(
            "b1",
            MessageState.ENROUTE,
            (AreaStatus(NORTH, 50), AreaStatus(SOUTH, None), AreaStatus(NORTH, None)),
        )
        await esme.cancel_broadcast("b1", service_type="CBS")
    assert smsc.requests[2].service_type == b"CBS"


async def test_what_the_smsc_does_not_know(smsc: Smsc) -> None:
    async with smsc.client() as esme:
        with pytest.raises(LocalError, match="QueryBroadcastSm"):
            await esme.query_broadcast("b1")
    assert smsc.requests == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Status.ESME_RQUERYFAIL, "query_sm was refused: ESME_RQUERYFAIL"),
        (0x400, "query_sm was refused: 0x0*400"),
        (GenericNack(command_status=Status.ESME_RINVCMDID), "ESME_RINVCMDID"),
    ],
)
async def test_refusals(smsc: Smsc, answer: GenericNack | int, said: str) -> None:
    smsc.answers[QuerySm] = lambda _: answer
    async with smsc.client() as esme:
        with pytest.raises(RefusedError, match=said):
            await esme.query("id1")


async def test_an_id_that_smpp_cannot_carry(smsc: Smsc) -> None:
    async with smsc.client() as esme:
        with pytest.raises(LocalError, match="a message_id is of Latin letters"):
            await esme.query("☃")
        with pytest.raises(LocalError, match="message_id"):
            await esme.query("1" * 65)
