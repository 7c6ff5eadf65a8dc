"""The bench for an ESME under test: we are its SMSC, and it connects to us again and again."""

import asyncio
from itertools import count
from types import TracebackType
from typing import Any, Final, Self, cast

from telecom.conformance.case import CannotRun, CaseFailed, Remark
from telecom.conformance.recording import Recording
from telecom.conformance.smpp.connection import ANSWERS, Answer, Connection, Manners, always
from telecom.conformance.smpp.settings import Settings
from telecom.conformance.smpp.wire import Received
from telecom.smpp.pdus import (
    RESPONSES,
    Bind,
    BindTransmitter,
    CancelSm,
    CancelSmResp,
    DataSm,
    DataSmResp,
    DeliverSm,
    Pdu,
    QuerySm,
    QuerySmResp,
    SubmitSm,
    SubmitSmResp,
)
from telecom.smpp.status import CommandStatus
from telecom.smpp.tlvs import SC_INTERFACE_VERSION, Tlv

SYSTEM_ID: Final = b"conformance"
RECEIVES: Final = "an ESME that binds as receiver or transceiver"
SUBMITS: Final = "an ESME that submits messages"
MOST_SUBMITTED: Final = 1000
"""Messages of the ESME that are looked at."""
MOST_WAITING: Final = 100
"""Connections that wait to be used; more of them are refused."""
SLOW: Final = "time for the peer's timers (--slow)"


