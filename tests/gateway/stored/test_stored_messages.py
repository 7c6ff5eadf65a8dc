"""What the owner of a stored message may ask of it, and do to it, while it waits."""

from collections.abc import Callable
from typing import Any

import pytest

from telecom.gateway.access.account import IdFormat
from telecom.smpp.pdus import CancelSm, QuerySm, QuerySmResp, ReplaceSm
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import MESSAGE_PAYLOAD, RECEIPTED_MESSAGE_ID
from telecom.sms.receipt import MessageState
from tests.gateway.conftest import MakeNode
from tests.gateway.network import Network, Time
from tests.gateway.pipeline import Node, Store, config
from tests.gateway.scripted_esme import Esme
from tests.gateway.valve import Valve

NUMBER = "447700900123"
SOURCE = b"38591000100"
IN_A_MINUTE = b"000000000100000R"


async def state_of(esme: Esme, message_id: str, source: bytes = SOURCE) -> tuple[int, int, bytes]:
    """Return message_state, error_code and final_date."""
    response = await esme.asks(query(message_id, source))
    assert isinstance(response, QuerySmResp)
    assert response.message_id == message_id.encode()
    return response.message_state, response.error_code, response.final_date


async def status_of(esme: Esme, request: Any) -> int:
    return int((await esme.asks(request)).command_status)


def query(message_id: str, source: bytes = SOURCE) -> QuerySm:
    return QuerySm(message_id=message_id.encode(), source_addr=source)


def cancel(message_id: str = "", **fields: Any) -> CancelSm:
    return CancelSm(**{"message_id": message_id.encode(), "source_addr": SOURCE, **fields})


def cancel_all(destination: str = NUMBER, **fields: Any) -> CancelSm:
    source = {"source_addr_ton": 1, "source_addr_npi": 1}
    return cancel(destination_addr=destination.encode(), **source, **fields)


def replace(message_id: str, text: bytes = b"better", **fields: Any) -> ReplaceSm:
    values = {"message_id": message_id.encode(), "source_addr": SOURCE, "short_message": text}
    return ReplaceSm(**(values | {"registered_delivery": 1} | fields))


async def put_off(esme: Esme, network: Network, store: Store, **fields: Any) -> str:
    """Have a message wait for its second attempt."""
    _, _, before = await store.depth()
    message_id = await esme.submits(NUMBER, **fields)
    (await network.sri()).fails(34)
    await store.until(stored=before + 1, deferred=before + 1)
    return message_id


async def test_a_message_is_on_its_way_and_then_delivered(
    esme: Esme, network: Network, time: Time
) -> None:
    message_id = await esme.submits(NUMBER)
    (await network.sri()).routes_to()
    assert await state_of(esme, message_id) == (MessageState.ENROUTE, 0, b"")
    time.advance(5)
    (await network.fsm()).returns()
    await esme.receipt(message_id)
    # 1,800,001,005 seconds after the beginning of 1970
    assert await state_of(esme, message_id) == (MessageState.DELIVRD, 0, b"270115081645000+")


@pytest.mark.parametrize(
    ("error", "code", "parameter"), [(1, 1, None), (11, 11, None), (32, 32, None)]
)
async def test_how_a_message_failed(
    esme: Esme, network: Network, *, error: int, code: int, parameter: Any
) -> None:
    message_id = await esme.submits(NUMBER)
    sri = await network.sri()
    if error == 32:
        sri.routes_to()
        sri = await network.fsm()
    sri.fails(error, parameter)
    await esme.receipt(message_id)
    state, found, _ = await state_of(esme, message_id)
    assert (state, found) == (MessageState.UNDELIV, code)


async def test_why_a_message_waits_and_that_it_expired(
    esme: Esme, network: Network, store: Store, time: Time
) -> None:
    message_id = await put_off(esme, network, store, validity_period=IN_A_MINUTE)
    assert (await state_of(esme, message_id))[:2] == (MessageState.ENROUTE, 34)
    time.advance(30)
    (await network.sri()).fails(34)
    await esme.receipt(message_id)
    assert (await state_of(esme, message_id))[:2] == (MessageState.EXPIRED, 34)


