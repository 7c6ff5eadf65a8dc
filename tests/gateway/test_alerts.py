"""Alerts that come at the wrong moment: whenever it is, no message goes on waiting."""

import pytest

from telecom.smpp.pdus import AlertNotification
from telecom.smpp.tlvs import MESSAGE_PAYLOAD, MS_AVAILABILITY_STATUS, SET_DPF
from telecom.sms.receipt import MessageState
from telecom.ss7.map.contexts import SHORT_MSG_ALERT_V2
from telecom.ss7.map.messages import AddressString, AlertServiceCentreArg, ReportSmDeliveryStatusArg
from tests.gateway.conftest import MakeNode
from tests.gateway.network import GATEWAY, Network
from tests.gateway.pipeline import Node, Store, eventually
from tests.gateway.scripted_esme import Esme
from tests.gateway.valve import Valve

NUMBER = "447700900123"


async def alert(node: Node, network: Network, number: str = NUMBER) -> None:
    """Tell the node that a number is back, and wait until it has understood."""
    argument = AlertServiceCentreArg(
        msisdn=AddressString(number), service_centre_address=AddressString(GATEWAY)
    )
    begun = network.begins(node.wire, SHORT_MSG_ALERT_V2, argument)
    await eventually(begun.kinds, ["Accepted", "Returned", "Closed"])


async def delivers(esme: Esme, network: Network, message_id: str) -> None:
    (await network.sri()).routes_to()
    (await network.fsm()).returns()
    assert (await esme.receipt(message_id)).stat is MessageState.DELIVRD


async def test_while_the_hlr_is_asked(node: Node, esme: Esme, network: Network) -> None:
    message_id = await esme.submits(NUMBER)
    sri = await network.sri()
    await alert(node, network)
    sri.fails(6)
    await delivers(esme, network, message_id)


async def test_while_the_serving_node_is_asked(node: Node, esme: Esme, network: Network) -> None:
    message_id = await esme.submits(NUMBER)
    (await network.sri()).routes_to()
    fsm = await network.fsm()
    await alert(node, network)
    fsm.fails(6)
    (await network.asked(ReportSmDeliveryStatusArg)).returns()
    await delivers(esme, network, message_id)


@pytest.mark.parametrize("reply", [False, True], ids=["on its way", "done"])
async def test_while_the_message_is_put_off(
    make_node: MakeNode, valve: tuple[Valve, str], network: Network, *, reply: bool
) -> None:
    link, url = valve
    node = make_node(url)
    esme = node.bind()
    message_id = await esme.submits(NUMBER)
    deferring = link.hold("defer", reply=reply)
    (await network.sri()).fails(6)
    await deferring.reached()
    await alert(node, network)
    deferring.release()
    await delivers(esme, network, message_id)


async def test_of_one_number_wakes_its_messages_alone(
    node: Node, esme: Esme, network: Network, store: Store
) -> None:
    first = [await esme.submits(NUMBER) for _ in range(3)]
    await esme.submits("447700900124")
    for _ in range(4):
        (await network.sri()).fails(6)
    await store.until(stored=4, deferred=4)
    await alert(node, network)
    for _ in first:
        (await network.sri()).routes_to()
        (await network.fsm()).returns()
    for message_id in first:
        await esme.receipt(message_id)
    await store.until(stored=1, deferred=1)


async def test_that_redis_does_not_hear_is_refused_so_that_it_comes_again(
    make_node: MakeNode, valve: tuple[Valve, str], network: Network, store: Store, quick: None
) -> None:
    link, url = valve
    node = make_node(url, patient=False)
    esme = node.bind()
    message_id = await esme.submits(NUMBER)
    (await network.sri()).fails(6)
    await store.until(stored=1, deferred=1)
    link.shut()
    argument = AlertServiceCentreArg(
        msisdn=AddressString(NUMBER), service_centre_address=AddressString(GATEWAY)
    )
    begun = network.begins(node.wire, SHORT_MSG_ALERT_V2, argument)
    await eventually(begun.kinds, ["Accepted", "Failed", "Closed"])
    link.open()
    await alert(node, network)
    await delivers(esme, network, message_id)


@pytest.mark.parametrize("mode", [0, 1], ids=["stored", "datagram"])
@pytest.mark.parametrize("early", [False, True], ids=["later", "under way"])
async def test_who_asked_for_it_hears_once_that_a_number_is_back(
    node: Node, esme: Esme, network: Network, store: Store, *, mode: int, early: bool
) -> None:
    for _ in range(2):
        tlvs = (MESSAGE_PAYLOAD(b"hello"), SET_DPF(1))
        await esme.send(esme.data_sm(NUMBER, esm_class=mode, tlvs=tlvs))
        sri = await network.sri()
        if early:
            await alert(node, network)
            sri.fails(6)
            if mode == 0:
                (await network.sri()).fails(1)
        else:
            sri.fails(6)
            await store.until(stored=1 - mode, deferred=1 - mode)
            await alert(node, network)
            if mode == 0:
                (await network.sri()).fails(1)
        await store.until(stored=0)
        await esme.until(lambda: bool(esme.notified))
        (told,) = esme.notified
        assert isinstance(told, AlertNotification)
        assert (told.source_addr, told.esme_addr) == (NUMBER.encode(), b"38591000100")
        assert MS_AVAILABILITY_STATUS.of(told) == 0
        await alert(node, network)
        await eventually(lambda: node.outbox.depth(["demo"]), {"demo": 0})
        assert len(esme.notified) == 1
        esme.notified.clear()


async def test_who_did_not_ask_or_was_told_why_at_once_hears_nothing(
    node: Node, esme: Esme, network: Network, store: Store
) -> None:
    await esme.submits(NUMBER, receipt=0, esm_class=1)
    (await network.sri()).fails(6)
    await esme.submits(NUMBER, receipt=0, tlvs=(SET_DPF(1),))
    (await network.sri()).fails(1)
    await store.until(stored=0)
    await alert(node, network)
    assert esme.notified == []
    assert await node.outbox.depth(["demo"]) == {"demo": 0}
