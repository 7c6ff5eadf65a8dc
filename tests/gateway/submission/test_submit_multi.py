"""One submit_multi, several messages: what is told of them, together and of each."""

from typing import Any

import pytest
from msgspec.structs import replace

from telecom.gateway.access.account import IdFormat
from telecom.gateway.config import DistributionListTable
from telecom.smpp.pdus import (
    CancelSm,
    DistributionList,
    QuerySm,
    ReplaceSm,
    SmeAddress,
    SubmitMulti,
    SubmitMultiResp,
    UnsuccessSme,
)
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import USER_MESSAGE_REFERENCE
from telecom.sms.receipt import MessageState
from tests.gateway.conftest import MakeNode
from tests.gateway.network import Network, Time, serves
from tests.gateway.pipeline import Node, Store, config
from tests.gateway.scripted_esme import Esme
from tests.gateway.valve import Valve

NUMBERS = ("447700900123", "447700900124", "447700900125")
SOURCE = b"38591000100"
IN_A_MINUTE = b"000000000100000R"

pytestmark = pytest.mark.usefixtures("quick")


def to(*destinations: str) -> tuple[SmeAddress | DistributionList, ...]:
    return tuple(
        SmeAddress(1, 1, name.encode()) if name.isdigit() else DistributionList(name.encode())
        for name in destinations
    )


def submit_multi(*destinations: str, **fields: Any) -> SubmitMulti:
    values = {"source_addr": SOURCE, "source_addr_ton": 1, "source_addr_npi": 1}
    values |= {"registered_delivery": 1, "short_message": b"hello"}
    return SubmitMulti(dest_addresses=to(*destinations), **(values | fields))


async def submitted(esme: Esme, *destinations: str, **fields: Any) -> SubmitMultiResp:
    response = await esme.asks(submit_multi(*destinations, **fields))
    assert isinstance(response, SubmitMultiResp)
    return response


def failed(number: str, status: int) -> UnsuccessSme:
    return UnsuccessSme(1, 1, number.encode(), status)


def lists(*tables: dict[str, Any]) -> Any:
    return config(distribution_lists=[DistributionListTable(**table) for table in tables])


async def test_each_is_delivered_charged_and_told_of(
    esme: Esme, network: Network, store: Store
) -> None:
    network.automatic = serves
    response = await submitted(esme, *NUMBERS, tlvs=(USER_MESSAGE_REFERENCE(7),))
    assert (response.command_status, response.unsuccess_smes) == (Status.ESME_ROK, ())
    await esme.until(lambda: len(esme.receipts()) == 3)
    assert {receipt.id for receipt in esme.receipts()} == {response.message_id.decode()}
    assert {pdu.source_addr.decode() for pdu in esme.delivered} == set(NUMBERS)
    assert {USER_MESSAGE_REFERENCE.of(pdu) for pdu in esme.delivered} == {7}
    charges = await store.charges()
    assert (len(charges), charges.total()) == (3, 3)
    assert len(network.arrived) == 3


async def test_some_fail_with_a_status_of_their_own(esme: Esme, store: Store) -> None:
    response = await submitted(esme, "33612345678", NUMBERS[0], "12")
    assert response.command_status == Status.ESME_ROK
    assert set(response.unsuccess_smes) == {
        failed("33612345678", Status.ESME_RINVDSTADR),
        failed("12", Status.ESME_RINVDSTADR),
    }
    assert (await store.depth())[0] == 1


@pytest.mark.parametrize(
    ("status", "destinations", "fields"),
    [
        (Status.ESME_RINVDSTADR, ("33612345678", "12"), {}),
        (Status.ESME_RSUBMITFAIL, ("33612345678", "nobody"), {}),
        (Status.ESME_RINVDLNAME, ("nobody",), {}),
        (Status.ESME_RINVMSGLEN, NUMBERS, {"short_message": b""}),
        (Status.ESME_RINVPRTFLG, NUMBERS, {"priority_flag": 4}),
    ],
)
async def test_what_is_wrong_with_all_of_them_is_the_status(
    esme: Esme, store: Store, *, status: int, destinations: tuple[str, ...], fields: Any
) -> None:
    response = await submitted(esme, *destinations, **fields)
    assert (response.command_status, response.message_id) == (status, b"")
    assert len(response.unsuccess_smes) == len(destinations)
    assert await store.depth() == (0, 0, 0)


@pytest.mark.parametrize("count", [0, 255])
async def test_there_are_1_to_254_destinations(esme: Esme, *, count: int) -> None:
    numbers = [f"44770090{number:04}" for number in range(count)]
    response = await esme.asks(submit_multi(*numbers))
    assert response.command_status == Status.ESME_RINVNUMDESTS


