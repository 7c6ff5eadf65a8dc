"""Nothing but a match leaves: what the gate makes of an attempt that the rule does not allow."""

import msgspec
import pytest

from telecom.router.gt_rule import Verdict
from telecom.store.gt_gate import GtGate as StoredGate
from telecom.store.records import FsmRequest
from tests.gateway.conftest import MakeNode
from tests.gateway.network import Network, Time
from tests.gateway.pipeline import Node, Store, eventually
from tests.gateway.scripted_esme import Esme
from tests.gateway.valve import Valve

NUMBER = "447700900123"

NOT_ALLOWED = {
    "another node than the answer's": {"node": "4477009999"},
    "another subscriber": {"imsi": "234900000000001"},
    "another title on SCCP": {"sccp_gt": "38591000002"},
    "another service centre": {"map_gt": "38591000002"},
    "another title on both": {"sccp_gt": "38591000002", "map_gt": "38591000002"},
    "no SRI-SM of its own": {"authorisation": "never heard of"},
    "too late": {"at": 2_000_000_000.0},
}


@pytest.mark.parametrize("changed", NOT_ALLOWED.values(), ids=NOT_ALLOWED)
async def test_what_does_not_match_is_held_back(
    node: Node,
    esme: Esme,
    network: Network,
    store: Store,
    *,
    changed: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The pipeline cannot ask so by itself; here a fault of ours makes it."""
    ask = StoredGate.authorise

    async def ask_otherwise(self: StoredGate, requests: list[FsmRequest]) -> list[Verdict]:
        return await ask(self, [msgspec.structs.replace(it, **changed) for it in requests])

    monkeypatch.setattr(StoredGate, "authorise", ask_otherwise)
    await esme.submits(NUMBER)
    (await network.sri()).routes_to()
    await store.until(stored=1, deferred=1)
    assert network.waiting == []
    assert await store.charges() == {}
    (pair,) = await store.evidence()
    assert pair.verdict != "match"
    assert node.metric("telecom_gt_verdicts_total", verdict=pair.verdict) == 1


async def test_an_sri_that_is_answered_before_it_is_on_record_waits_for_that(
    make_node: MakeNode, valve: tuple[Valve, str], network: Network, store: Store
) -> None:
    link, url = valve
    node = make_node(url)
    esme = node.bind()
    message_id = await esme.submits(NUMBER)
    recording = link.hold("sri_sent")
    (await network.sri()).routes_to()
    await recording.reached()
    assert network.waiting == []
    recording.release()
    (await network.fsm()).returns()
    await esme.receipt(message_id)
    assert [pair.verdict for pair in await store.evidence()] == ["match"]


async def test_every_attempt_has_an_sri_of_its_own(
    esme: Esme, network: Network, store: Store, time: Time
) -> None:
    message_id = await esme.submits(NUMBER)
    for attempt in range(3):
        (await network.sri()).routes_to()
        (await network.fsm()).fails(34)
        await store.until(stored=1, deferred=1)
        time.advance(30 * 2**attempt)
    (await network.sri()).routes_to()
    (await network.fsm()).returns()
    await esme.receipt(message_id)
    pairs = await store.evidence()
    assert [pair.verdict for pair in pairs] == ["match"] * 4
    assert len({pair.sri.authorisation for pair in pairs if pair.sri}) == 4


async def test_a_verdict_does_not_wait_for_the_records_of_others(
    make_node: MakeNode, valve: tuple[Valve, str], network: Network, store: Store
) -> None:
    """Under load there is always a record on its way to Redis."""
    link, url = valve
    node = make_node(url)
    esme = node.bind()
    message_id = await esme.submits(NUMBER)
    sri = await network.sri()
    await eventually(node.recorded, [True])
    recording = link.hold("sri_sent")
    await esme.submits("447700900124")
    await recording.reached()
    sri.routes_to()
    (await network.fsm()).returns()
    await esme.receipt(message_id)
    recording.release()
