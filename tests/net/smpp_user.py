"""The user of an SMPP server, and what the tests of the server share."""

from collections.abc import Awaitable, Callable
from typing import Any

from telecom.net.smpp.server import ServerSession
from telecom.net.smpp.terms import SessionTerms
from telecom.smpp.pdus import (
    Bind,
    DeliverSm,
    Pdu,
    SubmitSm,
    SubmitSmResp,
)
from telecom.smpp.status import CommandStatus as Status
from tests.net.smpp_peer import Peer

SUBMIT = SubmitSm(destination_addr=b"447700900123", short_message=b"hello")
DELIVER = DeliverSm(source_addr=b"447700900123", short_message=b"hello")
Start = Callable[..., Any]
Join = Callable[..., Awaitable[Peer]]


class Recorder:
    """A capture that remembers which way what went."""

    def __init__(self) -> None:
        self.packets: list[tuple[int, bytes]] = []

    def tcp(self, *, source: tuple[str, int], destination: tuple[str, int], data: bytes) -> None:
        self.packets.append((destination[1], data))


class User:
    """The user of a server: accepts demo/demo, and answers every request with a message id."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.reads: list[list[Pdu]] = []
        self.hold = False
        self.capture = Recorder()

    async def authenticate(self, bind: Bind, session: ServerSession) -> int | SessionTerms:
        if bind.system_id == b"broken":
            raise RuntimeError("the account database is down")
        if bind.system_id == b"terms":
            return SessionTerms(window=1, peer_window=3, unanswered=2)
        return Status.ESME_ROK if bind.password == b"demo" else Status.ESME_RINVPASWD

    def bound(self, session: ServerSession) -> None:
        self.log.append(f"bound {session.system_id}")

    def unbound(self, session: ServerSession) -> None:
        self.log.append(f"unbound {session.system_id}")

    def requests(self, session: ServerSession, requests: list[Pdu]) -> None:
        self.reads.append(requests)
        if not self.hold:
            self.answer(session, requests)

    def answer(self, session: ServerSession, requests: list[Pdu]) -> None:
        for request in requests:
            if isinstance(request, SubmitSm):
                session.respond(request, SubmitSmResp(b"%d" % request.sequence_number))
            else:
                session.reject(request, Status.ESME_RINVCMDID)


def encoded(pdu: DeliverSm, sequence_number: int) -> Pdu:
    return DeliverSm(
        source_addr=pdu.source_addr,
        short_message=pdu.short_message,
        sequence_number=sequence_number,
    )
