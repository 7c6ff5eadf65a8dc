"""An SMPP load generator that reads headers only, so that what is measured is the server.

What a bind sends is made before the run, as one block of octets: a window that has room for 50
more messages is one write of a slice of it.
"""

import asyncio
import math
import struct
import time
from collections.abc import Callable
from typing import Final, cast

import msgspec

from benchmarks.submissions import FIRST_SEQUENCE_NUMBER, Submissions
from telecom.smpp import codec
from telecom.smpp.pdus import BindTransceiver, DeliverSm

_HEADER_LENGTH: Final = 16
_read_header = struct.Struct(">IIII").unpack_from
_write_header = struct.Struct(">IIII").pack
_SUBMIT_SM_RESP, _DELIVER_SM, _ENQUIRE_LINK = 0x80000004, 0x00000005, 0x00000015
_RESPONSE_BIT: Final = 0x80000000
_PACE: Final = 0.001
_BIND_SECONDS: Final = 10.0
_LAST_SECONDS: Final = 30.0
"""How long the answers to what was sent may take once the time is over."""


class Plan(msgspec.Struct, frozen=True):
    """What is asked for: how many binds, how many messages under way on each, how many seconds.

    A message is under way until it is answered; with `receipts`, until its receipt has come. With
    `rate`, no more than so many a second are sent by all binds together.
    """

    binds: int
    window: int
    seconds: float
    receipts: bool = False
    rate: float | None = None
    account: str = "demo/demo"


class Load(msgspec.Struct):
    """What came of a plan in its time, and how long each message took, in seconds.

    `sent` and `unfinished` are of the whole run: what was sent in all, and what was still under
    way long after the plan's time.
    """

    seconds: float
    sent: int = 0
    accepted: int = 0
    refused: int = 0
    undelivered: int = 0
    unfinished: int = 0
    answer_times: list[float] = msgspec.field(default_factory=list)
    receipt_times: list[float] = msgspec.field(default_factory=list)

    def snapshot(self) -> "Load":
        """Return what it is now, however it goes on."""
        return msgspec.structs.replace(
            self, answer_times=[*self.answer_times], receipt_times=[*self.receipt_times]
        )


def percentile(values: list[float], share: float) -> float:
    """Return what so large a share of the values does not exceed; not a number without any."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] if values else math.nan


async def smpp_load(host: str, port: int, plan: Plan) -> Load:
    """Run a plan against a server.

    Raises `ConnectionError` for a bind that is refused or a connection that is lost.
    """
    run = _Run(plan)
    loop = asyncio.get_running_loop()
    try:
        for number in range(plan.binds):
            esme = _Esme(run, Submissions(number, plan.binds, receipts=plan.receipts))
            await loop.create_connection(lambda esme=esme: esme, host, port)  # type: ignore[misc]
            run.esmes.append(esme)
            await asyncio.wait_for(esme.bound, _BIND_SECONDS)
        return await run.until_done()
    finally:
        run.close()


class _Run:
    """What all binds share: the time, the pace, the counts."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.load = Load(plan.seconds)
        self.esmes: list[_Esme] = []
        self.sending = False
        self.ending = False
        self.sent = 0
        self.under_way: dict[bytes, tuple[_Esme, float]] = {}
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def until_done(self) -> Load:
        self._began = time.perf_counter()
        self.sending = True
        while (now := time.perf_counter()) - self._began < self.plan.seconds:
            for esme in self.esmes:
                esme.fill(now)
            rest = self._began + self.plan.seconds - now
            await self._sleep(_PACE if self.plan.rate else rest)
        self.sending, self.ending = False, True
        load = self.load.snapshot()
        self.look_at_the_end()
        await self._sleep(_LAST_SECONDS)
        load.sent = self.sent
        load.unfinished = sum(esme.under_way for esme in self.esmes)
        return load

    async def _sleep(self, seconds: float) -> None:
        """Sleep, unless all is done or a connection lost before."""
        done, _ = await asyncio.wait([self._done], timeout=seconds)
        for future in done:
            future.result()

    def close(self) -> None:
        """Drop every connection, whose end is no failure any more."""
        self._done.cancel()
        for esme in self.esmes:
            esme.transport.abort()

    def allowance(self, now: float) -> int:
        """Tell how many more may be sent now."""
        if not self.sending:
            return 0
        rate = self.plan.rate
        return 1 << 30 if rate is None else int((now - self._began) * rate) + 1 - self.sent

    def look_at_the_end(self) -> None:
        if self._done.done() or not self.ending:
            return
        if all(esme.under_way == 0 for esme in self.esmes):
            self._done.set_result(None)

    def failed(self, error: Exception) -> None:
        if not self._done.done():
            self._done.set_exception(error)

    def received(self, receipt: DeliverSm, now: float) -> None:
        """Find the message of a receipt by its number; it may come over another bind."""
        found = self.under_way.pop(receipt.source_addr, None)
        if found is None:
            return
        esme, sent_at = found
        self.load.receipt_times.append(now - sent_at)
        self.load.undelivered += b"stat:DELIVRD" not in receipt.short_message
        esme.finished += 1
        esme.fill(now)


