import asyncio
from collections.abc import Sequence

import pytest
from msgspec.structs import replace
from redis.exceptions import RedisError, ResponseError

from telecom.store.keys import Partitions
from telecom.store.lua import Client, round_trip
from telecom.store.messages import RELEASED_AT_ONCE, MessageQueue
from telecom.store.outbox import Outbox, OutboxBounds
from telecom.store.records import (
    Deferral,
    Delivery,
    Depth,
    Message,
    PendingFlag,
    Progress,
    Taken,
)

from .conftest import NOW, Cut, MakeMessage, final

NOTHING = Depth(0, 0, 0)


@pytest.fixture
def queue(redis: Client, partitions: Partitions) -> MessageQueue:
    return MessageQueue(redis, partitions)


@pytest.fixture
def other_node(second_redis: Client, partitions: Partitions) -> MessageQueue:
    return MessageQueue(second_redis, partitions)


async def take_all(queue: MessageQueue, node: str = "a") -> list[Taken]:
    taken: list[Taken] = []
    while some := await queue.take(node, count=100, block=0):
        taken += some
    return taken


async def receipts(redis: Client, partitions: Partitions, account: str = "demo") -> list[bytes]:
    outbox = Outbox(redis, partitions)
    deliveries: list[Delivery] = []
    while some := await outbox.take("reader", {account: 1000}, block=0):
        deliveries += some
    await outbox.close()
    return [delivery.body for delivery in deliveries]


async def events(redis: Client, partitions: Partitions) -> list[bytes]:
    commands = [("XRANGE", keys.events, "-", "+") for keys in partitions.keys]
    replies = await round_trip(redis, commands)
    return [fields[b"event"] for entries in replies for _, fields in entries]


async def grow_idle(redis: Client, partitions: Partitions, taken: Sequence[Taken]) -> None:
    """Make it look as if nobody had renewed these for a minute."""
    for held in taken:
        keys = partitions.keys[partitions.of(held.message.destination)]
        (pending,) = await redis.xpending_range(keys.mt, "gateway", held.entry, held.entry, 1)
        await redis.xclaim(
            keys.mt, "gateway", pending["consumer"], 0, [held.entry], idle=60_000, justid=True
        )


async def test_a_message_is_accepted_taken_and_finished(
    redis: Client, partitions: Partitions, queue: MessageQueue, message: MakeMessage
) -> None:
    sent = [message(f"44770090{number:04}") for number in range(64)]
    assert await queue.accept(sent, NOW) == [True] * 64
    assert await queue.depth() == Depth(stored=64, queued=64, deferred=0)
    taken = await take_all(queue)
    assert sorted(held.message.id for held in taken) == sorted(item.id for item in sent)
    assert {held.message for held in taken} == set(sent)
    finals = [final(held.message, held.entry, (b"receipt",), (b"event",)) for held in taken]
    assert await queue.finish(finals, NOW) == [True] * 64
    assert await queue.depth() == NOTHING
    assert await receipts(redis, partitions) == [b"receipt"] * 64
    assert await events(redis, partitions) == [b"event"] * 64


async def test_taking_waits_for_the_first_message(
    queue: MessageQueue, other_node: MessageQueue, message: MakeMessage
) -> None:
    waiting = asyncio.gather(queue.take("a", count=10, block=5))
    await asyncio.sleep(0.02)
    sent = message()
    await other_node.accept([sent], NOW)
    ((held,),) = await asyncio.wait_for(waiting, 2)
    assert held.message == sent


async def test_taking_gives_up_when_nothing_comes(queue: MessageQueue) -> None:
    assert await queue.take("a", count=10, block=0.01) == []


async def test_two_nodes_never_take_the_same_message(
    queue: MessageQueue, other_node: MessageQueue, message: MakeMessage
) -> None:
    sent = [message(f"44770090{number:04}") for number in range(100)]
    await queue.accept(sent, NOW)
    mine, theirs = await asyncio.gather(take_all(queue, "a"), take_all(other_node, "b"))
    assert sorted(held.message.id for held in mine + theirs) == sorted(item.id for item in sent)


async def test_the_same_batch_is_accepted_once(queue: MessageQueue, message: MakeMessage) -> None:
    batch = [message(f"44770090{number:04}") for number in range(8)]
    assert await queue.accept(batch, NOW) == [True] * 8
    assert await queue.accept(batch, NOW) == [True] * 8
    assert await queue.depth() == Depth(8, 8, 0)


async def test_the_same_batch_is_accepted_once_even_after_it_was_delivered(
    queue: MessageQueue, message: MakeMessage
) -> None:
    batch = [message(f"44770090{number:04}") for number in range(8)]
    await queue.accept(batch, NOW)
    await queue.finish([final(held.message, held.entry) for held in await take_all(queue)], NOW)
    assert await queue.accept(batch, NOW) == [True] * 8
    assert await queue.depth() == NOTHING


