"""An upstream SMSC that a test plays: it waits for submits, and answers as the test says."""

import asyncio
from datetime import UTC, datetime
from itertools import count
from ssl import SSLContext
from typing import Any

from telecom.net.smpp.server import ServerSession, SmppServer
from telecom.smpp.pdus import DeliverSm, Pdu, SubmitSm, SubmitSmResp
from telecom.smpp.short_message import user_data_of
from telecom.smpp.status import CommandStatus
from telecom.smpp.tlv_structures import NetworkErrorCode
from telecom.smpp.tlvs import NETWORK_ERROR_CODE
from telecom.sms.receipt import DeliveryReceipt, MessageState, encode

RECEIPT = 0x04


class Submitted:
    """A submit_sm that waits for its response."""

    def __init__(self, smsc: "Smsc", session: ServerSession, pdu: SubmitSm) -> None:
        self._smsc = smsc
        self._session = session
        self.pdu = pdu
        self.number = pdu.destination_addr.decode()
        self.id = ""

    @property
    def text(self) -> str:
        return user_data_of(self.pdu).text

    def accepts(self, message_id: str | None = None) -> "Submitted":
        self.id = f"{next(self._smsc.ids):08d}" if message_id is None else message_id
        self._session.respond(self.pdu, SubmitSmResp(message_id=self.id.encode()))
        return self

    def refuses(self, status: int) -> None:
        self._session.reject(self.pdu, status)

    def cuts(self) -> None:
        """Lose the connection."""
        self._session.abort()

    async def delivers(self, state: str = "DELIVRD", **fields: Any) -> int:
        """Send a receipt; return the status that it is answered with."""
        return await self._smsc.receipt(self.id, self.number, state, **fields)


class Smsc:
    """It takes one account's binds, of any kind; with `automatic` it accepts and delivers all."""

    def __init__(self) -> None:
        self.ids = count(1)
        self.automatic = False
        self.submits: list[Submitted] = []
        self.sessions: list[ServerSession] = []
        self.port = 0
        self._waiting: list[Submitted] = []
        self._came = asyncio.Event()
        self._server = self._make()
        self._tasks: set[asyncio.Task[int]] = set()

    def _make(self) -> SmppServer:
        return SmppServer(
            authenticate=self._authenticate,
            on_requests=self._requested,
            on_bound=self._bound,
            on_unbound=self._unbound,
            system_id="smsc",
        )

    async def start(self, ssl: SSLContext | None = None) -> None:
        """Listen, after a pause at the same port."""
        self._server = self._make()
        await self._server.start("127.0.0.1", self.port, ssl)
        ((_, self.port),) = self._server.addresses

    async def stop(self) -> None:
        """End all sessions, and listen no more."""
        for session in list(self.sessions):
            session.abort()
        await self._server.close(drain=0)

    async def _authenticate(self, bind: Any, session: ServerSession) -> CommandStatus:
        same = (bind.system_id, bind.password) == (b"us", b"secret")
        return CommandStatus.ESME_ROK if same else CommandStatus.ESME_RINVPASWD

    def _bound(self, session: ServerSession) -> None:
        self.sessions.append(session)
        self._came.set()

    def _unbound(self, session: ServerSession) -> None:
        self.sessions.remove(session)
        self._came.set()

    def _requested(self, session: ServerSession, requests: list[Pdu]) -> None:
        for request in requests:
            assert isinstance(request, SubmitSm)
            submitted = Submitted(self, session, request)
            self.submits.append(submitted)
            if self.automatic:
                submitted.accepts()
                task = asyncio.get_running_loop().create_task(submitted.delivers())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            else:
                self._waiting.append(submitted)
        self._came.set()

    async def until(self, holds: Any, *, timeout: float = 5) -> None:
        async with asyncio.timeout(timeout):
            while not holds():
                self._came.clear()
                await self._came.wait()

    async def submit(self) -> Submitted:
        """Wait for the next submit_sm, and take it."""
        await self.until(lambda: self._waiting)
        return self._waiting.pop(0)

    async def is_bound(self, sessions: int = 1) -> None:
        await self.until(lambda: len(self.sessions) == sessions)

    async def receipt(
        self,
        message_id: str,
        number: str,
        state: str = "DELIVRD",
        *,
        err: str = "000",
        network_error: tuple[int, int] | None = None,
        done: datetime | None = None,
        **fields: Any,
    ) -> int:
        """Send a receipt over the last receiver's session; return the answer's status."""
        told = DeliveryReceipt(
            message_id, MessageState[state], 1, 0, datetime.now(UTC), done, err=err
        )
        tlvs = ()
        if network_error is not None:
            tlvs = (NETWORK_ERROR_CODE(NetworkErrorCode(*network_error)),)
        values: dict[str, Any] = {"esm_class": RECEIPT, "short_message": encode(told)}
        values |= {"source_addr": number.encode(), "destination_addr": b"38591000100"}
        return await self.deliver(DeliverSm(**(values | fields), tlvs=tlvs))

    async def deliver(self, pdu: Pdu) -> int:
        (*_, session) = [session for session in self.sessions if session.receives]
        async with asyncio.timeout(5):
            return (await session.request(pdu)).command_status
