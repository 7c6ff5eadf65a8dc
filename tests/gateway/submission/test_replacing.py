"""replace_if_present_flag: one message in the place of what waits, whoever else wants it."""

import asyncio

import pytest

from telecom.net.tasks import spawn
from telecom.smpp.status import CommandStatus as Status
from telecom.sms.receipt import MessageState
from tests.gateway.conftest import MakeNode
from tests.gateway.network import Network, Time, serves
from tests.gateway.pipeline import Node, Store, config, eventually
from tests.gateway.scripted_esme import Esme
from tests.gateway.valve import Valve

NUMBER = "447700900123"
IN_A_MINUTE = b"000000000100000R"

pytestmark = pytest.mark.usefixtures("quick")


async def test_what_waits_is_deleted_and_the_new_one_has_an_id_of_its_own(
    esme: Esme, network: Network, store: Store, time: Time
) -> None:
    old = await esme.submits(NUMBER, "one new message", service_type=b"VMN")
    (await network.sri()).fails(6)
    await store.until(stored=1, deferred=1)
    new = await esme.submits(
        NUMBER, "two new messages", service_type=b"VMN", replace_if_present_flag=1
    )
    assert new != old
    assert (await esme.receipt(old)).stat is MessageState.DELETED
    (await network.sri()).routes_to()
    fsm = await network.fsm()
    assert fsm.text == "two new messages"
    fsm.returns()
    assert (await esme.receipt(new)).stat is MessageState.DELIVRD
    time.advance(900)
    assert await store.depth() == (0, 0, 0)
    assert len(esme.receipts()) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"service_type": b"WAP"},
        {"source_addr": b"38591000199"},
        {"destination": "447700900124"},
    ],
    ids=str,
)
async def test_what_has_another_address_or_service_stays(
    esme: Esme, store: Store, *, other: dict[str, str | bytes]
) -> None:
    later = {"schedule_delivery_time": IN_A_MINUTE}
    await esme.submits(NUMBER, "a", **later)
    await esme.submits(**{"destination": NUMBER, "replace_if_present_flag": 1, **later, **other})
    assert await store.depth() == (2, 0, 2)
    assert esme.receipts() == []


async def test_what_another_account_sends_stays(node: Node, esme: Esme, store: Store) -> None:
    later = {"schedule_delivery_time": IN_A_MINUTE}
    await esme.submits(NUMBER, "a", **later)
    await node.bind("slow").submits(NUMBER, replace_if_present_flag=1, **later)
    assert await store.depth() == (2, 0, 2)


async def test_what_is_on_its_way_is_delivered_too(
    esme: Esme, network: Network, store: Store
) -> None:
    await esme.submits(NUMBER, "a")
    sri = await network.sri()
    await esme.submits(NUMBER, "b", replace_if_present_flag=1)
    for asked in (sri, await network.sri()):
        asked.routes_to()
        (await network.fsm()).returns()
    await store.until(stored=0)
    assert [text for _, text in network.arrived] == ["a", "b"]


async def test_of_many_at_once_on_two_nodes_the_last_one_is_left(
    make_node: MakeNode, network: Network, store: Store, time: Time
) -> None:
    network.automatic = serves
    esmes = [make_node(name=name).bind() for name in "ab"]
    ids = await asyncio.gather(
        *[
            esme.submits(
                NUMBER, str(n), schedule_delivery_time=IN_A_MINUTE, replace_if_present_flag=1
            )
            for n in range(5)
            for esme in esmes
        ]
    )
    assert await store.depth() == (1, 0, 1)
    time.advance(60)
    await store.until(stored=0)
    await eventually(lambda: sum(len(esme.receipts()) for esme in esmes), 10)
    told = [receipt for esme in esmes for receipt in esme.receipts()]
    assert sorted(receipt.id for receipt in told) == sorted(ids)
    assert (
        sorted(receipt.stat for receipt in told)
        == [MessageState.DELIVRD] + [MessageState.DELETED] * 9
    )
    assert len(network.arrived) == 1


async def test_it_counts_for_the_rate_and_for_no_second_one(node: Node, store: Store) -> None:
    esme = node.bind("slow")
    answers = [
        esme.status(NUMBER, schedule_delivery_time=IN_A_MINUTE, replace_if_present_flag=1)
        for _ in range(8)
    ]
    statuses = await asyncio.gather(*answers)
    assert statuses.count(Status.ESME_RTHROTTLED) == 3
    assert await store.depth() == (1, 0, 1)


async def test_when_redis_goes_away_the_others_of_the_batch_are_answered_once(
    make_node: MakeNode, valve: tuple[Valve, str], store: Store
) -> None:
    link, url = valve
    esme = make_node(url, patient=False, settings=config()).bind()
    accepting = link.hold("accept", reply=True)
    later = {"schedule_delivery_time": IN_A_MINUTE}
    plain = asyncio.gather(*[esme.status(NUMBER, **later) for _ in range(2)])
    replacing = spawn(esme.status(NUMBER, replace_if_present_flag=1, **later), name="replace")
    await accepting.reached()
    finding = link.hold("find")
    accepting.release()
    await finding.reached()
    link.shut()
    assert await plain == [Status.ESME_ROK] * 2
    assert await replacing == Status.ESME_RSYSERR
    assert await store.depth() == (2, 0, 2)


async def test_what_was_stored_before_redis_went_away_is_answered_so(
    make_node: MakeNode, valve: tuple[Valve, str], store: Store
) -> None:
    link, url = valve
    esme = make_node(url, patient=False).bind()
    fields = {"schedule_delivery_time": IN_A_MINUTE, "replace_if_present_flag": 1}
    await esme.submits("447700900124", **fields)  # Redis knows the scripts now
    storing = link.hold("replace", reply=True)
    two = asyncio.gather(*[esme.status(NUMBER, **fields) for _ in range(2)])
    await storing.reached()
    finding = link.hold("find")
    storing.release()
    await finding.reached()
    link.shut()
    assert await two == [Status.ESME_ROK, Status.ESME_RSYSERR]
    assert await store.depth() == (2, 0, 2)
