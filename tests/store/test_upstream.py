"""Messages in the hands of upstreams: responses and receipts in either order, at any node."""

from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from telecom.sms.receipt import MessageState
from telecom.store.keys import Partitions
from telecom.store.lua import Client, round_trip
from telecom.store.messages import MessageQueue
from telecom.store.records import Depth, Message, Taken
from telecom.store.upstream import (
    Accepted,
    Bounds,
    Found,
    Told,
    UpstreamMessages,
    UpstreamReceipt,
)

from .conftest import NOW, Cut, MakeMessage, final

NUMBER = "88210555000"
DELIVERED = Told(MessageState.DELIVRD)
FAILED = Told(MessageState.UNDELIV, 5)
OVERDUE = NOW + 4000


@dataclass
class Store:
    queue: MessageQueue
    upstream: UpstreamMessages

    async def takes(self, *sent: Message) -> list[Taken]:
        await self.queue.accept(sent, NOW)
        return await self.queue.take("a", count=100, block=0)

    async def accepts(self, taken: Taken, upstream_id: str, *events: bytes) -> Told | None:
        """Record the next part; return the receipt that came before, if one did."""
        ids = (*taken.message.upstream_ids, upstream_id)
        become = replace(taken.message, upstream_ids=ids)
        (told,) = await self.upstream.accepted(
            [Accepted("up", taken, become, OVERDUE, events)], NOW
        )
        return told

    async def tells(
        self, upstream_id: str, told: Told = DELIVERED, *, number: str = NUMBER, final: bool = True
    ) -> Found | None:
        receipt = UpstreamReceipt("up", number, upstream_id, told, final)
        (found,) = await self.upstream.told([receipt], NOW)
        return found


@pytest.fixture
def store(redis: Client, partitions: Partitions) -> Store:
    return Store(MessageQueue(redis, partitions), UpstreamMessages(redis, partitions))


@pytest.fixture
async def taken(store: Store, message: MakeMessage) -> Taken:
    (taken,) = await store.takes(message(NUMBER))
    return taken


async def test_a_receipt_finds_its_message(store: Store, taken: Taken) -> None:
    assert await store.accepts(taken, "A1") is None
    assert await store.queue.depth() == Depth(stored=1, queued=0, deferred=1)
    found = await store.tells("A1")
    assert found == Found(replace(taken.message, upstream_ids=("A1",)), DELIVERED)


@pytest.mark.parametrize(
    ("response", "receipt"),
    [("00A1", "a1"), ("a1", "161"), ("161", "A1"), ("0000000161", "161"), ("x-1", "X-1")],
)
async def test_ids_are_compared_loosely_whichever_comes_first(
    store: Store, message: MakeMessage, response: str, receipt: str
) -> None:
    first, second = await store.takes(message(NUMBER), message(NUMBER))
    await store.accepts(first, response)
    assert await store.tells(receipt) is not None
    await store.upstream.ended([("up", replace(first.message, upstream_ids=(response,)))])
    other = Store(store.queue, store.upstream)
    assert await other.tells("b" + receipt, FAILED) is None
    assert await other.accepts(second, "b" + receipt) == FAILED


async def test_an_id_is_the_destination_s_own(store: Store, taken: Taken) -> None:
    await store.accepts(taken, "1")
    assert await store.tells("1", number="88210555001") is None


async def test_the_first_final_receipt_holds(store: Store, taken: Taken) -> None:
    await store.accepts(taken, "1")
    enroute = await store.tells("1", Told(MessageState.ENROUTE), final=False)
    assert enroute is not None
    assert enroute.told is None
    await store.tells("1", FAILED)
    again = await store.tells("1", DELIVERED)
    assert again is not None
    assert again.told == FAILED


async def test_what_is_no_final_state_is_not_held(store: Store, taken: Taken) -> None:
    assert await store.tells("1", Told(MessageState.ENROUTE), final=False) is None
    assert await store.accepts(taken, "1") is None


