"""Outboxes to their ESMEs: in order, by windows, again when they are not taken, and never twice."""

import asyncio

import pytest

from telecom.net.tasks import spawn
from telecom.smpp import codec
from telecom.smpp.errors import LinkClosedError, NoResponseError
from telecom.smpp.pdus import DeliverSm
from telecom.smpp.status import CommandStatus
from telecom.smpp.tlvs import MESSAGE_PAYLOAD
from telecom.store.records import OutboxItem
from tests.gateway.conftest import MakeNode
from tests.gateway.pipeline import Node, config, eventually
from tests.gateway.scripted_esme import Esme
from tests.gateway.valve import Valve

NUMBER = "447700900123"


async def put(node: Node, *texts: str, account: str = "demo", number: str = NUMBER) -> None:
    """Put messages of a handset into an outbox."""
    bodies = [
        codec.encode(DeliverSm(source_addr=number.encode(), short_message=text.encode()))
        for text in texts
    ]
    items = [
        OutboxItem(id=f"{account}.{number}.{text}", account=account, number=number, body=body)
        for text, body in zip(texts, bodies, strict=True)
    ]
    await node.outbox.put(items, node.time.wall())


def texts(esme: Esme) -> list[str]:
    return [pdu.short_message.decode() for pdu in esme.delivered]


async def is_empty(node: Node, account: str = "demo") -> None:
    await eventually(lambda: node.outbox.depth([account]), {account: 0})


async def test_in_order(node: Node, esme: Esme) -> None:
    expected = [str(place) for place in range(500)]
    await put(node, *expected)
    await esme.until(lambda: len(esme.delivered) == 500)
    assert texts(esme) == expected
    await is_empty(node)


async def test_each_account_gets_its_own(node: Node) -> None:
    demo, slow = node.bind(), node.bind("slow")
    await put(node, "a")
    await put(node, "b", account="slow")
    await demo.until(lambda: texts(demo) == ["a"])
    await slow.until(lambda: texts(slow) == ["b"])


async def test_what_came_before_the_bind_comes_with_it(node: Node) -> None:
    await put(node, "a", "b")
    other = node.bind("slow")
    late = node.bind()
    await late.until(lambda: texts(late) == ["a", "b"])
    assert other.delivered == []


async def test_a_transmitter_gets_nothing(node: Node) -> None:
    transmitter = node.bind(receives=False)
    await put(node, "a")
    receiver = node.bind()
    await receiver.until(lambda: texts(receiver) == ["a"])
    assert transmitter.delivered == []


async def test_no_more_than_the_window(make_node: MakeNode) -> None:
    node = make_node(settings=config(outbox={"window": 3}))
    esme = node.bind()
    esme.takes = False
    await put(node, *"abcdef")
    await esme.until(lambda: len(esme.unanswered) == 3)
    esme.unanswered.pop(0).answer()
    await esme.until(lambda: texts(esme) == ["a", "b", "c", "d"])
    assert len(esme.unanswered) == 3


async def test_a_full_window_does_not_keep_others_waiting(make_node: MakeNode) -> None:
    node = make_node(settings=config(outbox={"window": 1}))
    stuck, lively = node.bind(), node.bind("slow")
    stuck.takes = False
    await put(node, "a", "b")
    await stuck.until(lambda: len(stuck.unanswered) == 1)
    await put(node, *"cdefg", account="slow")
    await lively.until(lambda: texts(lively) == list("cdefg"))


async def test_sessions_of_an_account_share_the_load(make_node: MakeNode) -> None:
    node = make_node(settings=config(outbox={"window": 2}))
    sessions = [node.bind(), node.bind()]
    for session in sessions:
        session.takes = False
    await put(node, *"abcd")
    for session in sessions:
        await session.until(lambda session=session: len(session.unanswered) == 2)


@pytest.mark.parametrize(
    "status",
    [CommandStatus.ESME_RX_T_APPN, CommandStatus.ESME_RTHROTTLED, CommandStatus.ESME_RMSGQFUL],
)
async def test_what_is_not_taken_now_comes_again(node: Node, esme: Esme, status: int) -> None:
    esme.takes = False
    await put(node, "a", "b")
    await esme.until(lambda: len(esme.unanswered) == 2)
    esme.takes = True
    esme.unanswered[0].answer(status)
    esme.unanswered[1].answer()
    await esme.until(lambda: texts(esme) == ["a", "b", "a"])
    await is_empty(node)


@pytest.mark.parametrize("status", [CommandStatus.ESME_RX_R_APPN, 0x00000400, 0x7FFFFFFF])
async def test_what_is_never_taken_does_not_come_again(node: Node, esme: Esme, status: int) -> None:
    esme.takes = False
    await put(node, "a")
    await esme.until(lambda: len(esme.unanswered) == 1)
    esme.unanswered.pop().answer(status)
    await is_empty(node)
    assert texts(esme) == ["a"]


