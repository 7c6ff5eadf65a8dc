"""The simulator over real TCP: a gateway's SS7 node on one side, its control API on the other."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import httpx
import pytest

from hlr_sim.config import HlrSimConfig
from hlr_sim.simulator import Simulator
from telecom.net.map_call import MapTimeout, MapUserError
from telecom.net.ss7_node import Ss7Node, Ss7NodeConfig
from telecom.ss7.map import contexts as ac
from telecom.ss7.map.messages import (
    AddressString,
    AlertServiceCentreArg,
    MoForwardSmArg,
    MtForwardSmArg,
    RoutingInfoForSmArg,
    RoutingInfoForSmRes,
    SmRpDa,
    SmRpOa,
)
from telecom.ss7.map.primitives import Delimited, Invoked, MapIndication
from telecom.ss7.sccp.address import SccpAddress

GATEWAY = "38591000001"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Gateway:
    """The other end of the link: asks, takes what the network begins, and answers it."""

    def __init__(self, url: str) -> None:
        config = Ss7NodeConfig(
            url=url,
            listen=False,
            point_code=101,
            peer_point_code=201,
            network_indicator=2,
            routing_context=1,
            local_gts=(GATEWAY,),
        )
        self.node = Ss7Node(config, self._indications)
        self.patience = 5.0
        self.invoked: asyncio.Queue[Any] = asyncio.Queue()
        self._answers: dict[int, int] = {}

    def _indications(self, indications: list[MapIndication]) -> None:
        for indication in indications:
            if isinstance(indication, Invoked):
                self._answers[indication.dialogue] = indication.invoke_id
                self.invoked.put_nowait(indication.argument)
            elif isinstance(indication, Delimited):
                now = self.node.now()
                invoke_id = self._answers.pop(indication.dialogue)
                self.node.map.result(indication.dialogue, invoke_id, None, now)
                self.node.map.close(indication.dialogue, now)

    async def call(self, context: Any, argument: Any, called: str, ssn: int) -> Any:
        return await self.node.call(
            context,
            argument,
            called=SccpAddress.of_gt(called, ssn),
            calling=SccpAddress.of_gt(GATEWAY, 8),
            timeout=self.patience,
        )

    async def sri(self, msisdn: str) -> Any:
        argument = RoutingInfoForSmArg(
            msisdn=AddressString(msisdn),
            sm_rp_pri=True,
            service_centre_address=AddressString(GATEWAY),
        )
        return await self.call(ac.SHORT_MSG_GATEWAY_V3, argument, msisdn, 6)

    async def fsm(self, routing: Any, tpdu: bytes) -> Any:
        argument = MtForwardSmArg(
            sm_rp_da=SmRpDa(imsi=routing.imsi),
            sm_rp_oa=SmRpOa(service_centre_address_oa=AddressString(GATEWAY)),
            sm_rp_ui=tpdu,
        )
        node = routing.location_info_with_lmsi.network_node_number.digits
        return await self.call(ac.SHORT_MSG_MT_RELAY_V3, argument, node, 8)


@pytest.fixture(params=["tcp"])
async def simulator(configs: Any, request: Any) -> AsyncIterator[Simulator]:
    config = HlrSimConfig.model_validate(
        {
            "operators": "operators.toml",
            "comes_back_after": 0.2,
            "m3ua": {"url": f"{request.param}://127.0.0.1:{free_port()}"},
            "http": {"port": 0},
        }
    )
    async with Simulator(config, base=configs) as running:
        yield running


@pytest.fixture
async def gateway(simulator: Simulator) -> AsyncIterator[Gateway]:
    gateway = Gateway(simulator.addresses["M3UA (HLR simulator)"])
    await gateway.node.start()
    try:
        await gateway.node.active(5)
        yield gateway
    finally:
        await gateway.node.close()


@pytest.fixture
async def api(simulator: Simulator) -> AsyncIterator[httpx.AsyncClient]:
    url = simulator.addresses["HLR simulator's control API"]
    async with httpx.AsyncClient(base_url=url) as client:
        yield client


@pytest.mark.parametrize("simulator", ["tcp", "udp"], indirect=True)
async def test_a_message_is_routed_and_delivered(gateway, api, make_network):
    routing = await gateway.sri("447700900123")
    await gateway.fsm(routing, make_network.tpdus("hello")[0])
    (message,) = (await api.get("/subscribers/447700900123/messages")).json()
    assert message["text"] == "hello"
    assert (await api.get("/correlation")).json()["verdicts"]["match"] == 1
    assert (await api.get("/healthz")).json() == {"status": "ok", "ss7_link": True, "dialogues": 0}


MAGIC: dict[str, tuple[Any, Any]] = {  # what SRI-SM brings, what MT-ForwardSM brings
    "901": (6, None),
    "902": (1, None),
    "903": (("26290", "4915559001"), "delivered"),
    "904": (("23490", "4915559000"), "delivered"),
    "905": (13, None),
    "906": (("23490", "4477009000"), 32),
    "907": ("no answer", None),
    "908": (("23490", "4477009000"), 34),
    "909": (11, None),
    "910": (("23490", "4477009300"), "delivered"),
    "911": (("23490", "4477009001"), "no answer"),
    "912": (("23490", "4477009000"), "delivered"),
    "913": (("26290", "62819001"), "delivered"),
}


async def test_every_magic_number(gateway, api, make_network):
    gateway.patience = 1.5
    (tpdu,) = make_network.tpdus("hello")

    async def attempt(msisdn: str) -> tuple[Any, Any]:
        routing = await outcome(gateway.sri(msisdn))
        if not isinstance(routing, RoutingInfoForSmRes):
            return routing, None
        node = routing.location_info_with_lmsi.network_node_number.digits
        delivery = await outcome(gateway.fsm(routing, tpdu))
        return (routing.imsi[:5], node), "delivered" if delivery is None else delivery

    numbers = [f"447700900{ending}" for ending in MAGIC]
    outcomes = await asyncio.gather(*map(attempt, numbers))
    assert dict(zip(MAGIC, outcomes, strict=True)) == MAGIC
    for number, (_, delivery) in zip(numbers, outcomes, strict=True):
        received = (await api.get(f"/subscribers/{number}/messages")).json()
        assert [message["text"] for message in received] == ["hello"] * (delivery == "delivered")


async def outcome(call: Awaitable[Any]) -> Any:
    """Return the result, the error's code, or that there was no answer."""
    try:
        return await call
    except MapUserError as error:
        return error.code
    except MapTimeout:
        return "no answer"


