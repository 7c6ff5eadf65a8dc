"""Whatever an SMSC delivers, a client takes it: it is handed over, joined, or answered."""

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from telecom.net.smpp_client_inbox import Inbox
from telecom.smpp.pdus import DataSm, DeliverSm, Pdu
from telecom.smpp.status import CommandStatus as Status
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
