"""What a peer sees on the wire, octet by octet, of each thing that may go wrong there."""

import asyncio

import pytest

from telecom.smpp.codec import Undecodable, encode
from telecom.smpp.pdus import (
    BindReceiver,
    BindTransceiver,
    BindTransceiverResp,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    SubmitSm,
    SubmitSmResp,
    Unbind,
)
from telecom.smpp.receipts import receipt_of
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import CONGESTION_STATE
from tests.net.smpp_peer import Peer, until
from tests.smsc_sim.world import a_submit

SUBMIT = a_submit(registered_delivery=0)
ACCEPTED = SubmitSmResp(b"1000000001", sequence_number=7)
OTHERS = {"match": {"source": {"equals": "other"}}}
"""Fits none of the messages that are to go wrong: what comes after is answered as usual."""


async def octets_until_end(peer: Peer) -> bytes:
    async with asyncio.timeout(5):
        return await peer._reader.read()


async def goes_on(peer: Peer) -> bool:
    """Whether the next message is answered as if nothing had been."""
    answer = await peer.ask(a_submit(source_addr=b"other", registered_delivery=0), 99)
    return isinstance(answer, SubmitSmResp) and answer.sequence_number == 99


async def test_a_normal_response_and_a_status(peer):
    rule = {"match": {"destination": {"ending": "911"}}, "action": {"status": "ESME_RMSGQFUL"}}
    client = await peer(rule)
    assert await client.ask(SUBMIT, 7) == ACCEPTED
    refused = await client.ask(a_submit("44911"), 8)
    assert refused == SubmitSmResp(command_status=Status.ESME_RMSGQFUL, sequence_number=8)


async def test_a_vendor_status_with_parameters(peer):
    client = await peer({"action": {"status": 0x401, "tlvs": {"congestion_state": "32"}}})
    refused = await client.ask(SUBMIT, 7)
    assert refused.command_status == 0x401
    assert CONGESTION_STATE.of(refused) == 0x32


async def test_a_response_that_never_comes(peer):
    client = await peer(OTHERS, {"action": {"response": "never"}})
    client.send(SUBMIT, 7)
    assert await goes_on(client)


async def test_a_lost_response_and_its_receipt(peer):
    client = await peer({"action": {"response": "never", "receipt": {"delay": 0}}})
    client.send(a_submit(), 7)
    receipt = await client.receive()
    assert isinstance(receipt, DeliverSm)
    assert receipt_of(receipt).id == "1000000001"


async def test_a_receipt_before_the_response(peer):
    client = await peer({"action": {"receipt": {"early": True}}})
    client.send(a_submit(), 7)
    first, second = await client.receive(), await client.receive()
    assert isinstance(first, DeliverSm)
    assert receipt_of(first).id.encode() == second.message_id
    assert second == ACCEPTED


async def test_a_response_that_comes_twice(peer):
    client = await peer(OTHERS, {"action": {"response": "twice"}})
    assert await client.ask(SUBMIT, 7) == await client.receive() == ACCEPTED
    assert await goes_on(client)


async def test_a_response_with_another_sequence_number(peer):
    client = await peer(OTHERS, {"action": {"response": "wrong_sequence"}})
    response = await client.ask(SUBMIT, 7)
    assert (response.sequence_number, response.message_id) == (0x10007, b"1000000001")
    assert await goes_on(client)


@pytest.mark.parametrize("status", [Status.ESME_ROK, Status.ESME_RTHROTTLED])
async def test_a_generic_nack(peer, status):
    client = await peer(OTHERS, {"action": {"response": "generic_nack", "status": status}})
    expected = status or Status.ESME_RUNKNOWNERR
    nack = GenericNack(command_status=expected, sequence_number=7)
    assert await client.ask(SUBMIT, 7) == nack
    assert await goes_on(client)


async def test_garbage_of_the_rule(peer):
    client = await peer({"action": {"response": "garbage", "octets": "00ff10", "then": "close"}})
    client.send(SUBMIT, 7)
    assert await octets_until_end(client) == b"\x00\xff\x10"


async def test_garbage_is_the_same_with_the_same_seed(peer):
    seen = []
    for seed in (1, 1, 2):
        client = await peer({"action": {"response": "garbage", "then": "close"}}, seed=seed)
        client.send(SUBMIT, 7)
        seen.append(await octets_until_end(client))
    assert len(seen[0]) == 32
    assert seen[0] == seen[1] != seen[2]


@pytest.mark.parametrize(
    ("response", "octets"),
    [
        ("never", b""),
        ("normal", encode(ACCEPTED)),
        ("partial", encode(ACCEPTED)[:13]),
    ],
)
async def test_the_connection_is_closed_before_in_or_after_the_response(peer, response, octets):
    client = await peer({"action": {"response": response, "then": "close"}})
    client.send(SUBMIT, 7)
    assert await octets_until_end(client) == octets


async def test_the_connection_is_reset(peer):
    client = await peer({"action": {"response": "never", "then": "reset"}})
    client.send(SUBMIT, 7)
    with pytest.raises(ConnectionResetError):
        await octets_until_end(client)


async def test_the_smsc_unbinds(peer):
    client = await peer({"action": {"then": "unbind"}})
    assert await client.ask(SUBMIT, 7) == ACCEPTED
    assert isinstance(await client.receive(), Unbind)


async def test_a_response_in_small_pieces(peer):
    dribble = {"octets": 5, "seconds": 0.001}
    client = await peer(OTHERS, {"action": {"dribble": dribble, "then": "close"}})
    client.send(SUBMIT, 7)
    client.send(a_submit(source_addr=b"other", registered_delivery=0), 8)
    pieces = []
    async with asyncio.timeout(5):
        while piece := await client._reader.read(100):
            pieces.append(piece)
    second = SubmitSmResp(b"1000000002", sequence_number=8)
    assert b"".join(pieces) == encode(ACCEPTED) + encode(second)
    assert len(pieces[0]) == 5


