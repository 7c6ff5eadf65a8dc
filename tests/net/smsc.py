"""An SMSC for the tests of the client: it remembers what it gets, and answers as it is told."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import telecom
from telecom.net.smpp.client.esme import Esme
from telecom.net.smpp.link import LinkLimits
from telecom.net.smpp.server import ServerSession, SmppServer
from telecom.net.smpp.terms import ServerLimits
from telecom.smpp.limits import SessionLimits
from telecom.smpp.pdus import (
    Bind,
    DataSm,
    DataSmResp,
    DeliverSm,
    Pdu,
    SubmitSm,
    SubmitSmResp,
)
from telecom.smpp.status import CommandStatus as Status
from telecom.sms.receipt import MessageState

Answer = Callable[[Any], Pdu | int | None]
"""Makes the response to a request, or its status alone; None answers nothing."""


class Smsc:
    """It answers a message with the ids id1, id2 and so on, and any other request as `answers`."""

    def __init__(
        self, *, on_bound: Callable[[ServerSession], None] | None = None, **limits: Any
    ) -> None:
        self.requests: list[Any] = []
        self.binds: list[Bind] = []
        self.octets = bytearray()
        self.answers: dict[type[Pdu], Answer] = {SubmitSm: self.number, DataSm: self.number}
        self.server = SmppServer(
            authenticate=self.authenticate,
            on_requests=self.requested,
            on_bound=on_bound,
            system_id="smsc",
            limits=ServerLimits(link=LinkLimits(session=SessionLimits(**limits))),
            capture=self,
        )

    def tcp(self, *, source: tuple[str, int], destination: tuple[str, int], data: bytes) -> None:
        """Remember what has come, as a capture."""
        if destination == self.address:
            self.octets += data

    async def authenticate(self, bind: Bind, _: ServerSession) -> int:
        self.binds.append(bind)
        return Status.ESME_ROK if bind.password == b"demo" else Status.ESME_RINVPASWD

    def requested(self, session: ServerSession, requests: list[Pdu]) -> None:
        for request in requests:
            self.requests.append(request)
            answer = self.answers[type(request)](request)
            if isinstance(answer, Pdu):
                session.respond(request, answer)
            elif answer is not None:
                session.reject(request, answer)

    def number(self, request: SubmitSm | DataSm) -> Pdu:
        response = SubmitSmResp if isinstance(request, SubmitSm) else DataSmResp
        return response(b"id%d" % len(self.requests))

    @property
    def address(self) -> tuple[str, int]:
        return self.server.addresses[0]

    @property
    def session(self) -> ServerSession:
        (session,) = self.server.sessions
        return session

    def client(self, **options: Any) -> Esme:
        return telecom.connect(
            *self.address, **{"system_id": "demo", "password": "demo", **options}
        )


@asynccontextmanager
async def running_smsc(**limits: Any) -> AsyncIterator[Smsc]:
    smsc = Smsc(**limits)
    await smsc.server.start("127.0.0.1", 0)
    yield smsc
    await smsc.server.close(1)


def receipt(message_id: str, state: MessageState = MessageState.DELIVRD, **more: Any) -> DeliverSm:
    text = b"id:%s stat:%s" % (message_id.encode(), state.name.encode())
    return DeliverSm(esm_class=0x04, short_message=text, **more)