@pytest.mark.parametrize(("version", "state"), [(0x34, 1), (0x50, 0)])
async def test_a_scheduled_message_has_a_state_of_its_own_in_5_0(
    node: Node, *, version: int, state: int
) -> None:
    esme = node.bind(version=version)
    message_id = await esme.submits(NUMBER, schedule_delivery_time=IN_A_MINUTE)
    assert (await state_of(esme, message_id))[0] == state


Ask = Callable[[str], Any]
ASKED: dict[str, tuple[Ask, int]] = {
    "query": (query, Status.ESME_RQUERYFAIL),
    "cancel": (cancel, Status.ESME_RCANCELFAIL),
    "replace": (replace, Status.ESME_RREPLACEFAIL),
}


@pytest.mark.parametrize(("ask", "failed"), ASKED.values(), ids=ASKED)
async def test_a_message_is_its_owners(
    node: Node, esme: Esme, store: Store, *, ask: Ask, failed: int
) -> None:
    message_id = await esme.submits(NUMBER, schedule_delivery_time=IN_A_MINUTE)
    other = node.bind("slow")
    assert await status_of(other, ask(message_id)) == Status.ESME_RINVMSGID
    assert await status_of(esme, ask("nonsense")) == Status.ESME_RINVMSGID
    assert await status_of(esme, ask("0" * 20)) == Status.ESME_RINVMSGID
    assert await status_of(esme, ask("f" * 20)) == Status.ESME_RINVMSGID
    elsewhere = await esme.submits(
        NUMBER, schedule_delivery_time=IN_A_MINUTE, source_addr=b"38591000199"
    )
    assert await status_of(esme, ask(elsewhere)) == failed
    assert await store.depth() == (2, 0, 2)


async def test_who_named_no_source_asks_without_one(esme: Esme) -> None:
    message_id = await esme.submits(
        NUMBER, schedule_delivery_time=IN_A_MINUTE, source_addr=b"", source_addr_ton=0
    )
    assert (await state_of(esme, message_id, source=b""))[0] == MessageState.ENROUTE
    assert await status_of(esme, cancel(message_id, source_addr=b"")) == Status.ESME_ROK


@pytest.mark.parametrize("scheduled", [b"", IN_A_MINUTE], ids=["put off", "scheduled"])
async def test_a_message_is_cancelled_once(
    esme: Esme, network: Network, store: Store, time: Time, *, scheduled: bytes
) -> None:
    if scheduled:
        message_id = await esme.submits(NUMBER, schedule_delivery_time=scheduled)
    else:
        message_id = await put_off(esme, network, store)
    assert await status_of(esme, cancel(message_id)) == Status.ESME_ROK
    receipt = await esme.receipt(message_id)
    assert (receipt.stat, receipt.err, receipt.delivered) == (MessageState.DELETED, "000", 0)
    assert (await state_of(esme, message_id))[:2] == (MessageState.DELETED, 0)
    assert await status_of(esme, cancel(message_id)) == Status.ESME_RCANCELFAIL
    time.advance(200)
    assert await store.depth() == (0, 0, 0)
    assert len(esme.receipts()) == 1
    assert network.waiting == []


async def test_what_is_under_way_is_not_cancelled(
    esme: Esme, network: Network, store: Store
) -> None:
    message_id = await esme.submits(NUMBER)
    sri = await network.sri()
    assert await status_of(esme, cancel(message_id)) == Status.ESME_RCANCELFAIL
    assert await status_of(esme, replace(message_id)) == Status.ESME_RREPLACEFAIL
    sri.routes_to()
    (await network.fsm()).returns()
    assert (await esme.receipt(message_id)).stat is MessageState.DELIVRD
    assert await status_of(esme, replace(message_id)) == Status.ESME_RREPLACEFAIL
    await store.until(stored=0)


async def test_a_message_in_a_queue_that_nobody_serves_is_cancelled(
    make_node: MakeNode, store: Store
) -> None:
    node = make_node(starts=False)
    esme = node.bind()
    message_id = await esme.submits(NUMBER)
    assert await status_of(esme, cancel(message_id)) == Status.ESME_ROK
    node.start()
    await store.until(stored=0)
    assert (await esme.receipt(message_id)).stat is MessageState.DELETED


