"""What a node says of itself when its Redis or its link is away."""

import pytest

from telecom.gateway.http import health
from telecom.gateway.http.health import Health
from tests.gateway.conftest import MakeNode
from tests.gateway.pipeline import Node, eventually
from tests.gateway.smsc import Smsc
from tests.gateway.valve import Valve


def of(node: Node) -> Health:
    return Health(node, node.queue, node.delivery.upstreams, node.metrics)  # type: ignore[arg-type]


async def test_nothing_is_wrong(node: Node) -> None:
    await node.bind().submits()
    assert await of(node).faults() == {}
    assert node.metric("telecom_queue_depth", state="stored") == 1


async def test_no_link(node: Node) -> None:
    node.is_active = False
    assert set(await of(node).faults()) == {"ss7"}


async def test_redis_refuses(make_node: MakeNode, valve: tuple[Valve, str], quick: None) -> None:
    link, url = valve
    node = make_node(url, patient=False)
    link.shut()
    assert set(await of(node).faults()) == {"redis"}


async def test_redis_says_nothing(
    make_node: MakeNode, valve: tuple[Valve, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_LONGEST_WAIT", 0.05)
    link, url = valve
    node = make_node(url)
    link.is_silent = True
    assert await of(node).faults() == {"redis": "no answer in 0.05 s"}
    link.is_silent = False
    assert await of(node).faults() == {}


async def test_an_upstream_that_is_away_is_shown_and_is_no_fault(node_up: Node, smsc: Smsc) -> None:
    assert of(node_up).upstreams == {"smsc": "1 of 1 bound"}
    await smsc.stop()
    await eventually(lambda: of(node_up).upstreams, {"smsc": "0 of 1 bound"})
    assert await of(node_up).faults() == {}
