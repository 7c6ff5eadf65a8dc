"""Messages from handsets: to whom they go, what they cost, and what a handset is told."""

import asyncio
from typing import Any

import pytest

from telecom.gateway.inbound.from_network import FromNetwork
from telecom.smpp.short_message import user_data_of
from telecom.sms.address import Address
from telecom.sms.alphabets import Alphabet
from telecom.sms.data_coding import data_coding_scheme
from telecom.sms.segmentation import split
from telecom.sms.tpdu import SmsCommand, SmsSubmit, encode_tpdu
from telecom.sms.user_data import UserData
from telecom.ss7.map.contexts import (
    SHORT_MSG_GATEWAY_V3,
    SHORT_MSG_MO_RELAY_V2,
    SHORT_MSG_MO_RELAY_V3,
    SHORT_MSG_RELAY_V1,
    ApplicationContext,
)
from telecom.ss7.map.messages import (
    AddressString,
    ForwardSmArg,
    MoForwardSmArg,
    RoutingInfoForSmArg,
    SmRpDa,
    SmRpOa,
)
from tests.gateway.conftest import MakeNode
from tests.gateway.network import GATEWAY, Begun, Network
from tests.gateway.pipeline import Node, Store, config, eventually
from tests.gateway.scripted_esme import Esme
from tests.gateway.valve import Valve

HANDSET = "447700900123"
OWNED = "38591000100"
ANSWERED = ["Accepted", "Returned", "Closed"]
REFUSED = ["Accepted", "Failed", "Closed"]


def mo(
    text: str | UserData = "hello",
    *,
    to: Address | None = None,
    centre: str = GATEWAY,
    reference: int = 1,
    reject_duplicates: bool = False,
    tpdu: bytes | None = None,
) -> MoForwardSmArg:
    user_data = text if isinstance(text, UserData) else split(text, 1)[0]
    submit = SmsSubmit(
        destination_address=to or Address(OWNED),
        user_data=user_data,
        message_reference=reference,
        data_coding_scheme=data_coding_scheme(user_data.alphabet),
        reject_duplicates=reject_duplicates,
    )
    return MoForwardSmArg(
        sm_rp_da=SmRpDa(service_centre_address_da=AddressString(centre)),
        sm_rp_oa=SmRpOa(msisdn=AddressString(HANDSET)),
        sm_rp_ui=encode_tpdu(submit) if tpdu is None else tpdu,
    )


async def said(begun: Begun, kinds: list[str]) -> Any:
    """Wait until the node has said all this; return what it said in the middle."""
    await eventually(begun.kinds, kinds)
    return begun.said[1]


async def test_it_goes_to_the_owner_of_the_number(
    node: Node, esme: Esme, network: Network, store: Store
) -> None:
    other = node.bind("slow")
    begun = network.begins(node.wire, SHORT_MSG_MO_RELAY_V3, mo("grüß dich"))
    await said(begun, ANSWERED)
    await esme.until(esme.messages)
    (pdu,) = esme.messages()
    assert (pdu.source_addr, pdu.destination_addr) == (HANDSET.encode(), OWNED.encode())
    assert user_data_of(pdu).text == "grüß dich"
    (charge,) = await store.charges()
    assert charge.startswith("sms-mo:")
    assert other.delivered == []


@pytest.mark.parametrize("context", [SHORT_MSG_MO_RELAY_V2, SHORT_MSG_RELAY_V1])
async def test_it_comes_in_older_versions_as_well(
    node: Node, esme: Esme, network: Network, context: ApplicationContext
) -> None:
    new = mo()
    old = ForwardSmArg(sm_rp_da=new.sm_rp_da, sm_rp_oa=new.sm_rp_oa, sm_rp_ui=new.sm_rp_ui)
    await said(network.begins(node.wire, context, old), ANSWERED)
    await esme.until(esme.messages)


async def test_an_empty_begin_is_answered_before_the_message(
    node: Node, esme: Esme, network: Network
) -> None:
    begun = network.begins(node.wire, SHORT_MSG_MO_RELAY_V3, mo(), empty_begin=True)
    await said(begun, ANSWERED)
    await esme.until(esme.messages)


async def test_a_number_that_nobody_owns(node: Node, network: Network, store: Store) -> None:
    begun = network.begins(node.wire, SHORT_MSG_MO_RELAY_V3, mo(to=Address("38591000999")))
    failed = await said(begun, REFUSED)
    assert (failed.code, failed.parameter.sm_enumerated_delivery_failure_cause) == (32, 5)
    assert await store.charges() == {}


@pytest.mark.parametrize(
    "to",
    [Address("38591000999"), Address.alphanumeric("ΔΦΓΛΩ"), Address("*#abc", 0)],
    ids=["no account's", "a name in Greek", "no digits"],
)
async def test_a_default_owner_gets_what_nobody_else_owns(
    make_node: MakeNode, network: Network, to: Address
) -> None:
    node = make_node(settings=config(mo_default_account="demo"))
    esme = node.bind()
    await said(network.begins(node.wire, SHORT_MSG_MO_RELAY_V3, mo(to=to)), ANSWERED)
    await esme.until(esme.messages)
    assert esme.messages()[0].dest_addr_ton == to.ton


async def test_another_service_centre(node: Node, network: Network) -> None:
    begun = network.begins(node.wire, SHORT_MSG_MO_RELAY_V3, mo(centre="38591000009"))
    failed = await said(begun, REFUSED)
    assert (failed.code, failed.parameter.sm_enumerated_delivery_failure_cause) == (32, 3)


COMMAND = encode_tpdu(
    SmsCommand(
        message_reference=1, command_type=0, message_number=1, destination_address=Address("1")
    )
)