class _Esme(asyncio.Protocol):
    """One bind that keeps its window full."""

    def __init__(self, run: _Run, submissions: Submissions) -> None:
        self.bound: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sent = 0
        self.finished = 0
        self._run = run
        self._submissions = submissions
        self._sent_at = [0.0] * submissions.count
        self._pending = b""

    @property
    def under_way(self) -> int:
        """How many messages have been sent and are not finished."""
        return self.sent - self.finished

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Bind."""
        self.transport = cast("asyncio.Transport", transport)
        name, _, password = self._run.plan.account.encode().partition(b"/")
        self.transport.write(codec.encode(BindTransceiver(name, password), 1))

    def connection_lost(self, exc: Exception | None) -> None:
        """Report what is no end of a measurement."""
        error = exc or ConnectionError("the server has closed the connection")
        if self.bound.done():
            self._run.failed(error)
        else:
            self.bound.set_exception(error)

    def fill(self, now: float) -> None:
        """Send as many messages as the window has room for, and the pace."""
        room = self._run.plan.window - self.under_way
        count = min(room, self._run.allowance(now))
        if count <= 0:
            return
        for octets in self._submissions.slices(self.sent, count):
            self.transport.write(octets)
        for position in range(self.sent, self.sent + count):
            self._sent_at[position % self._submissions.count] = now
        if self._run.plan.receipts:
            for position in range(self.sent, self.sent + count):
                number = self._submissions.numbers[position % self._submissions.count]
                self._run.under_way[number] = (self, now)
        self.sent += count
        self._run.sent += count

    def data_received(self, data: bytes) -> None:
        """Take every PDU of a read."""
        now = time.perf_counter()
        if self._pending:
            data = self._pending + data
        at, size = 0, len(data)
        while size - at >= _HEADER_LENGTH:
            length, command, status, sequence = _read_header(data, at)
            if size - at < length:
                break
            if command == _SUBMIT_SM_RESP:
                self._answered(status, now - self._sent_at[sequence - FIRST_SEQUENCE_NUMBER])
            elif command in _OTHERS:
                _OTHERS[command](self, data[at : at + length], now)
            elif not self.bound.done():
                self._settle_bind(status)
            at += length
        self._pending = data[at:]
        self.fill(now)
        self._run.look_at_the_end()

    def _settle_bind(self, status: int) -> None:
        if status:
            self.bound.set_exception(ConnectionError(f"bind refused: {status:#x}"))
        else:
            self.bound.set_result(None)

    def _answered(self, status: int, seconds: float) -> None:
        load = self._run.load
        if status:
            load.refused += 1
            self.finished += 1
            return
        load.accepted += 1
        load.answer_times.append(seconds)
        if not self._run.plan.receipts:
            self.finished += 1

    def _deliver_sm(self, frame: bytes, now: float) -> None:
        *_, sequence = _read_header(frame)
        self.transport.write(_write_header(17, _DELIVER_SM | _RESPONSE_BIT, 0, sequence) + b"\0")
        receipt = codec.decode(frame)
        if isinstance(receipt, DeliverSm):
            self._run.received(receipt, now)

    def _enquire_link(self, frame: bytes, _now: float) -> None:
        *_, sequence = _read_header(frame)
        self.transport.write(_write_header(16, _ENQUIRE_LINK | _RESPONSE_BIT, 0, sequence))


_OTHERS: Final[dict[int, Callable[[_Esme, bytes, float], None]]] = {
    _DELIVER_SM: _Esme._deliver_sm,  # noqa: SLF001  its own table
    _ENQUIRE_LINK: _Esme._enquire_link,  # noqa: SLF001
}