async def test_all_of_the_same_addresses_are_cancelled(
    esme: Esme, network: Network, store: Store
) -> None:
    ids = {await put_off(esme, network, store)}
    for _ in range(2):
        ids.add(await esme.submits(NUMBER, schedule_delivery_time=IN_A_MINUTE))
    voicemail = await esme.submits(NUMBER, schedule_delivery_time=IN_A_MINUTE, service_type=b"VMN")
    await esme.submits("447700900124", schedule_delivery_time=IN_A_MINUTE)
    assert await status_of(esme, cancel_all(service_type=b"WAP")) == Status.ESME_RCANCELFAIL
    assert await status_of(esme, cancel_all(service_type=b"VMN")) == Status.ESME_ROK
    assert (await esme.receipt(voicemail)).stat is MessageState.DELETED
    assert await status_of(esme, cancel_all()) == Status.ESME_ROK
    await esme.until(lambda: len(esme.receipts()) == 4)
    assert {receipt.id for receipt in esme.receipts()} == {*ids, voicemail}
    assert await status_of(esme, cancel_all()) == Status.ESME_RCANCELFAIL
    assert await status_of(esme, cancel_all("")) == Status.ESME_RINVDSTADR
    assert await store.depth() == (1, 0, 1)


async def test_a_replaced_message_says_something_else_and_keeps_its_id(
    esme: Esme, network: Network, store: Store, time: Time
) -> None:
    message_id = await put_off(esme, network, store, receipt=0)
    assert await status_of(esme, replace(message_id)) == Status.ESME_ROK
    time.advance(30)
    (await network.sri()).routes_to()
    fsm = await network.fsm()
    assert fsm.text == "better"
    fsm.returns()
    receipt = await esme.receipt(message_id)
    assert (receipt.stat, receipt.text) == (MessageState.DELIVRD, "better")


async def test_a_replacement_is_in_the_data_coding_of_the_first(
    esme: Esme, network: Network, time: Time
) -> None:
    message_id = await esme.submits(
        NUMBER, "naïve".encode("latin-1"), data_coding=3, schedule_delivery_time=IN_A_MINUTE
    )
    text = "déjà vu".encode("latin-1")
    assert await status_of(esme, replace(message_id, text)) == Status.ESME_ROK
    time.advance(60)
    (await network.sri()).routes_to()
    fsm = await network.fsm()
    assert fsm.text == "déjà vu"
    fsm.returns()


async def test_a_replacement_changes_the_schedule_and_the_validity(
    esme: Esme, network: Network, store: Store, time: Time
) -> None:
    message_id = await esme.submits(NUMBER, schedule_delivery_time=IN_A_MINUTE)
    later = {"schedule_delivery_time": b"000000000200000R", "validity_period": b"000000000210000R"}
    assert await status_of(esme, replace(message_id, **later)) == Status.ESME_ROK
    time.advance(119)
    assert await store.depth() == (1, 0, 1)
    time.advance(1)
    sri = await network.sri()
    sri.fails(34)
    receipt = await esme.receipt(message_id)
    assert receipt.stat is MessageState.EXPIRED


async def test_what_is_queued_and_rescheduled_waits(
    make_node: MakeNode, network: Network, store: Store, time: Time
) -> None:
    node = make_node(starts=False)
    esme = node.bind()
    message_id = await esme.submits(NUMBER)
    request = replace(message_id, schedule_delivery_time=IN_A_MINUTE)
    assert await status_of(esme, request) == Status.ESME_ROK
    node.start()
    await store.until(stored=1, deferred=1)
    time.advance(60)
    (await network.sri()).routes_to()
    fsm = await network.fsm()
    assert fsm.text == "better"
    fsm.returns()