@pytest.mark.parametrize(
    ("tpdu", "code"), [(b"\xff", 36), (b"\x01", 36), (COMMAND, 21)], ids=["none", "cut", "command"]
)
async def test_what_is_no_message(node: Node, network: Network, tpdu: bytes, code: int) -> None:
    begun = network.begins(node.wire, SHORT_MSG_MO_RELAY_V3, mo(tpdu=tpdu))
    assert (await said(begun, REFUSED)).code == code


async def test_an_operation_that_is_not_ours_to_serve(node: Node, network: Network) -> None:
    argument = RoutingInfoForSmArg(
        msisdn=AddressString(HANDSET),
        sm_rp_pri=True,
        service_centre_address=AddressString(GATEWAY),
    )
    begun = network.begins(node.wire, SHORT_MSG_GATEWAY_V3, argument)
    assert (await said(begun, REFUSED)).code == 21
    assert len(node.map) == 0


async def test_a_repetition_that_the_handset_wants_rejected(
    node: Node, esme: Esme, network: Network, store: Store
) -> None:
    again = mo(reject_duplicates=True)
    for argument in (again, again, mo(reject_duplicates=True, reference=2), again):
        await said(network.begins(node.wire, SHORT_MSG_MO_RELAY_V3, argument), ANSWERED)
    mark = mo("the last")
    await said(network.begins(node.wire, SHORT_MSG_MO_RELAY_V3, mark), ANSWERED)
    await esme.until(lambda: len(esme.messages()) == 3)
    assert len(await store.charges()) == 3


async def test_the_same_text_twice_is_two_messages(
    node: Node, esme: Esme, network: Network, store: Store
) -> None:
    for _ in range(2):
        await said(network.begins(node.wire, SHORT_MSG_MO_RELAY_V3, mo()), ANSWERED)
    await esme.until(lambda: len(esme.messages()) == 2)
    assert len(await store.charges()) == 2


async def test_octets_and_headers_arrive_as_they_were(
    node: Node, esme: Esme, network: Network
) -> None:
    for segment in split("é" * 200, 7):
        await said(network.begins(node.wire, SHORT_MSG_MO_RELAY_V3, mo(segment)), ANSWERED)
    binary = UserData(Alphabet.OCTETS, bytes(range(140)))
    await said(network.begins(node.wire, SHORT_MSG_MO_RELAY_V3, mo(binary)), ANSWERED)
    await esme.until(lambda: len(esme.messages()) == 3)
    *parts, last = [user_data_of(pdu) for pdu in esme.messages()]
    assert "".join(part.text for part in parts) == "é" * 200
    assert last == binary


async def test_it_waits_for_its_owner_to_bind(node: Node, network: Network, store: Store) -> None:
    await said(network.begins(node.wire, SHORT_MSG_MO_RELAY_V3, mo()), ANSWERED)
    esme = node.bind()
    await esme.until(esme.messages)


async def test_a_handset_hears_that_redis_was_away(
    make_node: MakeNode, valve: tuple[Valve, str], network: Network, store: Store, quick: None
) -> None:
    link, url = valve
    node = make_node(url, patient=False)
    link.shut()
    begun = network.begins(node.wire, SHORT_MSG_MO_RELAY_V3, mo())
    assert (await said(begun, REFUSED)).code == 34
    link.open()
    assert await store.charges() == {}


async def test_a_repetition_of_what_redis_stored_unheard_is_no_second_message(
    make_node: MakeNode, valve: tuple[Valve, str], network: Network, store: Store, quick: None
) -> None:
    link, url = valve
    node = make_node(url, patient=False)
    storing = link.hold("outbox_put", reply=True)
    begun = network.begins(node.wire, SHORT_MSG_MO_RELAY_V3, mo())
    await storing.reached()
    link.shut()
    await said(begun, REFUSED)
    link.open()
    await said(network.begins(node.wire, SHORT_MSG_MO_RELAY_V3, mo()), ANSWERED)
    await said(network.begins(node.wire, SHORT_MSG_MO_RELAY_V3, mo("the next")), ANSWERED)
    esme = node.bind()
    await esme.until(lambda: len(esme.messages()) == 2)
    assert len(await store.charges()) == 2


async def test_a_peer_that_leaves_before_the_answer_leaves_nothing_behind(
    make_node: MakeNode, valve: tuple[Valve, str], network: Network
) -> None:
    link, url = valve
    node = make_node(url)
    storing = link.hold("outbox_put")
    begun = network.begins(node.wire, SHORT_MSG_MO_RELAY_V3, mo(), empty_begin=True)
    await storing.reached()
    begun.ends(node.wire)
    await eventually(lambda: len(node.map), 0)
    storing.release()
    await node.from_network.drain()
    assert node.from_network._dialogues == {}


async def test_dialogues_that_say_nothing_end_by_themselves(
    node: Node, network: Network, time: Any
) -> None:
    node.wire.peer_says = 1
    network.begins(node.wire, SHORT_MSG_MO_RELAY_V3, mo(), empty_begin=True)
    await eventually(lambda: len(node.map), 1)
    time.advance(300)
    await asyncio.sleep(0)
    assert (len(node.map), node.from_network._dialogues) == (0, {})


async def test_a_fault_of_our_own_is_answered_and_ends_nothing_else(
    node: Node, esme: Esme, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(FromNetwork, "_accept_message", fails)
        begun = network.begins(node.wire, SHORT_MSG_MO_RELAY_V3, mo())
        assert (await said(begun, REFUSED)).code == 34
    begun = network.begins(node.wire, SHORT_MSG_MO_RELAY_V3, mo())
    await said(begun, ANSWERED)
