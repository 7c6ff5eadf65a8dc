"""Messages that wait for their delivery, seen and changed from outside, in Redis."""

import pytest
from msgspec.structs import replace
from redis.exceptions import RedisError

from telecom.sms.address import Address
from telecom.store.keys import Partitions
from telecom.store.lua import Client
from telecom.store.messages import MessageQueue
from telecom.store.outbox import Outbox
from telecom.store.pending import LOOKED_AT, START, PendingMessages, Place, Replacement
from telecom.store.records import (
    Amendment,
    Deferral,
    Depth,
    Ended,
    EndedBounds,
    Look,
    Message,
    Stored,
    Taken,
    Withdrawal,
    address_key,
)

from .conftest import NOW, Cut, MakeMessage, final

NUMBER = "447700900123"
DELETED = 4


@pytest.fixture
def queue(redis: Client, partitions: Partitions) -> MessageQueue:
    return MessageQueue(redis, partitions)


@pytest.fixture
def pending(redis: Client, partitions: Partitions) -> PendingMessages:
    return PendingMessages(redis, partitions)


async def stored(pending: PendingMessages, message: Message) -> Stored:
    (look,) = await pending.look([message.id])
    assert look.stored is not None
    return look.stored


def withdrawal(of: Stored, *receipts: bytes, at: float = NOW) -> Withdrawal:
    return Withdrawal(of, Ended.of(of.message, DELETED, error=0, at=at), receipts)


async def take(queue: MessageQueue, node: str = "a") -> list[Taken]:
    return await queue.take(node, count=1000, block=0)


async def put_off(queue: MessageQueue, held: Taken, due: float) -> None:
    assert await queue.defer([Deferral(held, held.message, due)], NOW) == [True]


async def receipts(redis: Client, partitions: Partitions) -> list[bytes]:
    outbox = Outbox(redis, partitions)
    told = await outbox.take("reader", {"demo": 1000}, block=0)
    await outbox.close()
    return [delivery.body for delivery in told]


async def found(pending: PendingMessages, message: Message) -> list[str]:
    (them,) = await pending.present([message])
    return [each.message.id for each in them]


async def test_a_message_is_seen_in_each_of_its_states(
    queue: MessageQueue, pending: PendingMessages, message: MakeMessage
) -> None:
    sent = message()
    await queue.accept([sent], NOW)
    (queued,) = await pending.look([sent.id])
    assert (queued.stored and queued.stored.message, queued.is_taken) == (sent, False)
    (held,) = await take(queue)
    assert (await pending.look([sent.id]))[0].is_taken
    await put_off(queue, held, NOW + 9)
    assert not (await pending.look([sent.id]))[0].is_taken
    assert await queue.release_due(NOW + 9) == 1
    (again,) = await take(queue)
    await queue.finish([final(sent, again.entry)], NOW + 10)
    assert await pending.look([sent.id]) == [Look(ended=Ended("demo", "Acme", 2, 0, NOW))]


async def test_many_are_seen_at_once_and_what_is_no_id_is_nothing(
    queue: MessageQueue, pending: PendingMessages, message: MakeMessage
) -> None:
    sent = [message(f"44770090{number:04}") for number in range(20)]
    await queue.accept(sent, NOW)
    ids = ["", *[each.id for each in sent], "f" * 20, sent[0].id.upper() + "0", sent[0].id[::-1]]
    looks = await pending.look(ids)
    assert [look.stored and look.stored.message for look in looks] == [None, *sent, *[None] * 3]
    assert await pending.look([]) == []


async def test_what_a_dead_node_had_taken_is_still_taken(
    redis: Client,
    partitions: Partitions,
    queue: MessageQueue,
    pending: PendingMessages,
    message: MakeMessage,
) -> None:
    """Its node may have died after it took the entry, before it read the message."""
    sent = message()
    await queue.accept([sent], NOW)
    stream = partitions.keys[partitions.of(NUMBER)].mt
    await queue.take("dead", count=1, block=0)
    await redis.srem(partitions.keys[partitions.of(NUMBER)].taken, sent.id)
    assert await redis.xlen(stream) == 1
    await queue.claim("b", idle=0)
    assert (await pending.look([sent.id]))[0].is_taken