async def test_a_message_is_accepted_once_in_whatever_batch(
    queue: MessageQueue, message: MakeMessage
) -> None:
    first, second = message(), message()
    await queue.accept([first], NOW)
    await queue.accept([first, second], NOW)
    assert await queue.depth() == Depth(2, 2, 0)
    assert [held.message for held in await take_all(queue)] == [first, second]


async def test_a_reply_lost_after_acceptance_makes_no_second_message(
    cut: tuple[Cut, Client], queue: MessageQueue, partitions: Partitions, message: MakeMessage
) -> None:
    link, client = cut
    behind = MessageQueue(client, partitions)
    await behind.accept([message()], NOW)  # connected, and the script is known
    link.replies_to_lose = 1
    batch = [message(f"44770090{number:04}") for number in range(8)]
    assert await behind.accept(batch, NOW) == [True] * 8
    assert link.replies_to_lose == 0
    assert await queue.depth() == Depth(9, 9, 0)


async def test_a_partition_that_fails_leaves_the_others_accepted(
    redis: Client, partitions: Partitions, queue: MessageQueue, message: MakeMessage
) -> None:
    batch = [message(f"44770090{number:04}") for number in range(8)]
    broken = partitions.of(batch[0].destination)
    await redis.set(partitions.keys[broken].messages, "not a hash")
    accepted = await queue.accept(batch, NOW)
    assert accepted == [partitions.of(item.destination) != broken for item in batch]
    with pytest.raises(RedisError):
        await queue.accept(batch[:1], NOW)
    assert await redis.xlen(partitions.keys[broken].mt) == 0


async def test_a_scheduled_message_waits_for_its_time_and_for_no_alert(
    queue: MessageQueue, message: MakeMessage
) -> None:
    later = message(schedule_at=NOW + 60)
    await queue.accept([later, message("447700900124", schedule_at=NOW)], NOW)
    assert await queue.depth() == Depth(stored=2, queued=1, deferred=1)
    assert await queue.wake(later.destination, NOW) == 0
    assert await queue.release_due(NOW + 59.9) == 0
    assert await queue.release_due(NOW + 60) == 1
    assert {held.message for held in await take_all(queue)} >= {later}
    assert await queue.release_due(NOW + 60) == 0


async def test_a_deferred_message_comes_back_as_it_has_become_when_it_is_due(
    queue: MessageQueue, message: MakeMessage
) -> None:
    await queue.accept([message()], NOW)
    (held,) = await take_all(queue)
    tried = replace(held.message, attempts=1, last_error="27 absentSubscriberSM")
    assert await queue.defer([Deferral(held, tried, NOW + 30)], NOW) == [True]
    assert await queue.depth() == Depth(stored=1, queued=0, deferred=1)
    assert await queue.release_due(NOW + 29) == 0
    assert await queue.release_due(NOW + 30) == 1
    (again,) = await take_all(queue, "b")
    assert again.message == tried
    assert again.entry != held.entry


async def test_an_alert_makes_due_what_is_deferred_for_its_number_and_nothing_else(
    queue: MessageQueue, message: MakeMessage
) -> None:
    numbers = ["447700900901", "447700900901", "44770090090", "4477009009011", "447700900902"]
    await queue.accept([message(number) for number in numbers], NOW)
    taken = await take_all(queue)
    await queue.defer([Deferral(held, held.message, NOW + 900) for held in taken], NOW)
    assert await queue.wake("447700900901", NOW) == 2
    assert {held.message.destination for held in await take_all(queue)} == {"447700900901"}
    assert await queue.wake("447700900901", NOW) == 0
    assert await queue.depth() == Depth(stored=5, queued=2, deferred=3)


async def test_an_alert_makes_due_more_than_one_call_takes(
    queue: MessageQueue, message: MakeMessage
) -> None:
    count = RELEASED_AT_ONCE + 10
    await queue.accept([message() for _ in range(count)], NOW)
    taken = await take_all(queue)
    await queue.defer([Deferral(held, held.message, NOW + 900) for held in taken], NOW)
    assert await queue.wake(taken[0].message.destination, NOW) == count


async def test_a_dead_node_s_messages_are_claimed_by_one_other(
    redis: Client,
    partitions: Partitions,
    queue: MessageQueue,
    other_node: MessageQueue,
    message: MakeMessage,
) -> None:
    await queue.accept([message(f"44770090{number:04}") for number in range(20)], NOW)
    taken = await take_all(queue, "dead")
    assert await queue.claim("b", idle=30) == []
    await grow_idle(redis, partitions, taken)
    claims = await asyncio.gather(queue.claim("b", idle=30), other_node.claim("c", idle=30))
    assert sorted(held.entry for claim in claims for held in claim) == sorted(
        held.entry for held in taken
    )


