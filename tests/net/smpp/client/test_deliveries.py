"""What the SMSC delivers: messages in parts, receipts, and too much of them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from telecom.smpp import tlvs
from telecom.smpp.errors import LinkClosedError, LocalError
from telecom.smpp.pdus import (
    AlertNotification,
    DeliverSm,
    Pdu,
    SubmitSm,
    SubmitSmResp,
)
from telecom.smpp.short_message import content
from telecom.smpp.status import CommandStatus as Status
from telecom.sms.receipt import MessageState
from telecom.sms.segmentation import split
from tests.net.smpp_peer import until
from tests.net.smsc import Smsc, receipt, running_smsc

TEXT = "a long message, " * 20


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    async with running_smsc() as smsc:
        yield smsc


def parts(text: str = TEXT) -> list[DeliverSm]:
    return [DeliverSm(source_addr=b"447700900123", **content(part)) for part in split(text, 7)]


async def test_a_long_message_comes_whole(smsc: Smsc) -> None:
    async with smsc.client() as esme:
        answers = [smsc.session.request(pdu) for pdu in reversed(parts())]
        delivery = await esme.delivery()
        assert delivery.text == TEXT
        assert not any(answer.done() for answer in answers)
        await delivery.accept()
        statuses = [answer.command_status for answer in await asyncio.gather(*answers)]
        assert statuses == [Status.ESME_ROK] * 3


async def test_parts_as_they_are(smsc: Smsc) -> None:
    async with smsc.client(join=False) as esme:
        for pdu in parts():
            smsc.session.request(pdu).cancel()
        texts = [(await esme.delivery()).text for _ in parts()]
    assert "".join(texts) == TEXT


async def test_a_window_of_one(smsc: Smsc, monkeypatch: Any) -> None:
    monkeypatch.setattr("telecom.net.smpp.client.joiner._HOLD", 0.01)
    async with smsc.client() as esme:
        for pdu in parts()[:-1]:
            assert (await smsc.session.request(pdu)).command_status == Status.ESME_ROK
        last = smsc.session.request(parts()[-1])
        delivery = await esme.delivery()
        assert delivery.text == TEXT
        assert not last.done()
        await delivery.reject()
        assert (await last).command_status == Status.ESME_RX_T_APPN
        smsc.session.request(parts()[-1]).cancel()
        assert (await esme.delivery()).text == TEXT


async def test_parts_without_the_rest_come_when_the_client_is_closed(smsc: Smsc) -> None:
    async with smsc.client() as esme:
        smsc.session.request(parts()[0]).cancel()
        await esme.submit("1", "hello")  # by its answer the part has come, too
    assert [delivery.text for delivery in [each async for each in esme.deliveries()]] == [
        TEXT[:153]
    ]


async def test_what_comes_while_the_client_closes_the_smsc_keeps(smsc: Smsc) -> None:
    smsc.answers[SubmitSm] = lambda _: None
    async with smsc.client() as esme:
        submitting = await esme.send(SubmitSm())
        closing = asyncio.get_running_loop().create_task(esme.close())
        await asyncio.sleep(0)
        answer = await smsc.session.request(DeliverSm(short_message=b"late"))
        assert answer.command_status == Status.ESME_RX_T_APPN
        submitting.cancel()
        smsc.session.abort()
        await closing
        assert [each async for each in esme.deliveries()] == []


async def test_a_message_that_cannot_be_read_is_for_who_takes_it(smsc: Smsc) -> None:
    broken = DeliverSm(esm_class=0x40, short_message=b"\xff")
    single = DeliverSm(short_message=b"x", tlvs=(tlvs.SOURCE_PORT(5),))
    async with smsc.client() as esme:
        for pdu in (broken, single):
            smsc.session.request(pdu).cancel()
        assert (await esme.delivery()).request.esm_class == 0x40
        assert (await esme.delivery()).text == "x"


async def test_what_nobody_takes_is_rejected_and_submits_go_on(smsc: Smsc) -> None:
    async with smsc.client(max_deliveries=2) as esme:
        answers = [smsc.session.request(DeliverSm(short_message=b"%d" % n)) for n in range(3)]
        assert (await answers[2]).command_status == Status.ESME_RX_T_APPN
        await esme.submit("1", "hello")
        assert [(await esme.delivery()).text for _ in range(2)] == ["0", "1"]
        smsc.session.request(DeliverSm(short_message=b"3")).cancel()
        assert (await esme.delivery()).text == "3"


async def test_long_deliveries_count_as_several(smsc: Smsc) -> None:
    """Nobody takes them, and still what is submitted is answered: the link reads on."""
    huge = DeliverSm(tlvs=(tlvs.MESSAGE_PAYLOAD(bytes(0xFFFF)),))
    async with smsc.client() as esme:
        answers = [smsc.session.request(huge) for _ in range(70)]
        refused = await answers[-1]
        assert refused.command_status == Status.ESME_RX_T_APPN
        assert not answers[0].done()
        await esme.submit("1", "hello")


async def test_waiting_for_one_delivery(smsc: Smsc) -> None:
    async with smsc.client() as esme:
        with pytest.raises(TimeoutError):
            await esme.delivery(timeout=0.01)
    with pytest.raises(LinkClosedError):
        await esme.delivery()


async def test_notifications(smsc: Smsc) -> None:
    heard: list[Pdu] = []
    async with smsc.client(on_notification=heard.append):
        alert = AlertNotification(source_addr=b"447700900901")
        smsc.session.notify(alert)
        await until(lambda: bool(heard))
    assert isinstance(heard[0], AlertNotification)


# Receipts


async def test_every_receipt_of_a_message_can_be_followed(smsc: Smsc) -> None:
    async with smsc.client() as esme:
        sent = await esme.submit("447700900123", "x" * 200, receipt=True)
        assert sent.message_ids == ["id1", "id2"]
        states = [MessageState.ENROUTE, MessageState.ACCEPTD, MessageState.DELIVRD]
        for state in states:
            await smsc.session.request(receipt("id1", state))
        updates = sent.updates()
        assert [(await anext(updates)).stat for _ in states] == states
        late = asyncio.get_running_loop().create_task(anext(updates))
        await smsc.session.request(receipt("id2"))
        assert (await late).id == "id2"
        with pytest.raises(StopAsyncIteration):
            await anext(updates)
        assert [each.id async for each in sent.updates()] == ["id1", "id1", "id1", "id2"]


async def test_an_intermediate_notification_is_not_the_last(smsc: Smsc) -> None:
    async with smsc.client() as esme:
        sent = await esme.submit("447700900123", "hello", receipt=True)
        passing = DeliverSm(esm_class=0x20, short_message=b"id:id1 stat:UNDELIV")
        for pdu in (passing, receipt("id1")):
            await smsc.session.request(pdu)
        assert (await sent.receipt()).stat is MessageState.DELIVRD
        states = [told.stat.name async for told in sent.updates()]
    assert states == ["UNDELIV", "DELIVRD"]


async def test_a_message_that_is_answered_while_the_client_closes(smsc: Smsc) -> None:
    """Its receipt cannot come any more, and who waits for it learns so."""
    held: list[SubmitSm] = []
    smsc.answers[SubmitSm] = held.append
    async with smsc.client() as esme:
        loop = asyncio.get_running_loop()
        sending = loop.create_task(esme.submit("447700900123", "hello", receipt=True))
        await until(lambda: bool(held))
        closing = loop.create_task(esme.close())
        await asyncio.sleep(0)
        smsc.session.respond(held[0], SubmitSmResp(b"id1"))
        sent = await sending
        with pytest.raises(LinkClosedError):
            await sent.receipt()
        await closing


async def test_a_notification_that_its_taker_cannot_take(smsc: Smsc) -> None:
    def fail(_: Pdu) -> None:
        raise RuntimeError("a bug")

    async with smsc.client(on_notification=fail) as esme:
        smsc.session.notify(AlertNotification())
        await esme.submit("447700900123", "hello")


async def test_the_receipt_does_not_come(smsc: Smsc) -> None:
    async with smsc.client() as esme:
        sent = await esme.submit("447700900123", "hello", receipt=True)
        with pytest.raises(TimeoutError, match=r"no receipt within 0\.01 s"):
            await sent.receipt(timeout=0.01)
        unasked = await esme.submit("447700900123", "hello")
        with pytest.raises(LocalError, match="receipt=True"):
            unasked.updates()
        waiting = asyncio.get_running_loop().create_task(sent.receipt())
        await asyncio.sleep(0)
    with pytest.raises(LinkClosedError):
        await waiting


async def test_ids_in_another_base_and_a_forgotten_message(smsc: Smsc) -> None:
    ids = iter([b"0A", b"10", b"16"])
    smsc.answers[SubmitSm] = lambda _: SubmitSmResp(next(ids))
    async with smsc.client() as esme:
        numbers = ["447700900001", "447700900002", "447700900003"]
        sent = [await esme.submit(number, "hello", receipt=True) for number in numbers]
        for message_id, number in zip(["10", "16", "22"], numbers, strict=True):
            await smsc.session.request(receipt(message_id, source_addr=number.encode()))
        assert [(await each.receipt()).id for each in sent] == ["10", "16", "22"]
        smsc.session.request(receipt("99")).cancel()
        told = (await esme.delivery()).receipt
        assert told is not None
        assert told.id == "99"
