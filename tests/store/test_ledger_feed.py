import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy.exc import OperationalError

from telecom.charging.events import sms_mt
from telecom.net.tasks import spawn
from telecom.router.gt_rule import Verdict
from telecom.store.gt_gate import GtGate
from telecom.store.keys import Partitions
from telecom.store.ledger import Ledger
from telecom.store.ledger_feed import LedgerFeed, unusable
from telecom.store.lua import Client
from telecom.store.records import ENCODE, FsmRequest, SriAnswered, SriSent

NOW = 1_800_000_000.0
NUMBERS = [f"44770090{n:04d}" for n in range(40)]
GT, IMSI, NODE = "38591000001", "234900000000123", "4477009000"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")) as ledger:
        yield ledger


@pytest.fixture
def feed(redis: Client, partitions: Partitions, ledger: Ledger) -> LedgerFeed:
    return LedgerFeed(redis, partitions, ledger, consumer="one")


def event(number: str, message: str) -> bytes:
    about = {"account": "demo", "operator": "Alba", "number": number, "at": NOW}
    return ENCODE(sms_mt(message, 1, **about))


async def record(redis: Client, partitions: Partitions, numbers: list[str]) -> None:
    for number in numbers:
        keys = partitions.keys[partitions.of(number)]
        await redis.xadd(keys.events, {"event": event(number, f"m{number}")})


async def left(redis: Client, partitions: Partitions) -> int:
    streams = [stream for keys in partitions.keys for stream in (keys.events, keys.evidence)]
    return sum([await redis.xlen(stream) for stream in streams])


def count(ledger: Ledger) -> int:
    return sum(usage.events for usage in ledger.usages())


async def test_events_and_evidence_of_the_gate(
    redis: Client, partitions: Partitions, ledger: Ledger, feed: LedgerFeed
) -> None:
    gate = GtGate(redis, partitions, t1=30)
    number = NUMBERS[0]
    await gate.sri_sent([SriSent("a", number, "Alba", GT, GT, number, "d1", NOW)])
    await gate.sri_answered([SriAnswered("a", number, IMSI, NODE, NOW + 0.1)])
    sent = {"imsi": IMSI, "node": NODE, "sccp_gt": GT, "map_gt": GT, "called": NODE}
    request = FsmRequest(
        authorisation="a",
        msisdn=number,
        dialogue="d2",
        at=NOW + 0.2,
        message_id="m",
        events=(event(number, "m"),),
        **sent,
    )
    assert await gate.authorise([request]) == [Verdict.MATCH]
    assert await gate.authorise([request]) == [Verdict.UNSOLICITED]
    await feed.drain()
    assert count(ledger) == 1
    result = ledger.verify_evidence()
    assert (result.pairs, result.faults) == (2, ())
    verdicts = [line.partition('"verdict":"')[2][:5] for line in ledger.export_evidence()]
    assert verdicts == ["match", "unsol"]
    assert await left(redis, partitions) == 0


async def test_new_ones_are_told(redis: Client, partitions: Partitions, ledger: Ledger) -> None:
    told: list[tuple[int, int]] = []
    feed = LedgerFeed(
        redis, partitions, ledger, consumer="one", recorded=lambda *new: told.append(new)
    )
    await record(redis, partitions, NUMBERS[:3])
    await feed.drain()
    await record(redis, partitions, NUMBERS[:5])
    await feed.drain()
    assert told == [(3, 0), (2, 0)]


async def test_more_than_a_batch(redis: Client, partitions: Partitions, ledger: Ledger) -> None:
    feed = LedgerFeed(redis, partitions, ledger, consumer="one", batch=3)
    await record(redis, partitions, NUMBERS)
    moved = await feed.step()
    assert moved <= 3 * 2 * partitions.count
    await feed.drain()
    assert count(ledger) == len(NUMBERS)
    assert await left(redis, partitions) == 0


async def test_a_crash_before_the_insert_loses_nothing(
    redis: Client, partitions: Partitions, ledger: Ledger
) -> None:
    await record(redis, partitions, NUMBERS)
    dead = LedgerFeed(redis, partitions, ledger, consumer="dead")
    assert await dead._take()
    late = LedgerFeed(redis, partitions, ledger, consumer="late", claim_after=3600)
    await late.drain()
    assert count(ledger) == 0
    heir = LedgerFeed(redis, partitions, ledger, consumer="heir", claim_after=0)
    await heir.drain()
    assert count(ledger) == len(NUMBERS)
    assert await left(redis, partitions) == 0


async def test_a_crash_before_the_removal_doubles_nothing(
    redis: Client, partitions: Partitions, ledger: Ledger
) -> None:
    await record(redis, partitions, NUMBERS)
    dead = LedgerFeed(redis, partitions, ledger, consumer="dead")
    dead._write(await dead._take())
    assert count(ledger) == len(NUMBERS)
    told: list[tuple[int, int]] = []
    heir = LedgerFeed(
        redis,
        partitions,
        ledger,
        consumer="heir",
        claim_after=0,
        recorded=lambda *new: told.append(new),
    )
    await heir.drain()
    assert told == [(0, 0)]
    assert count(ledger) == len(NUMBERS)
    assert await left(redis, partitions) == 0