REPLACED_WRONGLY: dict[str, tuple[int, dict[str, Any]]] = {
    "no such time": (Status.ESME_RINVSCHED, {"schedule_delivery_time": b"990000000000000+"}),
    "too far ahead": (Status.ESME_RINVSCHED, {"schedule_delivery_time": b"000100000000000R"}),
    "scheduled beyond its validity": (
        Status.ESME_RINVSCHED,
        {"schedule_delivery_time": b"000002000000000R"},
    ),
    "valid until before it is due": (
        Status.ESME_RINVEXPIRY,
        {"validity_period": b"000000000030000R"},
    ),
    "nothing to say": (Status.ESME_RINVMSGLEN, {"short_message": b""}),
    "octets of no alphabet": (Status.ESME_RREPLACEFAIL, {"short_message": b"\xff"}),
    "no such default message": (Status.ESME_RINVDFTMSGID, {"sm_default_msg_id": 9}),
    "reserved bits": (Status.ESME_RINVREGDLVFLG, {"registered_delivery": 0x20}),
    "text in both places": (
        Status.ESME_ROPTPARNOTALLWD,
        {"tlvs": (MESSAGE_PAYLOAD(b"a"),)},
    ),
}


@pytest.mark.parametrize(("status", "fields"), REPLACED_WRONGLY.values(), ids=REPLACED_WRONGLY)
async def test_a_replacement_that_is_refused_changes_nothing(
    esme: Esme, network: Network, time: Time, *, status: int, fields: dict[str, Any]
) -> None:
    message_id = await esme.submits(NUMBER, schedule_delivery_time=IN_A_MINUTE)
    assert await status_of(esme, replace(message_id, **fields)) == status
    time.advance(60)
    (await network.sri()).routes_to()
    fsm = await network.fsm()
    assert fsm.text == "hello"
    fsm.returns()


async def test_of_what_has_begun_to_arrive_the_rest_stays_as_it_was(
    esme: Esme, network: Network, store: Store
) -> None:
    long = (MESSAGE_PAYLOAD(b"a" * 200),)
    message_id = await esme.submits(NUMBER, "", tlvs=long)
    (await network.sri()).routes_to()
    (await network.fsm()).returns(ends=False)
    (await network.fsm()).fails(34)
    await store.until(stored=1, deferred=1)
    assert await status_of(esme, replace(message_id)) == Status.ESME_RREPLACEFAIL
    assert await status_of(esme, cancel(message_id)) == Status.ESME_ROK
    assert (await esme.receipt(message_id)).delivered == 1


async def test_ids_have_the_form_that_the_account_wants(
    make_node: MakeNode, network: Network
) -> None:
    forms = {"id_format": IdFormat.DECIMAL, "receipt_id_format": IdFormat.HEXADECIMAL}
    accounts = [
        account.model_copy(update=forms) if account.system_id == "demo" else account
        for account in config().accounts
    ]
    node = make_node(settings=config(accounts=accounts))
    esme, other = node.bind(), node.bind("slow")
    message_id = await esme.submits(NUMBER, schedule_delivery_time=IN_A_MINUTE)
    assert message_id.isdecimal()
    for wanted in (message_id, f"{int(message_id):020x}", f"0{message_id}"):
        assert (await state_of(esme, wanted))[0] == MessageState.ENROUTE
    assert await status_of(esme, cancel(message_id)) == Status.ESME_ROK
    told = f"{int(message_id):020x}"
    await esme.receipt(told)
    assert RECEIPTED_MESSAGE_ID.of(esme.receipt_pdu(told)) == told.encode()
    theirs = await other.submits(NUMBER, schedule_delivery_time=IN_A_MINUTE)
    assert len(theirs) == 20


async def test_without_redis_nothing_is_known(
    make_node: MakeNode, valve: tuple[Valve, str], quick: None
) -> None:
    link, url = valve
    esme = make_node(url, patient=False).bind()
    message_id = await esme.submits(NUMBER, schedule_delivery_time=IN_A_MINUTE)
    link.shut()
    for ask, _ in ASKED.values():
        assert await status_of(esme, ask(message_id)) == Status.ESME_RSYSERR
    assert await status_of(esme, cancel_all()) == Status.ESME_RSYSERR
    link.open()
    assert await status_of(esme, cancel(message_id)) == Status.ESME_ROK