async def test_an_esme_that_does_not_answer_is_asked_again(node: Node, esme: Esme) -> None:
    esme.takes = False
    await put(node, "a")
    await esme.until(lambda: len(esme.unanswered) == 1)
    esme.takes = True
    esme.unanswered.pop().fails(NoResponseError("no response"))
    await esme.until(lambda: texts(esme) == ["a", "a"])


async def test_the_next_session_need_not_wait_for_the_one_that_broke_off(
    node: Node, esme: Esme
) -> None:
    esme.takes = False
    await put(node, *"abc")
    await esme.until(lambda: len(esme.unanswered) == 3)
    esme.unbinds()
    again = node.bind()
    await again.until(lambda: texts(again) == ["a", "b", "c"])  # time stands still: no pause
    await is_empty(node)


async def test_another_session_of_the_account_takes_over_at_once(node: Node) -> None:
    first, second = node.bind(), node.bind()
    first.takes = second.takes = False
    await put(node, "a")
    await eventually(lambda: len(first.unanswered) + len(second.unanswered), 1)
    holder, other = (first, second) if first.unanswered else (second, first)
    other.takes = True
    holder.unbinds()
    await other.until(lambda: texts(other) == ["a"])


async def test_an_answer_that_comes_after_the_end_counts_nothing_twice(
    node: Node, esme: Esme
) -> None:
    esme.takes = False
    await put(node, "a")
    await esme.until(lambda: len(esme.unanswered) == 1)
    node.to_esme.unbound(esme)  # type: ignore[arg-type]
    node.to_esme.unbound(esme)  # type: ignore[arg-type]
    esme.unanswered.pop().fails(LinkClosedError("over"))
    again = node.bind()
    await again.until(lambda: texts(again) == ["a"])


async def test_what_no_esme_could_read_keeps_nothing_waiting(node: Node, esme: Esme) -> None:
    bad = OutboxItem(id="bad", account="demo", number=NUMBER, body=b"no PDU")
    await node.outbox.put([bad], node.time.wall())
    await put(node, "a")
    await esme.until(lambda: texts(esme) == ["a"])
    await is_empty(node)


async def test_before_the_unbind_what_was_sent_is_answered_and_no_more_is_sent(
    node: Node, esme: Esme
) -> None:
    esme.takes = False
    await put(node, "a", "b")
    await esme.until(lambda: len(esme.unanswered) == 2)
    stopping = spawn(node.to_esme.stop_taking(), name="stop")
    await put(node, "c")
    for delivery in esme.unanswered:
        assert not stopping.done()
        delivery.answer()
        await asyncio.sleep(0.01)
    await stopping
    assert texts(esme) == ["a", "b"]
    await eventually(lambda: node.outbox.depth(["demo"]), {"demo": 1})


async def test_a_stop_gives_back_what_is_not_answered(make_node: MakeNode) -> None:
    first = make_node(name="a")
    esme = first.bind()
    esme.takes = False
    await put(first, "a", "b")
    await esme.until(lambda: len(esme.unanswered) == 2)
    esme.unanswered[0].answer()
    esme.unbinds()
    await first.to_esme.stop()
    receiving = make_node(name="b").bind()
    await receiving.until(lambda: texts(receiving) == ["b"])


async def test_a_stop_gives_back_what_is_on_its_way_from_redis(
    make_node: MakeNode, valve: tuple[Valve, str]
) -> None:
    link, url = valve
    first = make_node(url, name="a")
    esme = first.bind()
    await eventually(lambda: first.outbox.depth(["demo"]), {"demo": 0})
    taking = link.hold("outbox_take", reply=True)
    await put(first, "a")
    await taking.reached()
    stopping = spawn(first.to_esme.stop(), name="stop")
    await asyncio.sleep(0.01)
    taking.release()
    await stopping
    assert esme.delivered == []
    receiving = make_node(name="b").bind()
    await receiving.until(lambda: texts(receiving) == ["a"])


async def test_statuses_that_an_esme_makes_up_do_not_make_the_metrics_grow(
    node: Node, esme: Esme
) -> None:
    esme.takes = False
    for status in range(0x400, 0x400 + 400):
        node.metrics.count("outbox", f"{status:#010x}")
    families = {
        sample.labels["result"]
        for family in node.metrics.registry.collect()
        for sample in family.samples
        if sample.labels.get("stage") == "outbox"
    }
    assert len(families) <= 301


async def test_a_fault_of_our_own_does_not_end_the_deliveries(
    node: Node, esme: Esme, monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(node.to_esme, "_room", lambda: 1 // 0)
        await asyncio.sleep(0.15)
    await put(node, "a")
    await esme.until(lambda: texts(esme) == ["a"])


async def test_what_a_peer_of_3_3_cannot_get_keeps_nothing_back(node: Node) -> None:
    esme = node.bind(version=0x33)
    long = codec.encode(DeliverSm(tlvs=(MESSAGE_PAYLOAD(b"a" * 255),)))
    item = OutboxItem(id="long", account="demo", number=NUMBER, body=long)
    await node.outbox.put([item], node.time.wall())
    await put(node, "after")
    await esme.until(lambda: texts(esme) == ["after"])
    await is_empty(node)
