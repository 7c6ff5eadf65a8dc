"""An ESME's session whose responses may go wrong on the wire, on purpose."""

import asyncio
import socket
import struct
from collections.abc import Callable
from itertools import count
from random import Random
from typing import ClassVar, Final

import msgspec

from smsc_sim.actions import Action, Dribble, Response, Then
from smsc_sim.ring import Origin, PduRing, Recorder
from telecom.net.smpp.server import ServerSession, SmppServer
from telecom.net.tasks import spawn
from telecom.smpp.codec import Undecodable
from telecom.smpp.pdus import RESPONSES, Bind, EnquireLink, GenericNack, Pdu
from telecom.smpp.session import Session
from telecom.smpp.status import CommandStatus
from telecom.smpp.tlvs import Tlv

_GARBAGE: Final = 32
"""Octets of garbage, where a rule says none itself."""
_NO_LINGER: Final = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: closing the socket sends a RST."""
_SEQUENCE: Final = slice(12, 16)
"""Where a PDU has its sequence_number, SMPP 3.4 3.2."""
_FAR: Final = 0x10000

_numbers = count(1)


class _Script(msgspec.Struct, frozen=True):
    """In which way a response goes out; the garbage has been drawn."""

    action: Action
    garbage: bytes


class _Engine(Session):
    """Leaves enquire_link to its user, who may not want to answer."""

    def _receive(self, pdu: Pdu | Undecodable, now: float, size: int) -> None:
        if isinstance(pdu, EnquireLink) and self.bind and pdu.command_id in self._receivable:
            self.unanswered += 1
            self._events.append(pdu)
        else:
            super()._receive(pdu, now, size)


class ScriptedSession(ServerSession):
    """A session of the simulator; `number` tells it from all others of this process.

    `in_hand` are its requests that the rules have been asked about and that have no response yet.
    The engine below always believes that its responses have gone out as they should.
    """

    session_type: ClassVar[type[Session]] = _Engine

    def __init__(self, server: SmppServer, ring: PduRing) -> None:
        super().__init__(server)
        self.number = next(_numbers)
        self.in_hand = 0
        self.origin = Origin(self.number)
        self._ring = ring
        self._recorder = Recorder(ring, self.origin, server.limits.link.session.max_pdu_length)
        self._scripts: dict[int, _Script] = {}
        self._held: list[bytes] | None = None
        self._held_octets = 0
        self._then = Then.STAY
        self._dribbling: asyncio.TimerHandle | None = None

    # What the rules say

    def script(self, request: Pdu, action: Action, random: Random) -> None:
        """Say in which way the response to a request will go out."""
        garbage = b""
        if action.response is Response.GARBAGE:
            garbage = bytes.fromhex(action.octets) or random.randbytes(_GARBAGE)
        self._scripts[id(request)] = _Script(action, garbage)

    def respond(self, request: Pdu, response: Pdu) -> None:
        """Answer a request, in the way that was said before; normally, if nothing was."""
        if not isinstance(request, Bind):
            self.in_hand -= 1
        script = self._scripts.pop(id(request), None)
        if script is None or self.closed:
            super().respond(request, response)
            return
        action = script.action
        if action.response is Response.GENERIC_NACK:
            status = response.command_status or CommandStatus.ESME_RUNKNOWNERR
            response = GenericNack(command_status=status)
        if action.tlvs:
            own = tuple(Tlv(tag, bytes.fromhex(value)) for tag, value in action.tlvs.items())
            response = msgspec.structs.replace(response, tlvs=(*response.tlvs, *own))
        octets = _WRITTEN[action.response](self._octets_of(request, response), script.garbage)
        if octets and action.dribble is not None:
            self._dribble(octets, action.dribble, action.then)
        else:
            self.write_raw(octets)
            self.end(action.then)
        self._take_a_turn_soon()

    def reject(self, request: Pdu, command_status: int) -> None:
        """Answer a request with a status and no body, in the way that was said before."""
        response = RESPONSES[request.command_id]
        self.respond(request, response(command_status=command_status))

    def _octets_of(self, request: Pdu, response: Pdu) -> bytes:
        """Have the engine answer a request, and take the octets in place of the socket."""
        self._write(self._session.data_to_send())
        self._session.send_response(request, response)
        return self._session.data_to_send()

    # Below the engine

    def write_raw(self, octets: bytes) -> None:
        """Write octets that the engine knows nothing of, behind all that it has said so far."""
        if octets:
            self._write(self._session.data_to_send())
            self._ring.add(self.origin, octets, sent=True)
            self._write_unseen(octets)

    def end(self, then: Then) -> None:
        """Close the connection, with a RST or without, or unbind; or go on."""
        if then is Then.CLOSE:
            self.close()
        elif then is Then.RESET:
            self._transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER
            )
            self.abort()
        elif then is Then.UNBIND:
            spawn(self.unbind(), name=f"unbind of session {self.number}")

    def tell_congestion(self, congestion: int | None) -> None:
        """Have every response to an ESME of 5.0 say how busy we are, 0 to 100 per cent."""
        self._session.congestion = congestion

    def _dribble(self, octets: bytes, dribble: Dribble, then: Then) -> None:
        """Write little by little; what else is to be written meanwhile comes after it."""
        self._write(self._session.data_to_send())
        self._ring.add(self.origin, octets, sent=True)
        self._then = then if self._then is Then.STAY else self._then
        if self._held is not None:  # another one is under way: this one comes behind it, at once
            self._hold(octets)
            return
        self._held = []
        size = dribble.octets
        pieces = [octets[at : at + size] for at in range(0, len(octets), size)]
        self._next_piece(pieces, dribble.seconds)

    def _next_piece(self, pieces: list[bytes], seconds: float) -> None:
        self._transport.write(pieces.pop(0))
        if pieces and not self._transport.is_closing():
            self._dribbling = self._loop.call_later(seconds, self._next_piece, pieces, seconds)
            return
        held, self._held, self._dribbling = self._held or [], None, None
        self._held_octets = 0
        self.resume_writing()
        if not self._transport.is_closing():
            self._transport.write(b"".join(held))
            self.end(self._then)

    def _write(self, data: bytes) -> None:
        if data:
            self._recorder.take(data, sent=True)
            self._write_unseen(data)

    def _write_unseen(self, octets: bytes) -> None:
        if self._held is None:
            super()._write(octets)
        else:
            self._hold(octets)

    def _hold(self, octets: bytes) -> None:
        """Keep octets until the dribble is over; an ESME that makes them many is read no more."""
        if self._held is not None:
            self._held.append(octets)
            self._held_octets += len(octets)
            if self._held_octets > self._limits.out_buffer:
                self.pause_writing()

    # What asyncio calls

    def data_received(self, data: bytes) -> None:
        """Take all PDUs of a read, and note them down."""
        self._recorder.take(data, sent=False)
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """End, in the middle of whatever it is."""
        if self._dribbling is not None:
            self._dribbling.cancel()
        super().connection_lost(exc)

    def _bind_requested(self, bind: Bind) -> None:
        self.origin.account = bind.system_id.decode("latin-1")
        super()._bind_requested(bind)


_WRITTEN: Final[dict[Response, Callable[[bytes, bytes], bytes]]] = {
    Response.NORMAL: lambda octets, _: octets,
    Response.NEVER: lambda _, __: b"",
    Response.TWICE: lambda octets, _: octets + octets,
    Response.GENERIC_NACK: lambda octets, _: octets,
    Response.WRONG_SEQUENCE: lambda octets, _: _with_another_sequence(octets),
    Response.PARTIAL: lambda octets, _: octets[: len(octets) // 2],
    Response.GARBAGE: lambda _, garbage: garbage,
}
"""What is written of the octets of a response, or in their place."""


def _with_another_sequence(octets: bytes) -> bytes:
    """Return a PDU with a sequence_number far from its own, so that no request has it."""
    sequence = (int.from_bytes(octets[_SEQUENCE], "big") + _FAR) & 0x7FFFFFFF
    return octets[: _SEQUENCE.start] + sequence.to_bytes(4, "big") + octets[_SEQUENCE.stop :]