class EsmeUnderTest:
    """Listens for an ESME, and is its SMSC; entered it listens, left it does not.

    Cases share one session for as long as it is as good as new. `binds` and `submitted` are what
    the ESME has sent in the whole run: cases that only look take them from there.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.binds: list[Received] = []
        self.submitted: list[Received] = []
        self.session: Connection | None = None
        self._arrived: asyncio.Queue[Connection] = asyncio.Queue()
        self._opened: list[Connection] = []
        self._remarks: list[Remark] = []
        self._is_gone = ""
        self._submits_nothing = ""
        self._manners = Manners()
        self._ids = count(1)
        self._numbers = count(1)
        self._recording = self.begin()

    async def __aenter__(self) -> Self:
        """Listen; raises `OSError` when the address cannot be had."""
        settings = self.settings
        self._server = await asyncio.start_server(
            self._accept, settings.host, settings.port, ssl=settings.tls
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop listening, and close what is open."""
        self._server.close()
        for connection in [*self._opened, *([self.session] if self.session else [])]:
            await connection.leave()
        while not self._arrived.empty():
            await self._arrived.get_nowait().close()

    @property
    def port(self) -> int:
        """Where it listens; the port that was chosen, where 0 was asked for."""
        return int(self._server.sockets[0].getsockname()[1])

    # What runs the cases

    def begin(self) -> Recording:
        """Make ready for a case."""
        self._recording = Recording(
            asyncio.get_running_loop().time, hidden=self.settings.password.encode("latin-1")
        )
        if self.session is not None:
            self.session.recording = self._recording
            self._harvest(self.session)
        return self._recording

    def _harvest(self, session: Connection) -> None:
        """Take what the ESME has submitted on its own account, and forget the rest."""
        submitted = [pdu for pdu in session.held if pdu.command_id == SubmitSm.command_id]
        self.submitted += submitted[: MOST_SUBMITTED - len(self.submitted)]
        session.held.clear()

    async def require(self, need: str) -> None:
        """See that the ESME, or an option, has what a case needs."""
        if need == SLOW and not self.settings.slow:
            raise CannotRun(f"it needs {need}")
        if need == RECEIVES:
            await self.bound()
            if isinstance(self.binds[-1].pdu, BindTransmitter):
                raise CannotRun(f"it needs {need}")
        if need == SUBMITS:
            await self.submission()

    async def end(self) -> tuple[Remark, ...]:
        """Keep the session for the next case if it is as good as new; close all others."""
        if self.session is not None and self.session.over:
            self.spoil()
        opened, self._opened = self._opened, []
        for connection in opened:
            await connection.close()
        remarks, self._remarks = self._remarks, []
        return tuple(remarks)

    def remark(self, expected: str, got: object) -> None:
        """Say that the peer does what it may, but should not."""
        self._remarks.append(Remark(expected, str(got)))

    # Connections

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._arrived.qsize() >= MOST_WAITING:
            writer.transport.abort()
            return
        connection = Connection(
            reader,
            writer,
            self._recording,
            number=next(self._numbers),
            timeout=self.settings.timeout,
            manners=self._manners,
        )
        connection.answers = {**self._answers()}
        self._arrived.put_nowait(connection)

    def _answers(self) -> dict[type[Pdu], Answer]:
        """Return what an SMSC in order answers."""
        return {
            **ANSWERS,
            SubmitSm: self.accept_submission,
            DataSm: lambda _: DataSmResp(message_id=self._next_id()),
            QuerySm: lambda pdu: QuerySmResp(message_id=pdu.message_id, message_state=1),
            CancelSm: always(CancelSmResp()),
        }

    def accept_submission(self, _: SubmitSm) -> Pdu:
        """Accept a message."""
        return SubmitSmResp(message_id=self._next_id())

    def _next_id(self) -> bytes:
        return b"%010d" % next(self._ids)

    async def connection(self) -> Connection:
        """Wait for the ESME to connect, once more; the session that it had until now is ended."""
        if self.session is not None:
            await self.session.leave()
            self.session = None
        if self._is_gone:
            raise CannotRun(self._is_gone)
        try:
            async with asyncio.timeout(self.settings.patience):
                while True:
                    connection = await self._arrived.get()
                    connection.recording = self._recording
                    self._opened.append(connection)
                    if not connection.over:
                        return connection
        except TimeoutError:
            self._is_gone = f"the ESME did not connect within {self.settings.patience:g} s"
            raise CannotRun(self._is_gone) from None

    async def bind_request(self, connection: Connection | None = None) -> tuple[Connection, Bind]:
        """Wait for a connection, and the bind on it, which is not answered yet."""
        connection = connection or await self.connection()
        request = await connection.expect("a bind", lambda _: True, timeout=self.settings.patience)
        if not isinstance(request.pdu, Bind):
            raise CaseFailed("a bind as the first PDU", str(request))
        connection.recording.hide(request.pdu.password)
        self.binds.append(request)
        return connection, request.pdu

    async def bound(
        self, *, fresh: bool = False, tlvs: tuple[Tlv, ...] | None = None
    ) -> Connection:
        """Return a session that is bound: the one that is there, unless it has to be `fresh`."""
        if self.session is not None and not fresh and not self.session.over:
            return self.session
        connection, request = await self.bind_request()
        connection.send(self.bind_response(request, tlvs=tlvs), request.sequence_number)
        self.keep(connection)
        return connection

    def bind_response(self, request: Bind, *, tlvs: tuple[Tlv, ...] | None = None) -> Pdu:
        """Make the response that lets an ESME in."""
        if tlvs is None:
            tlvs = (SC_INTERFACE_VERSION(self.settings.version),)
            tlvs = tlvs if request.interface_version >= 0x34 else ()
        response = cast("Any", RESPONSES[request.command_id])
        return cast("Pdu", response(system_id=SYSTEM_ID, tlvs=tlvs))

    def keep(self, connection: Connection) -> None:
        """Take note that a connection is bound, so that other cases can use it."""
        connection.is_bound = True
        self.session = connection
        if connection in self._opened:
            self._opened.remove(connection)

    def spoil(self) -> None:
        """Take the session away from the cases that follow."""
        if self.session is not None:
            self._opened.append(self.session)
            self.session = None

    # What cases ask

    async def delivered(self, connection: Connection, pdu: Pdu) -> Received:
        """Deliver, and see that it is accepted by a response of its own kind."""
        response = await connection.ask(pdu)
        own = RESPONSES[pdu.command_id]
        if not isinstance(response.pdu, own):
            raise CaseFailed(f"a {own.__name__}", str(response))
        if response.command_status != CommandStatus.ESME_ROK:
            raise CaseFailed("ESME_ROK", str(response))
        return response

    def deliver(self, **changes: Any) -> DeliverSm:
        """Make a deliver_sm that is right: a message of a user."""
        fields: dict[str, Any] = {
            "source_addr_ton": 1,
            "source_addr_npi": 1,
            "source_addr": (self.settings.destination or "447700900123").encode("latin-1"),
            "dest_addr_ton": 1,
            "dest_addr_npi": 1,
            "destination_addr": (self.settings.source or "38591000100").encode("latin-1"),
            "short_message": b"conformance",
        }
        return DeliverSm(**{**fields, **changes})

    async def submission(self) -> Received:
        """Wait for a submit_sm; return the first of the run if there was one already."""
        if self.session is not None:
            self._harvest(self.session)
        if self.submitted:
            return self.submitted[0]
        if self._submits_nothing:
            raise CannotRun(self._submits_nothing)
        try:
            return await self.next_submission()
        except CaseFailed:
            self._submits_nothing = (
                f"the ESME submitted nothing within {self.settings.patience:g} s"
            )
            raise CannotRun(self._submits_nothing) from None

    async def next_submission(self) -> Received:
        """Wait for the next submit_sm."""
        connection = await self.bound()
        pdu = await connection.expect(
            "a submit_sm",
            lambda pdu: pdu.command_id == SubmitSm.command_id,
            timeout=self.settings.patience,
        )
        self.submitted.append(pdu)
        return pdu
