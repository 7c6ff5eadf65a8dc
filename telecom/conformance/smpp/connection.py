"""One raw connection of a case: it sends any octets, and waits for what is to come of them."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any, Final

from telecom.conformance.case import CaseFailed
from telecom.conformance.recording import Recording
from telecom.conformance.smpp.wire import Received, command_name, received
from telecom.net.tasks import spawn
from telecom.smpp.codec import Framer, Undecodable, encode
from telecom.smpp.errors import FramingError
from telecom.smpp.pdus import (
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Pdu,
    Unbind,
    UnbindResp,
)
from telecom.smpp.status import CommandStatus, status_name

MAX_PDU_LENGTH: Final = 0x20000
MOST_HELD: Final = 20_000
"""PDUs that nobody has asked for; a peer that sends more of them is not listened to any longer."""
_CHUNK: Final = 1 << 16

Answer = Callable[[Any], Pdu]
"""Makes the response to a request of the peer; its sequence_number is set when it is sent."""


def always(response: Pdu) -> Answer:
    """Answer each request by the same response."""
    return lambda _: response


ANSWERS: Final[dict[type[Pdu], Answer]] = {
    EnquireLink: always(EnquireLinkResp()),
    DeliverSm: always(DeliverSmResp()),
    DataSm: always(DataSmResp()),
    Unbind: always(UnbindResp()),
}
"""What is answered unless a case wants it otherwise."""


class Manners:
    """What is known of a peer after a while: whether it answers enquire_link, and unbind."""

    def __init__(self) -> None:
        self.enquire_link: bool | None = None
        self.unbind: bool | None = None


class Connection:
    """A connection to the peer under test.

    Requests of the peer are answered as `answers` says, those that it lacks not at all. What came
    and was not asked for is held in `held`, in order; `over` says why nothing more can come.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        recording: Recording,
        *,
        number: int,
        timeout: float,
        manners: Manners,
    ) -> None:
        self.held: list[Received] = []
        self.answers = dict(ANSWERS)
        self.over = ""
        self.is_bound = False
        self.timeout = timeout
        self.manners = manners
        self.recording = recording
        self._reader = reader
        self._writer = writer
        self._number = number
        self._waiting: list[bytes] | None = None
        self._framer = Framer(MAX_PDU_LENGTH)
        self._news = asyncio.Event()
        self._resumed = asyncio.Event()
        self._resumed.set()
        self._numbers = count(1)
        self._task = spawn(self._read(), name="conformance connection")

    @property
    def tls(self) -> ssl.SSLObject | None:
        """What secures it, if anything does."""
        secured: ssl.SSLObject | None = self._writer.get_extra_info("ssl_object")
        return secured

    # Sending

    def next_number(self) -> int:
        """Return a sequence number that has not been used."""
        return next(self._numbers)

    def send(self, what: Pdu | bytes, sequence_number: int | None = None) -> int:
        """Send a PDU, or any octets; return the sequence number of a PDU."""
        number = self.next_number() if sequence_number is None else sequence_number
        octets = what if isinstance(what, bytes) else encode(what, number)
        if self._waiting is None:
            self._write(octets)
        else:
            self._waiting.append(octets)
        return number

    async def send_slowly(self, octets: bytes) -> None:
        """Send octets one by one, each in a segment of its own; answers wait until it is done."""
        self._waiting = []
        for octet in octets:
            self._write(bytes((octet,)))
            with suppress(ConnectionError):
                await self._writer.drain()
            await asyncio.sleep(0)
        waiting, self._waiting = self._waiting, None
        self._write(b"".join(waiting))

    def _write(self, octets: bytes) -> None:
        self.recording.add(self._number, octets, sent=True)
        if not self._writer.is_closing():
            self._writer.write(octets)

    def end_sending(self) -> None:
        """Close our direction and listen on."""
        with suppress(OSError):
            self._writer.write_eof()

    # Waiting

    async def expect(
        self, what: str, fits: Callable[[Received], bool], *, timeout: float | None = None
    ) -> Received:
        """Wait for a PDU that fits, and take it; others stay held.

        Raises `CaseFailed` when it does not come in time, or cannot come any more.
        """
        limit = self.timeout if timeout is None else timeout
        try:
            async with asyncio.timeout(limit):
                while True:
                    found = next((pdu for pdu in self.held if fits(pdu)), None)
                    if found is not None:
                        self.held.remove(found)
                        return found
                    if self.over:
                        break
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise CaseFailed(what, self._instead(f"nothing within {limit:g} s")) from None
        raise CaseFailed(what, self._instead(self.over))

    async def answer_to(self, sequence_number: int, *, timeout: float | None = None) -> Received:
        """Wait for the response to a request of ours, or a generic_nack to it."""
        what = f"a response with sequence_number {sequence_number}"
        return await self.expect(
            what,
            lambda pdu: pdu.is_response and pdu.sequence_number == sequence_number,
            timeout=timeout,
        )

    async def ask(self, what: Pdu | bytes, sequence_number: int | None = None) -> Received:
        """Send a request and wait for the answer to it."""
        return await self.answer_to(self.send(what, sequence_number))

    async def next_request(self, kind: type[Pdu], *, timeout: float | None = None) -> Received:
        """Wait for a request of the peer."""
        what = f"a {command_name(kind.command_id)}"
        return await self.expect(what, lambda pdu: isinstance(pdu.pdu, kind), timeout=timeout)

    async def fence(self) -> None:
        """See that the session goes on, and that the peer has dealt with what was sent before.

        The response to an enquire_link comes after whatever was answered at once. A peer that has
        never answered any is given a little time instead: what it lacks has a case of its own.
        """
        if self.manners.enquire_link is False:
            await self.is_closed(timeout=self.timeout / 4)
        else:
            await self._probe()
        if self.over:
            raise CaseFailed("the session to go on", self._instead(self.over))

    async def _probe(self) -> None:
        number = self.send(EnquireLink())
        try:
            await self.expect(
                "the session to go on: an enquire_link_resp",
                lambda pdu: isinstance(pdu.pdu, EnquireLinkResp) and pdu.sequence_number == number,
            )
        except CaseFailed:
            if self.manners.enquire_link or self.over:
                raise
            self.manners.enquire_link = False
        else:
            self.manners.enquire_link = True

    async def unanswered(self, sequence_number: int) -> None:
        """See that the session goes on and nothing answers what had this number."""
        await self.fence()
        for pdu in self.held:
            if pdu.is_response and pdu.sequence_number == sequence_number:
                raise CaseFailed("no answer", str(pdu))

    async def closed(self, *, timeout: float | None = None) -> None:
        """Wait until the peer has closed the connection."""
        if not await self.is_closed(timeout=timeout):
            raise CaseFailed("the connection to be closed", self._instead("it stays open"))

    async def is_closed(self, *, timeout: float | None = None) -> bool:
        """Wait until the peer has closed the connection; tell whether it did in time."""
        await asyncio.wait([self._task], timeout=self.timeout if timeout is None else timeout)
        return self._task.done()

    async def answered_or_closed(self, sequence_number: int) -> Received | None:
        """Wait for the answer to a request; None when the connection is closed without one."""
        try:
            return await self.answer_to(sequence_number)
        except CaseFailed:
            if self._task.done():
                return None
            raise

    def pause(self) -> None:
        """Take nothing more of what the peer sends, as one does that is too slow."""
        self._resumed.clear()

    def resume(self) -> None:
        """Take it again."""
        self._resumed.set()

    async def leave(self) -> None:
        """Unbind if it is bound, and close; a peer that does not answer is not waited for."""
        if self.is_bound and not self.over and self.manners.unbind is not False:
            self.resume()
            try:
                await self.answer_to(self.send(Unbind()), timeout=min(self.timeout, 1.0))
            except CaseFailed:
                self.manners.unbind = self.manners.unbind or bool(self.over)
            else:
                self.manners.unbind = True
        await self.close()

    async def close(self) -> None:
        """Close the connection, whatever is on its way."""
        self._task.cancel()
        await asyncio.wait([self._task])
        self._writer.transport.abort()
        with suppress(OSError):
            await self._writer.wait_closed()
        self.over = self.over or "closed by us"

    # Receiving

    async def _read(self) -> None:
        try:
            while not self.over:
                await self._resumed.wait()
                data = await self._reader.read(_CHUNK)
                if not data:
                    self.over = "the connection was closed"
                    self._writer.close()  # it may wait for that
                self._take(data)
                self._news.set()
        except (ConnectionError, ssl.SSLError) as error:
            self.over = f"the connection was lost ({type(error).__name__})"
        finally:
            self._news.set()

    def _take(self, data: bytes) -> None:
        self.recording.add(self._number, data, sent=False)
        try:
            for frame in self._framer.feed(data):
                self._received(received(frame))
        except FramingError as error:
            self.over = f"octets that are no SMPP: {error}"
        if len(self.held) > MOST_HELD:
            self.over = f"a flood of more than {MOST_HELD} PDUs"

    def _received(self, pdu: Received) -> None:
        self.held.append(pdu)
        if isinstance(pdu.pdu, Undecodable):
            return
        answer = self.answers.get(type(pdu.pdu))
        if answer is not None:
            self.send(answer(pdu.pdu), pdu.sequence_number)

    def _instead(self, otherwise: str) -> str:
        """Tell what came in the place of what was waited for, but for what is just answered."""
        came = [pdu for pdu in self.held if type(pdu.pdu) not in self.answers]
        if not came:
            return otherwise
        shown = ", ".join(str(pdu) for pdu in came[-3:])
        return f"{shown}; then {otherwise}"


def refusal(response: Received) -> None:
    """See that a response refuses; raises `CaseFailed` for ESME_ROK."""
    if response.command_status == CommandStatus.ESME_ROK:
        raise CaseFailed("an error status", str(response))


def acceptance(response: Received, kind: type[Pdu]) -> None:
    """See that a response is one of this kind, well-formed, and says ESME_ROK."""
    if response.command_status != CommandStatus.ESME_ROK or not isinstance(response.pdu, kind):
        raise CaseFailed(f"{command_name(kind.command_id)} ESME_ROK", str(response))


def names_of(statuses: tuple[int, ...]) -> str:
    """Name statuses for a failure."""
    return " or ".join(status_name(status) for status in statuses)


def is_nack(response: Received) -> bool:
    """Tell whether a response is a generic_nack."""
    return isinstance(response.pdu, GenericNack)
