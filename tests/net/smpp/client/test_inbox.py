"""Whatever an SMSC delivers, a client takes it: it is handed over, joined, or answered."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecom.net.smpp.client.inbox import Inbox
from telecom.smpp.pdus import DataSm, DeliverSm, Pdu
from telecom.smpp.short_message import content
from telecom.smpp.status import CommandStatus as Status
from telecom.sms.segmentation import split
from tests.net.smpp_peer import until
from tests.smpp.conftest import pdus


class Link:
    unanswered = 0

    def __init__(self) -> None:
        self.statuses: list[int] = []

    def respond(self, request: Pdu, response: Pdu) -> None:
        self.statuses.append(response.command_status)


@given(st.lists(pdus(DeliverSm, DataSm), max_size=5))
def test_fuzz(requests: list[DeliverSm | DataSm]) -> None:
    async def deliver() -> None:
        link: Any = Link()
        inbox = Inbox(limit=3, unanswered=100, join=True)
        for request in requests:
            inbox.receive(link, request)
        inbox.end()
        while (delivery := await inbox.take()) is not None:
            delivery.answer(Status.ESME_ROK)
        assert len(link.statuses) == len(requests)

    asyncio.run(deliver())


async def test_what_has_been_accepted_is_kept_though_there_is_too_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A part that the SMSC will not send again, and one that it will."""
    monkeypatch.setattr("telecom.net.smpp.client.joiner._HOLD", 0.0)
    link: Any = Link()
    inbox = Inbox(limit=0, unanswered=100, join=True)
    first, second, _ = split("x" * 400, 7)
    inbox.receive(link, DeliverSm(**content(first)))
    await until(lambda: link.statuses)
    inbox.receive(link, DeliverSm(**content(second)))
    inbox.end()
    assert link.statuses == [Status.ESME_ROK, Status.ESME_RX_T_APPN]
    delivery = await inbox.take()
    assert delivery is not None
    assert delivery.user_data == first
    assert await inbox.take() is None
