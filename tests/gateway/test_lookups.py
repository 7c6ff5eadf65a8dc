"""Number lookup: an SRI-SM that is charged once, and that no message can follow."""

import asyncio
from typing import Any

import pytest

from telecom.gateway.access.account import Account
from telecom.gateway.lookups import LookupRefused
from telecom.net.tasks import spawn
from telecom.ss7.map.contexts import SHORT_MSG_GATEWAY_V3
from telecom.ss7.sccp.primitives import ReturnCause
from tests.gateway.conftest import MakeNode
from tests.gateway.network import Network, Time
from tests.gateway.pipeline import Node, Store
from tests.gateway.valve import Valve

NUMBER = "447700900123"
ACCOUNT = Account(system_id="demo", full_subscriber_data=True)


def looks_up(node: Node, number: str = NUMBER) -> "asyncio.Task[dict[str, Any]]":
    return spawn(node.lookups.query(ACCOUNT, number), name="lookup")


async def test_reachable(node: Node, network: Network, store: Store) -> None:
    answer = looks_up(node)
    (await network.sri()).routes_to()
    assert (await answer)["status"] == "reachable"
    (charge,) = await store.charges()
    assert charge == f"number-lookup:{(await answer)['id']}"
    assert await store.evidence() == []


@pytest.mark.parametrize(
    ("code", "status"),
    [(1, "unknown_subscriber"), (6, "absent"), (13, "barred"), (34, "undetermined")],
)
async def test_not_reachable(node: Node, network: Network, code: int, status: str) -> None:
    answer = looks_up(node)
    (await network.sri()).fails(code)
    assert (await answer)["status"] == status


async def test_an_older_hlr(node: Node, network: Network) -> None:
    network.speaks_not(node.wire, SHORT_MSG_GATEWAY_V3)
    answer = looks_up(node)
    sri = await network.sri()
    assert sri.version == 2
    sri.routes_to()
    assert (await answer)["status"] == "reachable"


async def test_no_answer(node: Node, network: Network, time: Time) -> None:
    answer = looks_up(node)
    await network.sri()
    time.advance(15.2)
    assert (await answer)["status"] == "undetermined"


async def test_no_way_to_the_operator(node: Node, network: Network) -> None:
    network.unreachable = {NUMBER: ReturnCause.NO_TRANSLATION_FOR_ADDRESS}
    assert (await looks_up(node))["status"] == "undetermined"


async def test_the_hlr_is_left_as_it_was_by_who_goes_away(
    node: Node, network: Network, store: Store
) -> None:
    answer = looks_up(node)
    sri = await network.sri()
    answer.cancel()
    sri.routes_to()
    await asyncio.gather(answer, return_exceptions=True)
    assert node.lookups._under_way == 0
    assert len(await store.charges()) == 1


@pytest.mark.parametrize("number", ["33612345678", "12"])
async def test_a_number_of_nobody_costs_nothing(node: Node, store: Store, number: str) -> None:
    with pytest.raises(LookupRefused) as refused:
        await node.lookups.query(ACCOUNT, number)
    assert refused.value.http_status == 422
    assert await store.charges() == {}


async def test_too_many_at_once_cost_nothing(node: Node, network: Network, store: Store) -> None:
    answers = [looks_up(node, f"44770090012{digit}") for digit in range(2)]
    asked = [await network.sri() for _ in answers]
    with pytest.raises(LookupRefused) as refused:
        await node.lookups.query(ACCOUNT, NUMBER)
    assert refused.value.http_status == 429
    for sri in asked:
        sri.routes_to()
    await asyncio.gather(*answers)
    assert len(await store.charges()) == 2


async def test_without_a_link_it_costs_nothing(node: Node, store: Store) -> None:
    node.is_active = False
    with pytest.raises(LookupRefused) as refused:
        await node.lookups.query(ACCOUNT, NUMBER)
    assert refused.value.http_status == 503
    assert await store.charges() == {}


async def test_without_redis_nobody_is_asked(
    make_node: MakeNode, valve: tuple[Valve, str], network: Network, quick: None
) -> None:
    link, url = valve
    node = make_node(url, patient=False)
    link.shut()
    with pytest.raises(LookupRefused) as refused:
        await node.lookups.query(ACCOUNT, NUMBER)
    assert refused.value.http_status == 503
    assert network.waiting == []


async def test_more_dialogues_than_there_may_be(make_node: MakeNode, network: Network) -> None:
    node = make_node(max_dialogues=1)
    first = looks_up(node)
    sri = await network.sri()
    assert (await looks_up(node))["status"] == "undetermined"
    sri.routes_to()
    await first
