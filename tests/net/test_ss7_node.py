"""Two nodes on loopback: a question about a number over every transport, and what can go wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from telecom.net.back_off import BackOff
from telecom.net.capture import Capture
from telecom.net.map_call import MapAborted, MapCallError, MapTimeout, MapUserError
from telecom.net.ss7_node import Ss7Node, Ss7NodeConfig
from telecom.ss7.m3ua.association import Timers
from telecom.ss7.map.contexts import SHORT_MSG_GATEWAY_V3
from telecom.ss7.map.errors import ErrorCode
from telecom.ss7.map.messages import (
    AddressString,
    LocationInfoWithLmsi,
    RoutingInfoForSmArg,
    RoutingInfoForSmRes,
)
from telecom.ss7.map.primitives import Delimited, Invoked, MapIndication
from telecom.ss7.sccp.address import SccpAddress
from tests.oracles import tshark
from tests.oracles.kernel import with_sctp

GATEWAY = SccpAddress.of_gt("38591000001", 8)
HLR = SccpAddress.of_gt("447700900000", 6)
QUESTION = RoutingInfoForSmArg(
    msisdn=AddressString("447700900123"),
    sm_rp_pri=True,
    service_centre_address=AddressString("38591000001"),
)
ANSWER = RoutingInfoForSmRes(
    imsi="234900000000123",
    location_info_with_lmsi=LocationInfoWithLmsi(network_node_number=AddressString("491555900000")),
)
NETWORK = Ss7NodeConfig(
    url="tcp://127.0.0.1:0",
    listen=True,
    point_code=201,
    peer_point_code=101,
    routing_context=1,
    application_servers=((2, 102),),
)
CLIENT = Ss7NodeConfig(
    url="",
    point_code=101,
    peer_point_code=201,
    routing_context=1,
    local_gts=("38591",),
    back_off=BackOff(first=0.02, longest=0.02),
)
TRANSPORTS = ["tcp", "udp", pytest.param("sctp", marks=with_sctp)]


class Hlr:
    """Answers every question, or does as its `reply` does."""

    def __init__(self) -> None:
        self.node: Ss7Node
        self.batches: list[int] = []
        self.reply: Callable[[Invoked], None] = self.answer

    def handle(self, indications: list[MapIndication]) -> None:
        self.batches.append(len(indications))
        for indication in indications:
            if isinstance(indication, Invoked):
                self.reply(indication)

    def answer(self, invoked: Invoked) -> None:
        self.node.map.result(invoked.dialogue, invoked.invoke_id, ANSWER, self.node.now())
        self.node.map.close(invoked.dialogue, self.node.now())

    def fail(self, invoked: Invoked) -> None:
        code = ErrorCode.UNKNOWN_SUBSCRIBER
        self.node.map.error(invoked.dialogue, invoked.invoke_id, code, self.node.now())
        self.node.map.close(invoked.dialogue, self.node.now())

    def go_on(self, invoked: Invoked) -> None:
        self.node.map.result(invoked.dialogue, invoked.invoke_id, ANSWER, self.node.now())
        self.node.map.delimit(invoked.dialogue, self.node.now())

    def abort(self, invoked: Invoked) -> None:
        self.node.map.abort(invoked.dialogue, self.node.now())

    def keep_silent(self, invoked: Invoked) -> None:
        pass


class Lab:
    """Starts nodes, and stops them in the reverse order."""

    def __init__(self, running: AsyncExitStack) -> None:
        self.running = running
        self.hlr = Hlr()

    async def network(self, config: Ss7NodeConfig = NETWORK, **options: Any) -> Ss7Node:
        self.hlr.node = await self.started(Ss7Node(config, self.hlr.handle, **options))
        return self.hlr.node

    async def client(self, network: Ss7Node, **changes: Any) -> Ss7Node:
        node = await self.started(self.unstarted_client(network, **changes))
        await node.active(5)
        return node

    def unstarted_client(self, network: Ss7Node, capture: Any = None, **changes: Any) -> Ss7Node:
        assert network.address is not None
        url = f"{changes.pop('transport', 'tcp')}://127.0.0.1:{network.address[1]}"
        config = msgspec.structs.replace(CLIENT, url=url, **changes)
        return Ss7Node(config, self.unexpected, capture=capture)

    async def started(self, node: Ss7Node) -> Ss7Node:
        self.running.push_async_callback(node.close)
        await node.start()
        return node

    def unexpected(self, indications: list[MapIndication]) -> None:
        raise AssertionError(indications)


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with AsyncExitStack() as running:
        yield Lab(running)


async def ask(node: Ss7Node, **options: Any) -> Any:
    options = {"called": HLR, "calling": GATEWAY} | options
    return await node.call(SHORT_MSG_GATEWAY_V3, QUESTION, **options)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_question_is_answered(lab: Lab, transport: str) -> None:
    config = msgspec.structs.replace(NETWORK, url=f"{transport}://127.0.0.1:0")
    network = await lab.network(config)
    node = await lab.client(network, transport=transport)
    assert await ask(node) == ANSWER
    answers = await asyncio.gather(*[ask(node) for _ in range(100)])
    assert answers == [ANSWER] * 100
    assert len(node.map) == len(network.map) == 0


async def test_who_connects_and_says_nothing_keeps_no_asp_out(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telecom.net.links.link.MOST_LINKS", 2)
    network = await lab.network()
    first = await lab.client(network)
    assert network.address is not None
    silent = [await asyncio.open_connection(*network.address) for _ in range(5)]
    second = await lab.client(network)
    assert (await ask(first), await ask(second)) == (ANSWER, ANSWER)
    for reader, writer in silent:
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()


async def test_a_routing_context_may_be_registered_for(lab: Lab) -> None:
    network = await lab.network()
    node = await lab.client(network, routing_context=None, registers=True)
    assert await ask(node) == ANSWER


async def test_a_hundred_questions_are_one_write_and_one_batch(lab: Lab) -> None:
    network = await lab.network()
    node = await lab.client(network)
    lab.hlr.batches.clear()
    await asyncio.gather(*[ask(node) for _ in range(100)])
    assert sum(lab.hlr.batches) == 300  # opened, invoked, delimited
    assert len(lab.hlr.batches) <= 3


async def test_what_the_peer_answers_instead(lab: Lab) -> None:
    node = await lab.client(await lab.network())
    lab.hlr.reply = lab.hlr.fail
    with pytest.raises(MapUserError) as raised:
        await ask(node)
    assert raised.value.code == ErrorCode.UNKNOWN_SUBSCRIBER
    lab.hlr.reply = lab.hlr.abort
    with pytest.raises(MapAborted, match="Aborted"):
        await ask(node)
    lab.hlr.reply = lab.hlr.go_on
    assert await ask(node) == ANSWER
    lab.hlr.reply = lab.hlr.keep_silent
    with pytest.raises(MapTimeout):
        await ask(node, timeout=0.05)
    await until(lambda: len(node.map) == 0)


async def test_what_cannot_be_routed_comes_back(lab: Lab) -> None:
    node = await lab.client(await lab.network())
    with pytest.raises(MapAborted, match="Undeliverable"):
        await ask(node, called=SccpAddress.of_gt("447700900000", 99))


async def test_a_call_that_is_given_up_leaves_nothing_behind(lab: Lab) -> None:
    node = await lab.client(await lab.network())
    lab.hlr.reply = lab.hlr.keep_silent
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await ask(node)
    assert len(node.map) == 0


async def test_closing_fails_what_is_under_way_and_tells_the_gateway(lab: Lab) -> None:
    network = await lab.network()
    node = await lab.client(network)
    lab.hlr.reply = lab.hlr.keep_silent
    question = asyncio.gather(ask(node), return_exceptions=True)
    await until(lambda: len(network.map) == 1)
    await node.close()
    (error,) = await question
    assert isinstance(error, MapCallError)
    with pytest.raises(TimeoutError):
        await network.active(0.0)


async def test_each_asp_gets_the_answers_to_what_it_asked(lab: Lab) -> None:
    network = await lab.network()
    first = await lab.client(network)
    second = await lab.client(network, point_code=102, routing_context=2)
    lab.hlr.reply = lab.hlr.keep_silent
    with pytest.raises(MapTimeout):
        await ask(first, timeout=0.05)
    lab.hlr.reply = lab.hlr.answer
    answers = await asyncio.gather(*[ask(node) for node in (first, second) for _ in range(20)])
    assert answers == [ANSWER] * 40


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_it_connects_whenever_the_gateway_is_there(lab: Lab, transport: str) -> None:
    config = msgspec.structs.replace(NETWORK, url=f"{transport}://127.0.0.1:0")
    network = await lab.network(config)
    node = lab.unstarted_client(
        network, transport=transport, timers=Timers(acknowledgement=0.02, heartbeat=0.05)
    )
    assert network.address is not None
    port = network.address[1]
    await network.close()
    await lab.started(node)
    with pytest.raises(TimeoutError):
        await node.active(0.1)
    there = msgspec.structs.replace(config, url=f"{transport}://127.0.0.1:{port}")
    network = await lab.network(there)
    await node.active(5)
    assert await ask(node) == ANSWER
    await network.close()
    await until(lambda: not node.stack.mtp.is_active)
    await lab.network(there)
    await node.active(5)
    assert await ask(node) == ANSWER


async def test_a_silent_gateway_is_left_and_tried_again(lab: Lab) -> None:
    connections = 0

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(accept, "127.0.0.1", 0)
    url = f"tcp://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
    timers = Timers(acknowledgement=0.02, heartbeat=0.03)
    config = msgspec.structs.replace(CLIENT, url=url, timers=timers)
    node = await lab.started(Ss7Node(config, lab.unexpected))
    await until(lambda: connections >= 2)
    await node.close()
    silent.close()


async def test_garbage_hurts_only_who_sends_it(lab: Lab) -> None:
    network = await lab.network()
    node = await lab.client(network)
    assert network.address is not None
    reader, writer = await asyncio.open_connection(*network.address)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    answer = await reader.read()
    assert answer[:4] == bytes.fromhex("01000000")
    writer.close()
    assert await ask(node) == ANSWER


async def test_a_user_that_raises_does_not_stop_the_node(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    node = await lab.client(await lab.network())

    def explode(invoked: Invoked) -> None:
        raise RuntimeError("a bug in the user")

    lab.hlr.reply = explode
    with pytest.raises(MapTimeout):
        await ask(node, timeout=0.05)
    lab.hlr.reply = lab.hlr.answer
    assert await ask(node) == ANSWER
    assert "a bug in the user" in caplog.text


async def test_a_port_in_use_is_an_os_error(lab: Lab) -> None:
    for transport in ("tcp", "udp"):
        config = msgspec.structs.replace(NETWORK, url=f"{transport}://127.0.0.1:0")
        network = await lab.network(config)
        assert network.address is not None
        taken = msgspec.structs.replace(config, url=f"{transport}://127.0.0.1:{network.address[1]}")
        with pytest.raises(OSError, match="(?i)address already in use"):
            await Ss7Node(taken, lab.unexpected).start()


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_a_capture_shows_both_directions(lab: Lab, tmp_path: Path, transport: str) -> None:
    path = tmp_path / "capture.pcap"
    capture = Capture(path)
    config = msgspec.structs.replace(NETWORK, url=f"{transport}://127.0.0.1:0")
    node = await lab.client(await lab.network(config), transport=transport, capture=capture)
    assert await ask(node) == ANSWER
    await node.close()
    capture.close()
    packets = tshark.read_capture(path)
    assert [packet.complaints for packet in packets] == [()] * len(packets)
    seen = [packet.fields.get("m3ua.message_type", [""])[0] for packet in packets]
    assert seen[:2] == ["1", "4"]  # ASPUP and its acknowledgement
    questions = [p for p in packets if "gsm_old.invokeId" in p.fields or "gsm_map" in p.protocols]
    assert len(questions) == 2


async def test_indications_of_other_dialogues_reach_the_user(lab: Lab) -> None:
    network = await lab.network()
    heard: list[MapIndication] = []
    client = lab.unstarted_client(network)
    client._on_indications = heard.extend
    node = await lab.started(client)
    await node.active(5)
    lab.hlr.reply = lab.hlr.go_on
    node.map.open(
        SHORT_MSG_GATEWAY_V3,
        called=HLR,
        calling=GATEWAY,
        now=node.now(),
        invoke=QUESTION,
        reference="mine",
    )
    node.flush_soon()
    await until(lambda: any(isinstance(said, Delimited) for said in heard))
    assert {said.reference for said in heard} == {"mine"}