async def test_two_responses_in_small_pieces_do_not_mix(peer):
    dribble = {"octets": 7, "seconds": 0.001}
    client = await peer(
        {"match": {"nth": [1]}, "action": {"dribble": dribble}},
        {"action": {"dribble": dribble, "then": "close"}},
    )
    client.send(SUBMIT, 7)
    client.send(SUBMIT, 8)
    assert await client.receive() == ACCEPTED
    assert await client.receive() == SubmitSmResp(b"1000000002", sequence_number=8)
    assert await client.at_end()


async def test_nothing_at_all_in_small_pieces(peer):
    dribble = {"octets": 7, "seconds": 0.001}
    client = await peer({"action": {"response": "never", "dribble": dribble, "then": "close"}})
    client.send(SUBMIT, 7)
    assert await octets_until_end(client) == b""


async def test_delayed_responses_come_in_another_order(peer):
    client = await peer({"match": {"nth": [1]}, "action": {"delay": 0.05}})
    client.send(SUBMIT, 7)
    client.send(SUBMIT, 8)
    assert [(await client.receive()).sequence_number for _ in range(2)] == [8, 7]


async def test_an_enquire_link_is_answered_unless_a_rule_says_otherwise(peer):
    client = await peer()
    assert await client.ask(EnquireLink(), 5) == EnquireLinkResp(sequence_number=5)
    rule = {"match": {"operations": ["enquire_link"]}, "action": {"response": "never"}}
    client = await peer(rule)
    client.send(EnquireLink(), 5)
    assert await client.ask(SUBMIT, 7) == ACCEPTED


async def test_binds_are_refused(start, connect):
    rule = {"match": {"operations": ["bind"], "nth": [1]}, "action": {"status": "ESME_RBINDFAIL"}}
    client = await connect(await start(rule))
    assert (await client.bind()).command_status == Status.ESME_RBINDFAIL
    assert (await client.bind()).command_status == Status.ESME_ROK


@pytest.mark.parametrize(
    ("system_id", "password"), [(b"demo", b"no"), (b"nobody", b"demo"), (b"nobody", b"")]
)
async def test_a_wrong_password_does_not_bind(start, connect, system_id, password):
    client = await connect(await start())
    refused = await client.bind(BindTransceiver(system_id, password))
    assert refused.command_status == Status.ESME_RINVPASWD
    assert (await client.ask(SUBMIT, 7)).command_status == Status.ESME_RINVBNDSTS


@pytest.mark.parametrize("action", [{"response": "generic_nack"}, {"then": "close"}])
async def test_a_bind_that_goes_wrong(start, connect, action):
    rule = {"match": {"operations": ["bind_transceiver"]}, "action": action}
    client = await connect(await start(rule))
    answer = await client.bind()
    if "then" in action:
        assert isinstance(answer, BindTransceiverResp)
        assert await client.at_end()
    else:
        assert answer == GenericNack(command_status=Status.ESME_RBINDFAIL, sequence_number=1)


async def test_a_bind_without_an_answer_and_one_that_takes_its_time(start, connect):
    rules = [
        {"match": {"operations": ["bind"], "nth": [1]}, "action": {"response": "never"}},
        {"match": {"operations": ["bind"]}, "action": {"delay": 0.01}},
    ]
    simulator = await start(*rules)
    silent, late = await connect(simulator), await connect(simulator)
    silent.send(BindReceiver(b"demo", b"demo"), 1)
    await until(lambda: simulator.smsc.deliveries.receivers("demo") == 1)
    assert (await late.bind()).command_status == Status.ESME_ROK


async def test_a_limit_of_requests_in_hand(peer):
    client = await peer(
        {"match": {"in_hand_above": 2}, "action": {"status": "ESME_RTHROTTLED"}},
        {"action": {"delay": 0.05}},
    )
    for sequence in (1, 2, 3):
        client.send(SUBMIT, sequence)
    answers = [await client.receive() for _ in range(3)]
    assert [(each.sequence_number, each.command_status) for each in answers] == [
        (3, Status.ESME_RTHROTTLED),
        (1, Status.ESME_ROK),
        (2, Status.ESME_ROK),
    ]


async def test_a_peer_of_3_3_gets_no_parameters(peer):
    bind = BindTransceiver(b"demo", b"demo", interface_version=0x33)
    client = await peer({"action": {"receipt": {"delay": 0}}}, bind=bind)
    await client.ask(a_submit(), 7)
    receipt = await client.receive()
    assert (receipt.tlvs, receipt.esm_class) == ((), 0x04)


async def test_a_receipt_that_is_not_taken_comes_again(peer):
    limits = {"attempts": 3, "retry_after": 0.01}
    client = await peer({"action": {"receipt": {"delay": 0}}}, limits=limits)
    await client.ask(a_submit(), 7)
    for _ in range(2):
        receipt = await client.receive()
        busy = DeliverSmResp(command_status=Status.ESME_RX_T_APPN)
        client.send(busy, receipt.sequence_number)
    receipt = await client.receive()
    client.send(DeliverSmResp(), receipt.sequence_number)
    assert await client.ask(SUBMIT, 9) == SubmitSmResp(b"1000000002", sequence_number=9)


async def test_undecodable_requests_are_answered_as_ever(peer):
    client = await peer({"action": {"response": "never"}})
    broken = encode(SubmitSm(), 7)
    client.send((len(broken) - 4).to_bytes(4, "big") + broken[4:-4])
    answer = await client.receive()
    assert not isinstance(answer, Undecodable)
    assert answer.command_status == Status.ESME_RINVCMDLEN