@pytest.mark.parametrize("state", ["queued", "scheduled", "put off"])
async def test_what_waits_is_withdrawn_once(
    redis: Client,
    partitions: Partitions,
    queue: MessageQueue,
    pending: PendingMessages,
    message: MakeMessage,
    *,
    state: str,
) -> None:
    sent = message(schedule_at=NOW + 60 if state == "scheduled" else None)
    await queue.accept([sent], NOW)
    if state == "put off":
        (held,) = await take(queue)
        await put_off(queue, held, NOW + 9)
    seen = await stored(pending, sent)
    ending = withdrawal(seen, b"deleted")
    assert await pending.withdraw([ending], NOW) == [True]
    assert await pending.withdraw([ending], NOW) == [True]  # the same one, asked again
    assert await pending.withdraw([withdrawal(seen, b"x", at=NOW + 1)], NOW + 1) == [False]
    assert await receipts(redis, partitions) == [b"deleted"]
    assert await take(queue) == []
    assert await queue.release_due(NOW + 99) == 0
    assert await queue.wake(NUMBER, NOW) == 0
    assert await queue.depth() == Depth(0, 0, 0)
    assert (await pending.look([sent.id]))[0].ended == ending.ended


async def test_what_a_node_is_at_work_on_is_not_withdrawn_or_changed(
    redis: Client,
    partitions: Partitions,
    queue: MessageQueue,
    pending: PendingMessages,
    message: MakeMessage,
) -> None:
    sent = message()
    await queue.accept([sent], NOW)
    seen = await stored(pending, sent)
    (held,) = await take(queue)
    assert await pending.withdraw([withdrawal(seen, b"deleted")], NOW) == [False]
    change = Amendment(seen, replace(sent, registered_delivery=1), is_rescheduled=False)
    assert await pending.amend([change]) == [False]
    assert await queue.finish([final(sent, held.entry, (b"delivered",))], NOW) == [True]
    assert await receipts(redis, partitions) == [b"delivered"]


async def test_what_has_changed_since_it_was_seen_is_not_withdrawn(
    queue: MessageQueue, pending: PendingMessages, message: MakeMessage
) -> None:
    sent = message()
    await queue.accept([sent], NOW)
    seen = await stored(pending, sent)
    change = Amendment(seen, replace(sent, registered_delivery=1), is_rescheduled=False)
    assert await pending.amend([change]) == [True]
    assert await pending.amend([change]) == [True]  # the same one, asked again
    assert await pending.withdraw([withdrawal(seen)], NOW) == [False]
    other = Amendment(seen, replace(sent, registered_delivery=2), is_rescheduled=False)
    assert await pending.amend([other]) == [False]
    assert (await stored(pending, sent)).message.registered_delivery == 1


async def test_a_new_schedule_counts_and_an_alert_does_not_end_it(
    queue: MessageQueue, pending: PendingMessages, message: MakeMessage
) -> None:
    waiting, scheduled = message(), message("447700900124", schedule_at=NOW + 60)
    await queue.accept([waiting, scheduled], NOW)
    (held,) = await take(queue)
    await put_off(queue, held, NOW + 900)
    later = [
        Amendment(await stored(pending, each), replace(each, schedule_at=due), is_rescheduled=True)
        for each, due in ((waiting, NOW + 100), (scheduled, None))
    ]
    assert await pending.amend(later) == [True, True]
    assert await queue.wake(NUMBER, NOW) == 0
    assert await queue.release_due(NOW) == 1
    assert [taken.message.id for taken in await take(queue)] == [scheduled.id]
    assert await queue.release_due(NOW + 99) == 0
    assert await queue.release_due(NOW + 100) == 1


async def test_what_expires_earlier_by_now_is_due_then(
    queue: MessageQueue, pending: PendingMessages, message: MakeMessage
) -> None:
    sent = message()
    await queue.accept([sent], NOW)
    (held,) = await take(queue)
    await put_off(queue, held, NOW + 900)
    shorter = replace(sent, expires_at=NOW + 50)
    change = Amendment(await stored(pending, sent), shorter, is_rescheduled=False)
    assert await pending.amend([change]) == [True]
    assert await queue.release_due(NOW + 50) == 1


