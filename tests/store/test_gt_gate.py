"""The GT gate: one dialogue a record, never a mismatch through, whatever the order of things."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from telecom.router.gt_rule import FsmRecord, SriRecord, Verdict, judge
from telecom.store.embedded import EmbeddedRedis, connect
from telecom.store.gt_gate import GtGate
from telecom.store.keys import Partitions
from telecom.store.lua import Client, round_trip
from telecom.store.records import Evidence, FsmRequest, SriAnswered, SriSent

from .conftest import NOW, Cut

T1 = 30.0
OWN, OTHER, THIRD = "38591000001", "38591000002", "38591000003"
ALICE, BOB, CAROL = "447700900001", "447700900002", "447700900004"
PARTITIONS = Partitions(2)

SRI = SriSent("a1", ALICE, "Alba", OWN, OWN, "447700900000", "00000001", NOW)
ANSWER = SriAnswered("a1", ALICE, "234900000000001", "4477009", NOW + 1)
FSM = FsmRequest(
    authorisation="a1", msisdn=ALICE, imsi="234900000000001", node="4477009", sccp_gt=OWN,
    map_gt=OWN, called="4477009", dialogue="00000002", at=NOW + 2, message_id="m1",
    operator="Alba", events=(b"event 1", b"event 2"),
)  # fmt: skip


def test_the_numbers_of_these_tests_share_a_partition_or_do_not() -> None:
    assert PARTITIONS.of(ALICE) == PARTITIONS.of(BOB) != PARTITIONS.of(CAROL)


@pytest.fixture
def gate(redis: Client) -> GtGate:
    return GtGate(redis, PARTITIONS, t1=T1)


@pytest.fixture
def other_node(second_redis: Client) -> GtGate:
    return GtGate(second_redis, PARTITIONS, t1=T1)


async def evidence(redis: Client) -> list[Evidence]:
    commands = [("XRANGE", keys.evidence, "-", "+") for keys in PARTITIONS.keys]
    replies = await round_trip(redis, commands)
    return [Evidence.of_entry(fields) for entries in replies for _, fields in entries]


async def events(redis: Client) -> list[bytes]:
    commands = [("XRANGE", keys.events, "-", "+") for keys in PARTITIONS.keys]
    replies = await round_trip(redis, commands)
    return [fields[b"event"] for entries in replies for _, fields in entries]


async def test_an_answered_request_authorises_one_dialogue(redis: Client, gate: GtGate) -> None:
    await gate.sri_sent([SRI])
    assert await gate.sri_answered([ANSWER]) == [True]
    assert await gate.authorise([FSM]) == [Verdict.MATCH]
    assert await gate.authorise([FSM]) == [Verdict.UNSOLICITED]
    assert await events(redis) == [b"event 1", b"event 2"]
    bare = replace(FSM, events=())
    assert await evidence(redis) == [
        Evidence("match", bare, SRI, ANSWER),
        Evidence("unsolicited", bare),
    ]


async def test_one_record_named_twice_in_one_call_authorises_one(gate: GtGate) -> None:
    await gate.sri_sent([SRI])
    await gate.sri_answered([ANSWER])
    assert await gate.authorise([FSM, FSM]) == [Verdict.MATCH, Verdict.UNSOLICITED]


async def test_two_nodes_that_ask_at_once_get_one_match(gate: GtGate, other_node: GtGate) -> None:
    for number in range(20):
        name = f"a{number}"
        await gate.sri_sent([replace(SRI, authorisation=name)])
        await other_node.sri_answered([replace(ANSWER, authorisation=name)])
        fsm = replace(FSM, authorisation=name)
        verdicts = await asyncio.gather(
            gate.authorise([fsm]), other_node.authorise([fsm]), gate.authorise([fsm])
        )
        assert sorted(verdict for (verdict,) in verdicts) == [
            Verdict.MATCH,
            Verdict.UNSOLICITED,
            Verdict.UNSOLICITED,
        ]


async def test_a_lookup_records_nothing_that_could_authorise(redis: Client, gate: GtGate) -> None:
    assert await gate.sri_answered([ANSWER]) == [False]
    assert await gate.authorise([FSM]) == [Verdict.UNSOLICITED]
    assert await events(redis) == []


async def test_a_request_without_an_answer_authorises_nothing_and_is_used_up(gate: GtGate) -> None:
    await gate.sri_sent([SRI])
    assert await gate.authorise([FSM]) == [Verdict.UNSOLICITED]
    assert await gate.sri_answered([ANSWER]) == [False]
    assert await gate.authorise([FSM]) == [Verdict.UNSOLICITED]


async def test_a_request_recorded_again_does_not_come_back_to_life(gate: GtGate) -> None:
    await gate.sri_sent([SRI])
    await gate.sri_answered([ANSWER])
    await gate.sri_sent([SRI])
    assert await gate.authorise([FSM]) == [Verdict.MATCH]
    await gate.sri_sent([SRI])
    assert await gate.sri_answered([ANSWER]) == [False]
    assert await gate.authorise([FSM]) == [Verdict.UNSOLICITED]


async def test_the_first_answer_holds(gate: GtGate) -> None:
    await gate.sri_sent([SRI])
    moved = replace(ANSWER, node="4915559")
    ported = replace(ANSWER, imsi="262900000000001")
    answers = [ANSWER, replace(ANSWER, at=NOW + 9), moved, ported]
    assert await gate.sri_answered(answers) == [True, True, False, False]
    assert await gate.authorise([FSM]) == [Verdict.MATCH]


async def test_an_answer_for_another_number_binds_nothing(gate: GtGate) -> None:
    await gate.sri_sent([SRI])
    assert await gate.sri_answered([replace(ANSWER, msisdn=BOB)]) == [False]
    assert await gate.sri_answered([replace(ANSWER, msisdn=CAROL)]) == [False]
    assert await gate.authorise([FSM]) == [Verdict.UNSOLICITED]


@pytest.mark.parametrize(
    ("sri", "fsm", "verdict"),
    [
        ({}, {}, Verdict.MATCH),
        ({}, {"sccp_gt": OTHER}, Verdict.SCCP_MISMATCH),
        ({}, {"sccp_gt": OTHER, "map_gt": OTHER}, Verdict.SCCP_MISMATCH),
        ({}, {"map_gt": OTHER}, Verdict.MAP_MISMATCH),
        ({}, {"map_gt": ""}, Verdict.MAP_MISMATCH),
        ({"map_gt": OTHER}, {}, Verdict.SRI_CONFLICT),
        ({}, {"sccp_gt": OTHER, "map_gt": THIRD}, Verdict.FSM_CONFLICT),
        ({}, {"imsi": "234900000000002"}, Verdict.UNSOLICITED),
        ({}, {"imsi": ""}, Verdict.UNSOLICITED),
        ({}, {"node": "4915559"}, Verdict.UNSOLICITED),
        ({}, {"msisdn": BOB}, Verdict.UNSOLICITED),
        ({}, {"authorisation": "a2"}, Verdict.UNSOLICITED),
        ({}, {"at": NOW + T1}, Verdict.EXPIRED),
        ({}, {"at": NOW + T1 - 0.001}, Verdict.MATCH),
        ({"at": NOW + 60}, {}, Verdict.MATCH),  # a node whose clock is ahead
    ],
)
async def test_each_verdict(
    redis: Client, gate: GtGate, sri: dict[str, Any], fsm: dict[str, Any], verdict: Verdict
) -> None:
    await gate.sri_sent([replace(SRI, **sri)])
    await gate.sri_answered([ANSWER])
    assert await gate.authorise([replace(FSM, **fsm)]) == [verdict]
    assert len(await events(redis)) == (2 if verdict is Verdict.MATCH else 0)
    assert [pair.verdict for pair in await evidence(redis)] == [verdict.value]


async def test_records_are_gone_in_time_answered_or_used_or_not(
    redis: Client, gate: GtGate
) -> None:
    for name in ("sent", "answered", "used"):
        await gate.sri_sent([replace(SRI, authorisation=name)])
    for name in ("answered", "used"):
        await gate.sri_answered([replace(ANSWER, authorisation=name)])
    await gate.authorise([replace(FSM, authorisation="used")])
    keys = PARTITIONS.keys[PARTITIONS.of(ALICE)]
    for name in ("sent", "answered", "used"):
        assert 2 * T1 * 1000 - 5000 < await redis.pttl(keys.authorisation(name)) <= 2 * T1 * 1000
    await redis.delete(keys.authorisation("answered"))
    assert await gate.authorise([replace(FSM, authorisation="answered")]) == [Verdict.UNSOLICITED]


async def test_a_lost_reply_costs_neither_the_match_nor_a_second_one(
    redis: Client, gate: GtGate, cut: tuple[Cut, Client]
) -> None:
    link, client = cut
    behind = GtGate(client, PARTITIONS, t1=T1)
    await behind.authorise([FSM])  # connected, and the script is known
    await gate.sri_sent([SRI])
    await gate.sri_answered([ANSWER])
    link.replies_to_lose = 1
    assert await behind.authorise([FSM, FSM]) == [Verdict.MATCH, Verdict.UNSOLICITED]
    assert link.replies_to_lose == 0
    assert await events(redis) == [b"event 1", b"event 2"]
    assert Counter(pair.verdict for pair in await evidence(redis))["match"] == 1


async def test_what_was_recorded_holds_after_redis_was_killed(server: Path, tmp_path: Path) -> None:
    async with EmbeddedRedis(tmp_path, binary=server, appendfsync="always") as first:
        client = connect(first.url)
        gate = GtGate(client, PARTITIONS, t1=T1)
        for name in ("open", "used"):
            await gate.sri_sent([replace(SRI, authorisation=name)])
            await gate.sri_answered([replace(ANSWER, authorisation=name)])
        await gate.authorise([replace(FSM, authorisation="used")])
        await client.aclose()
    async with EmbeddedRedis(tmp_path, binary=server) as second:
        client = connect(second.url)
        gate = GtGate(client, PARTITIONS, t1=T1)
        requests = [replace(FSM, authorisation=name) for name in ("used", "open")]
        assert await gate.authorise(requests) == [Verdict.UNSOLICITED, Verdict.MATCH]
        await client.aclose()


# What can happen, in any order, on two nodes ------------------------------------------------

NAMES = st.sampled_from(["a1", "a2"])
NUMBERS = st.sampled_from([ALICE] * 4 + [BOB, CAROL])
GTS = st.sampled_from([OWN] * 4 + [OTHER, THIRD])
IMSIS = st.sampled_from(["234900000000001"] * 4 + ["262900000000001"])
NODES = st.sampled_from(["4477009"] * 4 + ["4915559"])


class Step(NamedTuple):
    """Something that one of the nodes does, or that happens to Redis, `after` seconds later."""

    on: int
    after: float
    what: SriSent | SriAnswered | FsmRequest | Literal["lapse", "forget scripts"]


SRIS = st.builds(
    SriSent, NAMES, NUMBERS, st.just("Alba"), GTS, GTS, st.just("447"), st.just("1"), st.just(0.0)
)
ANSWERS = st.builds(SriAnswered, NAMES, NUMBERS, IMSIS, NODES, st.just(0.0))
FSMS = st.builds(
    FsmRequest, NAMES, NUMBERS, IMSIS, NODES, GTS, GTS, st.just("447"), st.just("2"), st.just(0.0),
    st.just("m"), st.just("Alba"), st.just((b"event",)),
)  # fmt: skip
STEPS = st.builds(
    Step,
    st.integers(0, 1),
    st.sampled_from([0.0, 0.0, 0.5, T1 / 2, T1]),
    st.one_of(SRIS, ANSWERS, FSMS, FSMS, st.sampled_from(["lapse", "forget scripts"])),
)
HONEST = [SRI, ANSWER, replace(FSM, events=(b"event",))]


@st.composite
def plays(draw: st.DrawFn) -> list[Step]:
    """Anything in any order; mostly with an honest message in between, for matches to matter."""
    anything = st.lists(STEPS, max_size=4)
    play = draw(anything)
    for honest in HONEST if draw(st.integers(0, 3)) else []:
        play += [Step(draw(st.integers(0, 1)), 0.0, honest), *draw(anything)]
    return play


BOUNDED = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class Model:
    """The gate as it should be: `telecom.router.gt_rule` over a dict."""

    def __init__(self) -> None:
        self.records: dict[tuple[int, str], tuple[SriSent, SriAnswered | None] | None] = {}

    def sent(self, sri: SriSent) -> None:
        self.records.setdefault((PARTITIONS.of(sri.msisdn), sri.authorisation), (sri, None))

    def answered(self, answer: SriAnswered) -> bool:
        place = PARTITIONS.of(answer.msisdn), answer.authorisation
        record = self.records.get(place)
        if record is None or record[0].msisdn != answer.msisdn:
            return False
        sri, first = record
        if first is None:
            self.records[place] = (sri, answer)
            return True
        return (first.imsi, first.node) == (answer.imsi, answer.node)

    def authorise(self, fsm: FsmRequest) -> Verdict:
        place = PARTITIONS.of(fsm.msisdn), fsm.authorisation
        record = self.records.get(place)
        if record is None:
            return Verdict.UNSOLICITED
        self.records[place] = None
        sri, answer = record
        if sri.msisdn != fsm.msisdn:
            return Verdict.UNSOLICITED
        return judge(_sri_record(sri, answer), _fsm_record(fsm), T1)


def _sri_record(sri: SriSent, answer: SriAnswered | None) -> SriRecord:
    imsi, node = (answer.imsi, answer.node) if answer else (None, None)
    return SriRecord(sri.msisdn, sri.sccp_gt, sri.map_gt, sri.at, imsi, node)


def _fsm_record(fsm: FsmRequest) -> FsmRecord:
    return FsmRecord(fsm.imsi, fsm.node, fsm.sccp_gt, fsm.map_gt, fsm.at)


@BOUNDED
@given(play=plays())
async def test_it_is_the_rule_over_any_order_of_events_on_two_nodes(
    redis: Client, gate: GtGate, other_node: GtGate, play: list[Step]
) -> None:
    await redis.flushall()
    model, now, matches, asked = Model(), NOW, 0, 0
    for on, after, what in play:
        now += after
        node = (gate, other_node)[on]
        if isinstance(what, SriSent):
            sri = replace(what, at=now)
            await node.sri_sent([sri])
            model.sent(sri)
        elif isinstance(what, SriAnswered):
            answer = replace(what, at=now)
            assert await node.sri_answered([answer]) == [model.answered(answer)]
        elif isinstance(what, FsmRequest):
            fsm = replace(what, at=now)
            expected = model.authorise(fsm)
            assert await node.authorise([fsm]) == [expected]
            asked += 1
            matches += expected is Verdict.MATCH
        elif what == "lapse":
            await redis.delete(PARTITIONS.keys[PARTITIONS.of(ALICE)].authorisation("a1"))
            model.records.pop((PARTITIONS.of(ALICE), "a1"), None)
        else:
            await redis.script_flush()
    assert await events(redis) == [b"event"] * matches
    assert len(await evidence(redis)) == asked


Doing = SriSent | SriAnswered | FsmRequest
DOINGS = st.lists(st.one_of(SRIS, ANSWERS, FSMS), max_size=10)


@BOUNDED
@given(one=DOINGS, two=DOINGS)
async def test_two_nodes_at_once_never_get_two_dialogues_or_a_mismatch_from_one_record(
    redis: Client, gate: GtGate, other_node: GtGate, one: list[Doing], two: list[Doing]
) -> None:
    await redis.flushall()
    let_out: list[FsmRequest] = []

    async def act(node: GtGate, doings: list[Doing]) -> None:
        for what in doings:
            if isinstance(what, SriSent):
                await node.sri_sent([what])
            elif isinstance(what, SriAnswered):
                await node.sri_answered([what])
            elif await node.authorise([what]) == [Verdict.MATCH]:
                let_out.append(what)

    honest: list[Doing] = [replace(step, at=0.0) for step in HONEST]
    # everything happens twice, on each node by two tasks: duplicates race each other
    await asyncio.gather(
        act(gate, [*honest, *one]), act(other_node, [*honest, *two]),
        act(gate, [*two, *honest]), act(other_node, [*one, *honest]),
    )  # fmt: skip
    records = Counter((PARTITIONS.of(fsm.msisdn), fsm.authorisation) for fsm in let_out)
    assert not records or max(records.values()) == 1
    assert len(await events(redis)) == len(let_out)
    matches = [pair for pair in await evidence(redis) if pair.verdict == "match"]
    assert {pair.fsm for pair in matches} == {replace(fsm, events=()) for fsm in let_out}
    for pair in matches:
        assert pair.sri is not None
        assert pair.sri.msisdn == pair.fsm.msisdn
        assert judge(_sri_record(pair.sri, pair.answer), _fsm_record(pair.fsm), T1) == "match"


PAIRS = st.tuples(SRIS, st.booleans(), ANSWERS, FSMS, st.floats(-1, T1 + 1))


@settings(BOUNDED, max_examples=25)
@given(pairs=st.lists(PAIRS, min_size=1, max_size=40))
async def test_its_verdict_is_that_of_the_rule(
    redis: Client,
    gate: GtGate,
    pairs: list[tuple[SriSent, bool, SriAnswered, FsmRequest, float]],
) -> None:
    """Every combination of a request, an answer or none, and a dialogue of some age."""
    await redis.flushall()
    sris, answers, fsms, expected = [], [], [], []
    for number, (sri, is_answered, answer, fsm, age) in enumerate(pairs):
        own = {"authorisation": str(number), "msisdn": ALICE}
        sris.append(replace(sri, **own, at=NOW))
        fsms.append(replace(fsm, **own, at=NOW + age))
        if is_answered:
            answers.append(replace(answer, **own))
        record = _sri_record(sris[-1], answers[-1] if is_answered else None)
        expected.append(judge(record, _fsm_record(fsms[-1]), T1))
    await gate.sri_sent(sris)
    await gate.sri_answered(answers)
    assert await gate.authorise(fsms) == expected
