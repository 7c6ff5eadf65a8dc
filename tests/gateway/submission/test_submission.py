"""What is taken from an ESME, what is refused, and what a refusal costs: nothing."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.gateway.access.accounts import Accounts
from telecom.gateway.clock import Clock
from telecom.gateway.delivery.receipts import Receipts
from telecom.gateway.metrics import Metrics
from telecom.gateway.node import _routes
from telecom.gateway.submission.messaging import MessageStore, Messaging
from telecom.router.failures import Failure, FailureClass
from telecom.smpp.codec import decode
from telecom.smpp.pdus import DataSmResp, DeliverSm, SubmitSmResp
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import MESSAGE_PAYLOAD, QOS_TIME_TO_LIVE, Tlv
from telecom.sms.receipt import MessageState
from telecom.sms.tpdu import SmsDeliver, decode_tpdu, encode_tpdu
from telecom.store.limits import Demand
from telecom.store.node import MessageIds
from telecom.store.records import Message
from tests.gateway.conftest import MakeNode
from tests.gateway.network import Network, Time
from tests.gateway.pipeline import PARTITIONS, Node, Store, config
from tests.gateway.scripted_esme import Esme
from tests.gateway.valve import Valve

NUMBER = "447700900123"

REFUSED: dict[str, tuple[int, dict[str, Any]]] = {
    "no number": (Status.ESME_RINVDSTADR, {"destination": "12"}),
    "no digits": (Status.ESME_RINVDSTADR, {"destination": "44770090o123"}),
    "no route": (Status.ESME_RINVDSTADR, {"destination": "33612345678"}),
    "a name as destination": (Status.ESME_RINVDSTADR, {"dest_addr_ton": 5}),
    "a name too long": (
        Status.ESME_RINVSRCADR,
        {"source_addr": b"TwelveLetter", "source_addr_ton": 5},
    ),
    "a source of letters": (Status.ESME_RINVSRCADR, {"source_addr": b"abc"}),
    "nothing to say": (Status.ESME_RINVMSGLEN, {"text": ""}),
    "too long for 16 segments": (
        Status.ESME_RINVMSGLEN,
        {"text": "", "tlvs": (MESSAGE_PAYLOAD(b"a" * (16 * 153 + 1)),)},
    ),
    "a segment too long": (
        Status.ESME_RINVMSGLEN,
        {"text": b"\x05\x00\x03\x07\x02\x01" + b"a" * 160, "esm_class": 0x40},
    ),
    "text in both places": (
        Status.ESME_ROPTPARNOTALLWD,
        {"text": "a", "tlvs": (MESSAGE_PAYLOAD(b"a"),)},
    ),
    "a header that ends too late": (
        Status.ESME_RINVESMCLASS,
        {"text": b"\xffabc", "esm_class": 0x40},
    ),
    "no such time": (Status.ESME_RINVSCHED, {"schedule_delivery_time": b"990000000000000+"}),
    "valid in the past": (Status.ESME_RINVEXPIRY, {"validity_period": b"200101000000000+"}),
    "octets of no alphabet": (Status.ESME_RSUBMITFAIL, {"text": b"\xff", "data_coding": 0}),
}


@pytest.mark.parametrize(("status", "fields"), REFUSED.values(), ids=REFUSED)
async def test_a_refusal_leaves_nothing(
    esme: Esme, store: Store, status: int, fields: dict[str, Any]
) -> None:
    values = {"destination": NUMBER, "text": "hello", **fields}
    destination, text = values.pop("destination"), values.pop("text")
    assert await esme.status(destination, text, **values) == status
    assert await store.depth() == (0, 0, 0)
    assert await store.charges() == {}


async def test_the_longest_message(esme: Esme, network: Network) -> None:
    payload = (MESSAGE_PAYLOAD(b"a" * (16 * 153)),)
    message_id = await esme.submits(NUMBER, "", tlvs=payload)
    (await network.sri()).routes_to()
    for place in range(1, 17):
        (await network.fsm()).returns(ends=place == 16)
    assert (await esme.receipt(message_id)).delivered == 16


async def test_data_sm(esme: Esme, network: Network) -> None:
    tlvs = (MESSAGE_PAYLOAD(b"hello"), QOS_TIME_TO_LIVE(5))
    response = await esme.send(esme.data_sm(NUMBER, registered_delivery=1, tlvs=tlvs))
    assert isinstance(response, DataSmResp)
    (await network.sri()).routes_to()
    fsm = await network.fsm()
    assert fsm.text == "hello"
    fsm.returns()
    await esme.receipt(response.message_id.decode())


async def test_the_validity_of_data_sm_is_in_seconds(
    esme: Esme, network: Network, time: Time
) -> None:
    tlvs = (MESSAGE_PAYLOAD(b"hello"), QOS_TIME_TO_LIVE(5))
    response = await esme.send(esme.data_sm(NUMBER, registered_delivery=1, tlvs=tlvs))
    await network.sri()
    time.advance(5.2)
    assert (await esme.receipt(response.message_id.decode())).err == "400"


@pytest.mark.parametrize(
    ("system_id", "sender"), [("demo", "38591000100"), ("slow", "38591000200")]
)
async def test_who_names_no_sender_sends_from_the_accounts_number(
    node: Node, network: Network, system_id: str, sender: str
) -> None:
    esme = node.bind(system_id)
    await esme.submits(NUMBER, source_addr=b"", source_addr_ton=0)
    (await network.sri()).routes_to()
    fsm = await network.fsm()
    assert fsm.deliver.originating_address.digits == sender
    fsm.returns()


async def test_an_account_without_a_number_names_its_sender(node: Node) -> None:
    esme = node.bind("bare")
    assert await esme.status(NUMBER, source_addr=b"") == Status.ESME_RINVSRCADR
    assert await esme.status(NUMBER, source_addr=b"Acme", source_addr_ton=5) == Status.ESME_ROK


async def test_an_account_that_is_too_fast_is_throttled(
    node: Node, store: Store, time: Time
) -> None:
    esme = node.bind("slow")
    statuses = await asyncio.gather(*[esme.status(NUMBER) for _ in range(8)])
    assert statuses == [Status.ESME_ROK] * 5 + [Status.ESME_RTHROTTLED] * 3
    assert (await store.depth())[0] == 5
    time.advance(1)
    assert await esme.status(NUMBER) == Status.ESME_ROK


async def test_each_is_answered_once_though_redis_fails_in_between(
    make_node: MakeNode, valve: tuple[Valve, str], quick: None
) -> None:
    link, url = valve
    esme = make_node(url, patient=False).bind("slow")
    storing = link.hold("accept")
    answers = asyncio.gather(*[esme.status(NUMBER) for _ in range(8)])
    await storing.reached()
    link.shut()
    assert await answers == [Status.ESME_RSYSERR] * 5 + [Status.ESME_RTHROTTLED] * 3


async def test_a_route_that_is_full_throttles_its_own_messages_alone(esme: Esme) -> None:
    statuses = await asyncio.gather(*[esme.status("491555900123") for _ in range(4)])
    assert statuses == [Status.ESME_ROK] * 3 + [Status.ESME_RTHROTTLED]
    assert await esme.status(NUMBER) == Status.ESME_ROK


async def test_a_node_has_a_limit_of_its_own(make_node: MakeNode) -> None:
    node = make_node(settings=config(limits={"rate": 2}))
    esmes = [node.bind(), node.bind("slow"), node.bind()]
    statuses = await asyncio.gather(*[esme.status(NUMBER) for esme in esmes])
    assert sorted(statuses) == [Status.ESME_ROK] * 2 + [Status.ESME_RTHROTTLED]


async def test_many_submissions_of_one_read_are_answered_in_order(esme: Esme, node: Node) -> None:
    requests = [esme.submit_sm(NUMBER) for _ in range(1200)]
    responses = await asyncio.gather(*[esme.send(request) for request in requests])
    ids = [response.message_id for response in responses if isinstance(response, SubmitSmResp)]
    assert len(set(ids)) == 1200
    assert ids == sorted(ids)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    octets=st.binary(max_size=254),
    data_coding=st.integers(0, 255),
    esm_class=st.sampled_from((0, 0x40)),
    source=st.binary(max_size=20),
    ton=st.integers(0, 255),
    protocol_id=st.integers(0, 255),
    tlvs=st.lists(st.builds(Tlv, st.integers(0x0200, 0x0430), st.binary(max_size=8)), max_size=3),
)
def test_whatever_is_taken_can_be_sent(**fields: Any) -> None:
    """Every submit_sm is answered, and each that is accepted makes an SMS-DELIVER."""
    source = fields["source"].replace(b"\0", b"")
    asyncio.run(_submit_to_nobody(fields | {"source": source}))


class NoStore:
    """Takes everything, and stores nothing."""

    def __init__(self) -> None:
        self.accepted: list[Message] = []

    async def accept(self, messages: list[Message], _now: float) -> list[bool]:
        self.accepted += messages
        return [True] * len(messages)

    async def grant(self, demands: list[Demand], _now: float) -> list[int]:
        return [demand.count for demand in demands]


class NodeWithoutRedis:
    """Nothing but what takes submissions."""

    def __init__(self) -> None:
        self.store = NoStore()
        time = Time()
        settings = config()
        accounts = Accounts(settings.accounts)
        store: Any = self.store
        self.messaging = Messaging(
            settings,
            accounts,
            MessageStore(store, store, store, PARTITIONS, MessageIds(1)),
            routes=_routes(settings),
            receipts=Receipts(accounts),
            metrics=Metrics(),
            clock=Clock(time.monotonic, time.wall),
        )


async def _submit_to_nobody(fields: dict[str, Any]) -> None:
    node = NodeWithoutRedis()
    esme = Esme(node)
    values = dict(fields)
    octets, ton = values.pop("octets"), values.pop("ton")
    values |= {"source_addr": values.pop("source"), "source_addr_ton": ton}
    request = esme.submit_sm(NUMBER, octets, **(values | {"tlvs": tuple(fields["tlvs"])}))
    response = await esme.send(request)
    assert (response.command_status == 0) == bool(node.store.accepted)
    for message in node.store.accepted:
        _check_that_it_can_be_sent(message)


def _check_that_it_can_be_sent(message: Message) -> None:
    for segment in message.segments:
        deliver = SmsDeliver(
            originating_address=message.source,
            user_data=segment,
            service_centre_time_stamp=datetime(2026, 11, 22, tzinfo=UTC),
            protocol_identifier=message.protocol_id,
            data_coding_scheme=message.data_coding,
        )
        assert decode_tpdu(encode_tpdu(deliver), mobile_originated=False)
    failure = Failure(FailureClass.TEMPORARY, 34, "systemFailure")
    receipts = Receipts(Accounts(config().accounts))
    asked = msgspec.structs.replace(message, registered_delivery=1)
    (told,) = receipts.of_end(asked, MessageState.EXPIRED, now=Time.START, failure=failure)
    assert isinstance(decode(told), DeliverSm)