async def test_messages_are_found_by_their_addresses(
    queue: MessageQueue, pending: PendingMessages, message: MakeMessage
) -> None:
    put_off_one, taken_one = message(), message()
    await queue.accept([put_off_one, taken_one], NOW)
    first, _ = await take(queue)
    await put_off(queue, first, NOW + 9)
    queued, scheduled = message(), message(schedule_at=NOW + 60)
    others = [
        message("4477009001234"),
        message(account="other"),
        replace(message(), source=Address.alphanumeric("Acm")),
        message(service_type="VMN"),
    ]
    await queue.accept([queued, scheduled, *others], NOW)
    assert await found(pending, queued) == [put_off_one.id, scheduled.id, queued.id]
    assert await found(pending, others[3]) == [others[3].id]
    any_type = address_key("demo", queued.source, NUMBER)
    them, more = await pending.find(NUMBER, any_type)
    assert {each.message.id for each in them} == {
        put_off_one.id,
        scheduled.id,
        queued.id,
        others[3].id,
    }
    assert more is None


async def test_a_long_queue_is_looked_through_piece_by_piece(
    queue: MessageQueue, pending: PendingMessages, message: MakeMessage
) -> None:
    oldest = message()
    noise = [message(account="other") for _ in range(LOOKED_AT)]
    await queue.accept([oldest, *noise], NOW)
    key = address_key("demo", oldest.source, NUMBER, "")
    them, more = await pending.find(NUMBER, key)
    assert them == []
    assert more is not None
    them, more = await pending.find(NUMBER, key, start=more)
    assert ([each.message for each in them], more) == ([oldest], None)


async def test_what_is_put_off_for_a_number_is_looked_through_piece_by_piece(
    redis: Client,
    partitions: Partitions,
    queue: MessageQueue,
    pending: PendingMessages,
    message: MakeMessage,
) -> None:
    put_off_ones = [message(schedule_at=NOW + 60) for _ in range(2 * LOOKED_AT + 500)]
    queued = message()
    await queue.accept([*put_off_ones, queued], NOW)
    key = address_key("demo", queued.source, NUMBER, "")
    sizes, ids = [], []
    place: Place | None = START
    while place is not None:
        them, place = await pending.find(NUMBER, key, start=place)
        sizes.append(len(them))
        ids += [each.message.id for each in them]
    assert sizes == [LOOKED_AT, LOOKED_AT, 501]
    assert sorted(ids) == sorted(each.id for each in [*put_off_ones, queued])


async def test_as_many_are_withdrawn_or_changed_as_there_are(
    redis: Client,
    partitions: Partitions,
    queue: MessageQueue,
    pending: PendingMessages,
    message: MakeMessage,
) -> None:
    """A call of Lua takes some thousand arguments: one that had more would lose what it ended."""
    sent = [message(schedule_at=NOW + 60) for _ in range(6000)]
    await queue.accept(sent, NOW)
    looks = await pending.look([each.id for each in sent])
    waiting = [look.stored for look in looks if look.stored is not None]
    changed = [Amendment(it, it.message, is_rescheduled=False) for it in waiting]
    assert await pending.amend(changed) == [True] * 6000
    ends = [withdrawal(it, b"deleted") for it in waiting]
    assert await pending.withdraw(ends, NOW) == [True] * 6000
    assert await queue.depth() == Depth(0, 0, 0)
    assert await pending.look([sent[0].id]) == [Look(ended=ends[0].ended)]
    assert await redis.xlen(partitions.keys[partitions.of(NUMBER)].outbox("demo")) == 6000


async def test_nothing_is_found_where_nothing_ever_was(
    pending: PendingMessages, message: MakeMessage
) -> None:
    assert await found(pending, message()) == []


def replacement(new: Message, *old: Stored) -> Replacement:
    return Replacement(new, tuple(withdrawal(each, b"deleted") for each in old))


@pytest.mark.parametrize("schedule_at", [None, NOW + 60])
async def test_a_message_takes_the_place_of_those_that_were_found(
    redis: Client,
    partitions: Partitions,
    queue: MessageQueue,
    pending: PendingMessages,
    message: MakeMessage,
    *,
    schedule_at: float | None,
) -> None:
    old, other, new = message(), message(service_type="VMN"), message(schedule_at=schedule_at)
    await queue.accept([old, other], NOW)
    (present,) = await pending.present([new])
    asked = [replacement(new, *present)]
    assert await pending.replace(asked, NOW) == [True]
    assert await pending.replace(asked, NOW) == [True]  # the same one, asked again
    assert await receipts(redis, partitions) == [b"deleted"]
    assert (await pending.look([old.id]))[0].ended is not None
    await queue.release_due(NOW + 60)
    taken = await take(queue)
    assert {held.message.id for held in taken} == {other.id, new.id}
    await queue.finish([final(held.message, held.entry) for held in taken], NOW)
    assert await pending.replace(asked, NOW) == [True]
    assert await queue.depth() == Depth(0, 0, 0)