async def test_a_long_legacy_is_taken_over_at_once(
    redis: Client, partitions: Partitions, ledger: Ledger
) -> None:
    await record(redis, partitions, NUMBERS)
    dead = LedgerFeed(redis, partitions, ledger, consumer="dead")
    for batch in await dead._take():
        await redis.xclaim(batch.stream, "ledger", "dead", 0, list(batch.records), idle=60_000)
    heir = LedgerFeed(redis, partitions, ledger, consumer="heir", batch=2, claim_after=60)
    await heir.drain()
    assert count(ledger) == len(NUMBERS)
    assert await left(redis, partitions) == 0


async def test_two_nodes_share_the_work(
    redis: Client, second_redis: Client, partitions: Partitions, ledger: Ledger
) -> None:
    feeds = [
        LedgerFeed(client, partitions, ledger, consumer=name, batch=2)
        for client, name in ((redis, "one"), (second_redis, "two"))
    ]
    await record(redis, partitions, NUMBERS)
    await asyncio.gather(*(feed.drain() for feed in feeds))
    assert count(ledger) == len(NUMBERS)
    assert await left(redis, partitions) == 0


async def test_what_is_no_record_is_put_aside(
    redis: Client, partitions: Partitions, ledger: Ledger, feed: LedgerFeed
) -> None:
    keys = partitions.keys[1]
    await redis.xadd(keys.events, {"event": b"\xc1"})
    await redis.xadd(keys.events, {"other": b""})
    await redis.xadd(keys.evidence, {"verdict": b"match", "fsm": b"\x90"})
    await redis.xadd(keys.events, {"event": event(NUMBERS[0], "m")})
    await feed.drain()
    assert count(ledger) == 1
    assert await left(redis, partitions) == 0
    aside = [fields for _, fields in await redis.xrange(unusable(keys))]
    assert [fields[b"stream"].decode() for fields in aside] == [
        keys.events,
        keys.events,
        keys.evidence,
    ]
    assert aside[0][b"event"] == b"\xc1"


class Failing:
    """A ledger that cannot be written to for a while."""

    def __init__(self, ledger: Ledger, *, times: int) -> None:
        self._ledger = ledger
        self.times = times

    def __getattr__(self, name: str) -> Any:
        if self.times:
            self.times -= 1
            raise OperationalError("INSERT", {}, Exception("the disk is full"))
        return getattr(self._ledger, name)


async def test_a_database_that_fails_is_tried_again(
    redis: Client,
    partitions: Partitions,
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("telecom.store.ledger_feed._FIRST_PAUSE", 0.001)
    await record(redis, partitions, NUMBERS[:4])
    done = asyncio.Event()
    feed = LedgerFeed(
        redis,
        partitions,
        Failing(ledger, times=3),  # type: ignore[arg-type]
        consumer="one",
        recorded=lambda *_: done.set(),
    )
    running = spawn(feed.run(), name="ledger feed")
    await asyncio.wait_for(done.wait(), 5)
    feed.stop()
    await asyncio.wait_for(running, 5)
    assert count(ledger) == 4
    assert await left(redis, partitions) == 0


async def test_drain_says_when_it_cannot(
    redis: Client, partitions: Partitions, ledger: Ledger
) -> None:
    await record(redis, partitions, NUMBERS[:1])
    failing: Any = Failing(ledger, times=1)
    feed = LedgerFeed(redis, partitions, failing, consumer="one")
    with pytest.raises(OperationalError):
        await feed.drain()
    await feed.drain()
    assert count(ledger) == 1


async def test_run_waits_for_more_until_it_is_stopped(
    redis: Client, partitions: Partitions, ledger: Ledger
) -> None:
    told = asyncio.Queue[tuple[int, int]]()
    feed = LedgerFeed(
        redis, partitions, ledger, consumer="one", recorded=lambda *new: told.put_nowait(new)
    )
    running = spawn(feed.run(), name="ledger feed")
    for number in NUMBERS[:2]:
        await record(redis, partitions, [number])
        assert await asyncio.wait_for(told.get(), 5) == (1, 0)
    feed.stop()
    await asyncio.wait_for(running, 5)


async def test_a_reply_that_got_lost(
    cut: tuple[Any, Client], redis: Client, partitions: Partitions, ledger: Ledger
) -> None:
    link, client = cut
    feed = LedgerFeed(client, partitions, ledger, consumer="one", claim_after=0)
    await record(redis, partitions, NUMBERS)
    for _ in range(3):
        link.replies_to_lose = 1
        try:
            await feed.step()
        except RedisConnectionError:
            continue
    await feed.drain()
    assert count(ledger) == len(NUMBERS)
    assert await left(redis, partitions) == 0