async def test_what_is_renewed_is_claimed_by_nobody(
    redis: Client, partitions: Partitions, queue: MessageQueue, message: MakeMessage
) -> None:
    await queue.accept([message("447700900001"), message("447700900002")], NOW)
    taken = await take_all(queue, "a")
    await grow_idle(redis, partitions, taken)
    assert await queue.renew("a", taken[:1]) == [True]
    assert [held.entry for held in await queue.claim("b", idle=30)] == [taken[1].entry]
    assert await queue.renew("a", taken) == [True, False]
    assert await queue.renew("b", taken) == [False, True]


async def test_claims_go_on_behind_entries_that_live_nodes_hold(
    redis: Client, queue: MessageQueue, message: MakeMessage, partitions: Partitions
) -> None:
    await queue.accept([message() for _ in range(40)], NOW)
    taken = await take_all(queue, "a")
    await grow_idle(redis, partitions, taken[-1:])
    claimed: list[Taken] = []
    for _ in range(5):
        claimed += await queue.claim("b", idle=30, count=1)
    assert [held.entry for held in claimed] == [taken[-1].entry]


async def test_consumers_that_hold_nothing_are_forgotten_in_time(
    redis: Client,
    partitions: Partitions,
    queue: MessageQueue,
    message: MakeMessage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("telecom.store.messages._CONSUMER_REMEMBERED", -1)
    stream = partitions.keys[partitions.of("447700900123")].mt
    await queue.accept([message()], NOW)
    await queue.take("busy", count=1, block=0)
    await redis.xgroup_createconsumer(stream, "gateway", "dead")
    await queue.claim("b", idle=30)
    consumers = await redis.xinfo_consumers(stream, "gateway")
    assert [consumer["name"] for consumer in consumers] == [b"busy"]


async def test_finishing_twice_or_from_a_node_that_lost_it_makes_one_receipt(
    redis: Client, partitions: Partitions, queue: MessageQueue, message: MakeMessage
) -> None:
    await queue.accept([message()], NOW)
    (slow,) = await take_all(queue, "slow")
    await grow_idle(redis, partitions, [slow])
    (claimed,) = await queue.claim("b", idle=30)
    first = final(claimed.message, claimed.entry, (b"from b",), (b"event b",))
    late = final(slow.message, slow.entry, (b"from slow",), (b"event slow",))
    assert await queue.finish([first], NOW) == [True]
    assert await queue.finish([late, first], NOW) == [False, False]
    assert await receipts(redis, partitions) == [b"from b"]
    assert await events(redis, partitions) == [b"event b"]
    assert await queue.depth() == NOTHING


async def test_a_node_that_lost_a_message_cannot_defer_it(
    redis: Client, partitions: Partitions, queue: MessageQueue, message: MakeMessage
) -> None:
    await queue.accept([message()], NOW)
    (slow,) = await take_all(queue, "slow")
    await grow_idle(redis, partitions, [slow])
    (claimed,) = await queue.claim("b", idle=30)
    assert await queue.defer([Deferral(claimed, claimed.message, NOW + 10)], NOW) == [True]
    assert await queue.release_due(NOW + 10) == 1
    assert await queue.defer([Deferral(slow, slow.message, NOW + 99)], NOW) == [False]
    (again,) = await take_all(queue, "c")
    assert await queue.finish([final(again.message, again.entry)], NOW) == [True]
    assert await queue.defer([Deferral(again, again.message, NOW + 99)], NOW) == [False]
    assert await queue.depth() == NOTHING


async def test_a_delivery_reported_late_ends_a_message_that_was_put_off_or_queued_again(
    redis: Client, partitions: Partitions, queue: MessageQueue, message: MakeMessage
) -> None:
    await queue.accept([message("447700900001"), message("447700900002")], NOW)
    slow = await take_all(queue, "slow")
    await grow_idle(redis, partitions, slow)
    claimed = await queue.claim("b", idle=30)
    await queue.defer([Deferral(held, held.message, NOW + 10) for held in claimed], NOW)
    assert await queue.wake("447700900001", NOW) == 1
    late = [final(held.message, held.entry, (b"delivered",)) for held in slow]
    assert await queue.finish(late, NOW) == [True, True]
    assert await queue.depth() == Depth(stored=0, queued=1, deferred=0)
    assert await take_all(queue, "c") == []
    assert await queue.depth() == NOTHING
    assert await queue.release_due(NOW + 99) == 0
    assert await receipts(redis, partitions) == [b"delivered"] * 2


async def test_a_claimed_entry_whose_message_is_finished_is_dropped(
    redis: Client, partitions: Partitions, queue: MessageQueue, message: MakeMessage
) -> None:
    await queue.accept([message()], NOW)
    taken = await take_all(queue)
    await grow_idle(redis, partitions, taken)
    await redis.delete(partitions.keys[partitions.of("447700900123")].messages)
    assert await queue.claim("b", idle=30) == []
    assert await queue.depth() == NOTHING


async def test_a_message_nobody_has_taken_can_be_finished(
    redis: Client, partitions: Partitions, queue: MessageQueue, message: MakeMessage
) -> None:
    scheduled, queued = message(schedule_at=NOW + 60), message()
    await queue.accept([scheduled, queued], NOW)
    finals = [final(item, receipts=(b"deleted",)) for item in (scheduled, queued)]
    assert await queue.finish(finals, NOW) == [True, True]
    assert await take_all(queue) == []
    assert await queue.depth() == NOTHING
    assert await receipts(redis, partitions) == [b"deleted"] * 2


async def test_progress_is_kept_and_its_events_recorded(
    redis: Client, partitions: Partitions, queue: MessageQueue, message: MakeMessage
) -> None:
    await queue.accept([message()], NOW)
    (held,) = await take_all(queue, "a")
    grown = replace(held.message, segments_done=1)
    assert await queue.save([Progress(held, grown, (b"event",))]) == [True]
    await grow_idle(redis, partitions, [held])
    (claimed,) = await queue.claim("b", idle=30)
    assert claimed.message == grown
    await queue.finish([final(grown, claimed.entry)], NOW)
    assert await queue.save([Progress(held, grown, (b"second event",))]) == [False]
    assert await queue.depth() == NOTHING
    assert await events(redis, partitions) == [b"event", b"second event"]


async def test_receipts_go_to_the_account_of_each_message(
    redis: Client, partitions: Partitions, queue: MessageQueue, message: MakeMessage
) -> None:
    accounts = ["a", "b", "a", "none of these: {}*"]
    sent = [message(account=account) for account in accounts]
    await queue.accept(sent, NOW)
    finals = [final(item, receipts=(item.id.encode(), b"2nd")) for item in sent]
    await queue.finish(finals, NOW)
    for account in set(accounts):
        ids = [item.id.encode() for item in sent if item.account == account]
        expected = [body for message_id in ids for body in (message_id, b"2nd")]
        assert await receipts(redis, partitions, account) == expected


async def test_the_outbox_s_bounds_hold_for_receipts(
    redis: Client, partitions: Partitions, message: MakeMessage
) -> None:
    queue = MessageQueue(redis, partitions, outbox=OutboxBounds(length=3))
    sent = [message() for _ in range(5)]
    await queue.accept(sent, NOW)
    await queue.finish([final(item, receipts=(item.id.encode(),)) for item in sent], NOW)
    assert await receipts(redis, partitions) == [item.id.encode() for item in sent[2:]]
    assert await Outbox(redis, partitions).dropped() == 2


async def test_after_redis_lost_everything_the_queue_works_again(
    redis: Client, queue: MessageQueue, message: MakeMessage
) -> None:
    await queue.take("a", count=1, block=0)
    await redis.flushall()
    assert await queue.claim("a", idle=30) == []
    await redis.flushall()
    sent: list[Message] = [message()]
    await queue.accept(sent, NOW)
    assert [held.message for held in await take_all(queue)] == sent


async def test_a_queue_that_is_no_stream_is_an_error(
    redis: Client, partitions: Partitions, queue: MessageQueue
) -> None:
    await redis.set(partitions.keys[0].mt, "text")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await queue.take("a", count=1, block=0)
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await queue.claim("a", idle=30)


async def test_flags_of_a_number_are_taken_back_once_and_are_not_too_many(
    redis: Client, partitions: Partitions, queue: MessageQueue
) -> None:
    number = "447700900123"
    flags = [PendingFlag(number, "demo", str(source), b"back") for source in range(120)]
    await queue.flag(flags)
    await queue.flag([PendingFlag(number, "other: one", "0", b"other's")])
    assert await redis.hlen(partitions.keys[partitions.of(number)].flags(number)) == 100
    assert await queue.wake("447700900124", NOW) == 0
    assert await receipts(redis, partitions) == []
    assert await queue.wake(number, NOW) == 0
    assert await queue.wake(number, NOW) == 0
    assert await receipts(redis, partitions) == [b"back"] * 100
    await queue.flag([PendingFlag(number, "other: one", "0", b"other's")])
    await queue.wake(number, NOW)
    assert await receipts(redis, partitions, "other: one") == [b"other's"]


async def test_of_two_nodes_that_hear_an_alert_one_tells(
    redis: Client, partitions: Partitions, queue: MessageQueue, other_node: MessageQueue
) -> None:
    await queue.flag([PendingFlag("447700900123", "demo", "1", b"back")])
    await asyncio.gather(*[each.wake("447700900123", NOW) for each in (queue, other_node)])
    assert await receipts(redis, partitions) == [b"back"]