async def test_of_two_that_want_the_same_place_one_looks_again(
    redis: Client,
    partitions: Partitions,
    queue: MessageQueue,
    pending: PendingMessages,
    message: MakeMessage,
) -> None:
    old, first, second = message(), message(), message()
    await queue.accept([old], NOW)
    (present,) = await pending.present([first])
    asked = [replacement(first, *present), replacement(second, *present)]
    assert await pending.replace(asked, NOW) == [True, False]
    assert await found(pending, second) == [first.id]
    (present,) = await pending.present([second])
    assert await pending.replace([replacement(second, *present)], NOW) == [True]
    assert await receipts(redis, partitions) == [b"deleted"] * 2
    assert [held.message.id for held in await take(queue)] == [second.id]


async def test_a_message_on_its_way_is_not_replaced(
    queue: MessageQueue, pending: PendingMessages, message: MakeMessage
) -> None:
    old, new = message(), message()
    await queue.accept([old], NOW)
    (present,) = await pending.present([new])
    await take(queue)
    assert await pending.replace([replacement(new, *present)], NOW) == [False]
    assert await pending.replace([replacement(new)], NOW) == [True]
    assert await queue.depth() == Depth(2, 2, 0)


async def test_a_lost_reply_changes_nothing(
    queue: MessageQueue, cut: tuple[Cut, Client], partitions: Partitions, message: MakeMessage
) -> None:
    link, client = cut
    pending = PendingMessages(client, partitions)
    old, new, third = message(), message(), message("447700900124")
    await queue.accept([old, third], NOW)
    (present,) = await pending.present([new])
    link.replies_to_lose = 1
    assert await pending.replace([replacement(new, *present)], NOW) == [True]
    link.replies_to_lose = 1
    assert await pending.withdraw([withdrawal(await stored(pending, third))], NOW) == [True]
    assert await queue.depth() == Depth(1, 3, 0)


async def test_an_id_may_stand_for_several(
    pending: PendingMessages, message: MakeMessage, redis: Client, partitions: Partitions
) -> None:
    name, members = message().id, (message().id, message("447700900124").id)
    await pending.name_together(name, members, seconds=60)
    assert await pending.look([name]) == [Look(members=members)]
    key = partitions.keys[int(name[:2], 16)].group(name)
    assert 0 < await redis.ttl(key) <= 60
    with pytest.raises(ValueError, match="no message id"):
        await pending.name_together("group", members, seconds=60)


async def test_the_memory_of_what_has_ended_is_bounded(
    redis: Client, partitions: Partitions, message: MakeMessage
) -> None:
    queue = MessageQueue(redis, partitions, ended=EndedBounds(count=3, age=100))
    pending = PendingMessages(redis, partitions)

    async def ends(now: float) -> str:
        sent = message()
        await queue.accept([sent], now)
        (held,) = await take(queue)
        await queue.finish([final(sent, held.entry)], now)
        return sent.id

    ids = [await ends(NOW) for _ in range(10)]
    known = [look.ended is not None for look in await pending.look(ids)]
    assert known == [False] * 6 + [True] * 4
    late = await ends(NOW + 100)
    latest = await ends(NOW + 200)
    known = [look.ended is not None for look in await pending.look([*ids, late, latest])]
    assert known == [False] * 10 + [True] * 2
    keys = partitions.keys[partitions.of(NUMBER)]
    assert 0 < await redis.ttl(keys.ended) <= 200
    assert 0 < await redis.ttl(keys.ended_before) <= 200


async def test_a_redis_that_is_away_is_an_error(
    partitions: Partitions, message: MakeMessage, redis: Client
) -> None:
    keys = partitions.keys[partitions.of(NUMBER)]
    await redis.set(keys.messages, "no hash")
    pending = PendingMessages(redis, partitions)
    with pytest.raises(RedisError):
        await pending.look([message().id])
    with pytest.raises(RedisError):
        await pending.replace([replacement(message())], NOW)