async def test_many_questions_at_once_are_all_answered(gateway):
    numbers = [f"4477009{number:05}" for number in range(200)]
    answers = await asyncio.gather(*map(gateway.sri, numbers))
    assert [answer.imsi for answer in answers] == [f"23490{0:05}{n[-5:]}" for n in numbers]


async def test_who_comes_back_is_alerted_by_itself(gateway):
    with pytest.raises(MapUserError, match="6"):
        await gateway.sri("447700900901")
    alert = await asyncio.wait_for(gateway.invoked.get(), 5)
    assert isinstance(alert, AlertServiceCentreArg)
    assert alert.msisdn.digits == "447700900901"
    assert (await gateway.sri("447700900901")).imsi


async def test_who_is_made_reachable_is_alerted_at_once(gateway, api):
    await api.patch("/subscribers/447700900123", json={"absent": True})
    with pytest.raises(MapUserError, match="6"):
        await gateway.sri("447700900123")
    await api.patch("/subscribers/447700900123", json={"reachable": True})
    alert = await asyncio.wait_for(gateway.invoked.get(), 5)
    assert alert.msisdn.digits == "447700900123"


async def test_a_handset_writes_over_tcp(gateway, api):
    await api.post(
        "/subscribers/447700900123/messages", json={"destination": "38591000100", "text": "hi"}
    )
    argument = await asyncio.wait_for(gateway.invoked.get(), 5)
    assert isinstance(argument, MoForwardSmArg)
    await gateway.sri("447700900123")  # the link keeps the order: our answer has arrived before
    (sent,) = (await api.get("/subscribers/447700900123/sent")).json()
    assert sent["status"] == "sent"
