"""Whatever a peer sends: one answer, nothing raised, nothing that grows."""

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telecom.net.smpp.link import LinkLimits
from telecom.smpp import fields
from telecom.smpp.codec import encode
from telecom.smpp.declarations import DECLARATIONS
from telecom.smpp.pdus import (
    BroadcastSm,
    CancelBroadcastSm,
    CancelSm,
    DataSm,
    DistributionList,
    Pdu,
    QueryBroadcastSm,
    QuerySm,
    ReplaceSm,
    SmeAddress,
    SubmitMulti,
    SubmitSm,
)
from telecom.smpp.tlvs import TLV_TYPES, Tlv
from tests.net.smpp_peer import until
from tests.smsc_sim.world import a_submit

EVERYTHING = {
    "action": {
        "reply": {"text": "$text $text"},
        "alert": {},
        "receipt": {
            "unasked": True,
            "template": "$id $stat $text",
            "intermediate": [{"state": "ENROUTE"}],
        },
    }
}


def without_nul(octets: bytes) -> bytes:
    """Return what can come off the wire as a C-octet string."""
    return octets.replace(b"\0", b"x")


MESSAGE_IDS = st.sampled_from([b"1000000001", b"1000000002", b""]) | st.binary(max_size=64).map(
    without_nul
)
DESTINATION = st.builds(SmeAddress, st.just(1), st.just(1), st.sampled_from([b"1", b"2"]))
LIST = st.builds(DistributionList, st.sampled_from([b"friends", b"foes"]))
TIMES = st.sampled_from([b"", b"000000000100000R", b"991231235959900+", b"x" * 16])
TLVS = st.lists(st.builds(Tlv, st.sampled_from(list(TLV_TYPES)), st.binary(max_size=8)), max_size=3)
BY_NAME: dict[str, st.SearchStrategy[Any]] = {
    "message_id": MESSAGE_IDS,
    "dest_addresses": st.lists(DESTINATION | LIST, max_size=3).map(tuple),
    "schedule_delivery_time": TIMES,
    "validity_period": TIMES,
    "source_addr": st.sampled_from([b"1", b"2"]) | st.binary(max_size=20).map(without_nul),
}


def value(name: str, field: fields.Field) -> st.SearchStrategy[Any]:
    if name in BY_NAME:
        return BY_NAME[name]
    if isinstance(field, fields.Integer):
        return st.integers(0, 255)
    if isinstance(field, fields.CString):
        return st.binary(max_size=field.size - 1).map(without_nul)
    return st.binary(max_size=254)


def requests() -> st.SearchStrategy[Pdu]:
    kinds = (
        SubmitSm, SubmitMulti, DataSm, BroadcastSm, QuerySm, CancelSm, ReplaceSm,
        QueryBroadcastSm, CancelBroadcastSm,
    )  # fmt: skip
    return st.one_of(
        st.builds(
            kind,
            **{name: value(name, field) for name, field in DECLARATIONS[kind].items()},
            tlvs=TLVS.map(tuple),
        )
        for kind in kinds
    )


@given(asked=st.lists(requests(), max_size=5))
@settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_whatever_is_asked_is_answered_once_and_what_follows_can_be_sent(world, asked):
    lab = world(EVERYTHING)
    session = lab.session()
    for request in asked:
        answer = session.ask(request)
        assert answer.command_id == request.command_id | 0x80000000
        encode(answer, 1)
        lab.pass_time(0.05)
    lab.pass_time(200)
    for pdu in session.news():
        encode(pdu, 1)


async def test_who_is_answered_little_by_little_cannot_make_us_keep_much(start, connect):
    dribble = {"octets": 1, "seconds": 0.01}
    simulator = await start({"match": {"nth": [1]}, "action": {"dribble": dribble}})
    peer = await connect(simulator)
    await peer.bind()
    (session,) = simulator.control.sessions()
    session.limit(LinkLimits(out_buffer=500))
    for sequence in range(1, 101):
        peer.send(a_submit(registered_delivery=0), sequence)
    await until(lambda: not session.is_reading)
    answers = [await peer.receive() for _ in range(100)]
    assert [answer.sequence_number for answer in answers] == list(range(1, 101))
    await until(lambda: session.is_reading)


async def test_who_never_gets_a_response_is_still_read(peer):
    client = await peer({"match": {"source": {"equals": "123"}}, "action": {"response": "never"}})
    for sequence in range(1, 6001):  # more than a session may have without a response
        client.send(a_submit(registered_delivery=0), sequence)
    answer = await client.ask(a_submit(source_addr=b"other", registered_delivery=0), 7000)
    assert answer.sequence_number == 7000


async def test_who_goes_away_in_the_middle_of_a_dribble_harms_nobody(start, connect):
    dribble = {"octets": 1, "seconds": 0.01}
    simulator = await start({"action": {"dribble": dribble, "receipt": {"delay": 0}}})
    peer = await connect(simulator)
    await peer.bind()
    peer.send(a_submit(), 1)
    await peer._reader.readexactly(3)
    peer.writer.transport.abort()
    await until(lambda: not simulator.control.sessions())
    other = await connect(simulator)
    await other.bind()
    async with asyncio.timeout(5):
        assert (await other.receive()).command_status == 0