async def test_a_list_stands_for_its_members_and_nobody_gets_it_twice(
    make_node: MakeNode, network: Network
) -> None:
    friends = {"name": "friends", "members": NUMBERS[:2]}
    theirs = {"name": "theirs", "account": "slow", "members": NUMBERS}
    network.automatic = serves
    node = make_node(settings=lists(friends, theirs))
    esme = node.bind()
    response = await submitted(esme, "friends", "theirs", NUMBERS[1], NUMBERS[2])
    assert response.unsuccess_smes == (UnsuccessSme(0, 0, b"theirs", Status.ESME_RINVDLNAME),)
    await esme.until(lambda: len(esme.receipts()) == 3)
    assert sorted(pdu.source_addr.decode() for pdu in esme.delivered) == list(NUMBERS)
    assert len(network.arrived) == 3


async def test_a_number_written_in_two_ways_gets_it_once(
    make_node: MakeNode, network: Network, store: Store
) -> None:
    network.automatic = serves
    node = make_node(settings=lists({"name": "friends", "members": NUMBERS[:1]}))
    esme = node.bind()
    number = NUMBERS[0].encode()
    addresses = (SmeAddress(0, 1, number), SmeAddress(1, 1, b"+" + number), *to("friends"))
    response = await esme.asks(replace(submit_multi(), dest_addresses=addresses))
    assert (response.command_status, response.unsuccess_smes) == (Status.ESME_ROK, ())
    await store.until(stored=0)
    assert len(network.arrived) == len(await store.charges()) == 1


async def test_lists_that_are_too_many_together_are_refused(make_node: MakeNode) -> None:
    many = [[f"4477009{place}{number:04}" for number in range(600)] for place in range(2)]
    tables = [{"name": f"l{place}", "members": tuple(them)} for place, them in enumerate(many)]
    esme = make_node(settings=lists(*tables), starts=False).bind()
    response = await submitted(esme, "l0", "l1")
    assert response.command_status == Status.ESME_ROK
    assert response.unsuccess_smes == (UnsuccessSme(0, 0, b"l1", Status.ESME_RCNTSUBDL),)


async def test_each_counts_for_the_rate(node: Node, store: Store) -> None:
    esme = node.bind("slow")
    numbers = [f"44770090{number:04}" for number in range(8)]
    response = await submitted(esme, *numbers)
    assert [each.error_status_code for each in response.unsuccess_smes] == [
        Status.ESME_RTHROTTLED
    ] * 3
    assert (await store.depth())[0] == 5


async def test_the_one_id_is_asked_about_cancelled_and_replaced(
    esme: Esme, network: Network, store: Store, time: Time
) -> None:
    response = await submitted(esme, *NUMBERS, schedule_delivery_time=IN_A_MINUTE)
    name = response.message_id
    query = QuerySm(message_id=name, source_addr=SOURCE)
    assert (await esme.asks(query)).message_state == MessageState.ENROUTE
    changed = ReplaceSm(
        message_id=name, source_addr=SOURCE, registered_delivery=1, short_message=b"better"
    )
    assert (await esme.asks(changed)).command_status == Status.ESME_ROK
    time.advance(60)
    for _ in NUMBERS[1:]:
        (await network.sri()).fails(34)
    (await network.sri()).fails(1)
    await store.until(stored=2, deferred=2)
    assert (await esme.asks(query)).message_state == MessageState.ENROUTE
    cancel = CancelSm(message_id=name, source_addr=SOURCE)
    assert (await esme.asks(cancel)).command_status == Status.ESME_ROK
    await esme.until(lambda: len(esme.receipts()) == 3)
    assert {receipt.text for receipt in esme.receipts()} == {"better"}
    ended = await esme.asks(query)
    assert (ended.message_state, ended.error_code) == (MessageState.UNDELIV, 1)
    assert (await esme.asks(cancel)).command_status == Status.ESME_RCANCELFAIL
    assert await store.depth() == (0, 0, 0)


async def test_the_one_id_has_the_form_that_the_account_wants(make_node: MakeNode) -> None:
    settings = config(messages={"default_validity": 3600, "id_format": IdFormat.DECIMAL})
    esme = make_node(settings=settings).bind()
    response = await submitted(esme, *NUMBERS, schedule_delivery_time=IN_A_MINUTE)
    assert response.message_id.isdigit()
    cancel = CancelSm(message_id=response.message_id, source_addr=SOURCE)
    assert (await esme.asks(cancel)).command_status == Status.ESME_ROK
    await esme.until(lambda: len(esme.receipts()) == 3)
    assert {receipt.id for receipt in esme.receipts()} == {response.message_id.decode()}


async def test_without_redis_none_is_taken(
    make_node: MakeNode, valve: tuple[Valve, str], store: Store
) -> None:
    link, url = valve
    esme = make_node(url, patient=False).bind()
    link.shut()
    response = await submitted(esme, *NUMBERS)
    assert response.command_status == Status.ESME_RSYSERR
    assert len(response.unsuccess_smes) == 3
    link.open()
    assert await store.depth() == (0, 0, 0)