async def test_a_receipt_of_what_has_ended(store: Store, taken: Taken) -> None:
    await store.accepts(taken, "1")
    await store.queue.finish([final(taken.message)], NOW)
    assert await store.tells("1") == Found(None, DELIVERED)


async def test_parts_are_told_of_one_by_one(store: Store, message: MakeMessage) -> None:
    whole = message(NUMBER)
    (taken,) = await store.takes(replace(whole, segments=whole.segments * 2))
    await store.accepts(taken, "1", b"first")
    assert await store.queue.depth() == Depth(1, 1, 0)
    taken = replace(taken, message=replace(taken.message, upstream_ids=("1",)))
    await store.tells("1")
    await store.accepts(taken, "2", b"second")
    assert await store.queue.depth() == Depth(1, 0, 1)
    both = replace(taken.message, upstream_ids=("1", "2"))
    assert await store.upstream.parts([("up", both)]) == [[DELIVERED, None]]


async def test_a_charge_is_recorded_with_the_part(
    redis: Client, store: Store, partitions: Partitions, taken: Taken
) -> None:
    await store.accepts(taken, "1", b"event")
    keys = partitions.keys[partitions.of(NUMBER)]
    ((_, fields),) = await redis.xrange(keys.events)
    assert fields == {b"event": b"event"}


async def test_what_another_node_has_claimed_stays_with_it(store: Store, taken: Taken) -> None:
    claimed = await store.queue.claim("b", idle=0)
    await store.queue.finish([final(claimed[0].message, claimed[0].entry)], NOW)
    await store.accepts(taken, "1")
    assert await store.queue.depth() == Depth(0, 0, 0)
    assert await store.tells("1") == Found(None, DELIVERED)


async def test_a_reply_lost_makes_nothing_twice(
    cut: tuple[Cut, Client], store: Store, partitions: Partitions, taken: Taken
) -> None:
    link, client = cut
    behind = Store(store.queue, UpstreamMessages(client, partitions))
    await behind.tells("9")  # connected, and the scripts are known
    await behind.accepts(taken, "0")
    await store.tells("1", FAILED)
    link.replies_to_lose = 1
    assert await behind.accepts(taken, "1") == FAILED
    assert link.replies_to_lose == 0
    assert await store.queue.depth() == Depth(1, 0, 1)


async def test_an_id_that_is_used_again_is_another_message_s(
    store: Store, message: MakeMessage
) -> None:
    first, second = await store.takes(message(NUMBER), message(NUMBER))
    await store.accepts(first, "1")
    await store.tells("1", FAILED)
    assert await store.accepts(second, "1") is None
    found = await store.tells("1")
    assert found is not None
    assert found.message is not None
    assert found.message.id == second.message.id


async def test_early_receipts_are_held_in_number_and_time(
    redis: Client, store: Store, partitions: Partitions
) -> None:
    upstream = UpstreamMessages(redis, partitions, bounds=Bounds(held=3, held_for=10))

    async def tell(upstream_id: str, now: float) -> list[bytes]:
        receipt = UpstreamReceipt("up", NUMBER, upstream_id, DELIVERED, is_final=True)
        assert await upstream.told([receipt], now) == [None]
        held = await redis.hkeys(partitions.keys[partitions.of(NUMBER)].upstream_held)
        return sorted(name.rpartition(b":")[2] for name in held)

    for place in range(5):
        held = await tell(f"{place + 1}", NOW + place)
    assert held == [b"3", b"4", b"5"]
    assert await tell("6", NOW + 13) == [b"5", b"6"]


async def test_what_has_ended_is_remembered_for_a_while(
    redis: Client, store: Store, partitions: Partitions, taken: Taken
) -> None:
    keys = partitions.keys[partitions.of(NUMBER)]
    await store.accepts(taken, "1")
    key = keys.upstream(f"up:{NUMBER}:1")
    (before,) = await round_trip(redis, [("TTL", key)])
    await store.upstream.ended([("up", replace(taken.message, upstream_ids=("1",)))])
    (after,) = await round_trip(redis, [("TTL", key)])
    assert before > 4000
    assert 0 < after <= 600
