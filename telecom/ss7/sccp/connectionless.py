"""SCCP connectionless control: N-UNITDATA down to MTP-TRANSFER, and back up; Q.714 4."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from itertools import count
from typing import Any, Final

import msgspec

from telecom.ss7.mtp import MtpIndication, MtpPause, MtpResume, MtpTransfer, ServiceIndicator
from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.sccp.address_codec import encode_address
from telecom.ss7.sccp.codec import decode, encode
from telecom.ss7.sccp.errors import LocalError, MessageError
from telecom.ss7.sccp.messages import (
    LONGEST_DATA,
    RETURN_ON_ERROR,
    ExtendedUnitdata,
    ExtendedUnitdataService,
    Message,
    Segmentation,
    Unitdata,
    UnitdataService,
)
from telecom.ss7.sccp.primitives import NNotice, NUnitdata, ReturnCause, SccpIndication
from telecom.ss7.sccp.routing import Destination, Routing
from telecom.ss7.sccp.segmentation import MOST_SEGMENTS, Failure, Reassembler, cut

HOP_COUNTER: Final = 15
"""The hop counter of a message that sets out, Q.713 3.18."""

LONGEST_MESSAGE: Final = 268
"""What MTP's 272 octets of signalling information leave beside the routing label, Q.704 2.3.8."""

EXTENDED_OVERHEAD: Final = 15
"""What an XUDT segment has besides its addresses and data, Q.713 4.18."""

LOCAL_REFERENCES: Final = 1 << 24
_SCCP: Final = int(ServiceIndicator.SCCP)


class Connectionless:
    """The engine between MTP (or M3UA) below and TCAP above.

    `transfer` is MTP-TRANSFER request; it returns False where the message could not be sent.
    What cannot be sent comes back as N-NOTICE out of `handle_timer`. `subsystems` are the SSNs
    of the local users. `relays` makes the node pass on what is not for itself.
    """

    def __init__(
        self,
        transfer: Callable[[MtpTransfer, float], bool],
        *,
        point_code: int,
        network_indicator: int,
        routing: Routing,
        subsystems: Collection[int],
        relays: bool = False,
        longest_message: int = LONGEST_MESSAGE,
        reassembler: Reassembler | None = None,
        local_references: Iterator[int] | None = None,
    ) -> None:
        self._transfer = transfer
        self._point_code = point_code
        self._network_indicator = network_indicator
        self._routing = routing
        self._subsystems = frozenset(subsystems)
        self._relays = relays
        self._longest_message = longest_message
        self._reassembler = reassembler or Reassembler()
        self._local_references = local_references or count()
        self._sls = count()
        self._paused: set[int] = set()
        self._pending: list[SccpIndication] = []
        self._pending_since = 0.0
        self._handlers: dict[type[Message], Callable[..., list[SccpIndication]]] = {
            Unitdata: self._unitdata,
            ExtendedUnitdata: self._extended_unitdata,
            UnitdataService: self._service,
            ExtendedUnitdataService: self._service,
        }
        self.discarded: Counter[str] = Counter()

    # requests

    def unitdata(self, request: NUnitdata, now: float) -> None:
        """N-UNITDATA request: send it, in segments where one message does not hold it."""
        destination = self._routing.destination(request.called)
        if isinstance(destination, ReturnCause):
            self._notice(request, destination, now)
        elif destination.pc == self._point_code:
            self._loop_back(request, destination.called, now)
        elif destination.pc in self._paused:
            self._notice(request, ReturnCause.MTP_FAILURE, now)
        else:
            self._send(request, destination, now)

    def _loop_back(self, request: NUnitdata, called: SccpAddress, now: float) -> None:
        if called.ssn in self._subsystems:
            self._indicate(msgspec.structs.replace(request, called=called), now)
        else:
            self._notice(request, ReturnCause.UNEQUIPPED_USER, now)

    def _send(self, request: NUnitdata, destination: Destination, now: float) -> None:
        sequence, data = request.sequence, request.data
        protocol_class = RETURN_ON_ERROR if request.return_on_error else 0
        if sequence is None:
            sls = next(self._sls)
        else:
            sls, protocol_class = sequence, protocol_class | 1
        if len(data) <= LONGEST_DATA:
            octets = encode(Unitdata(protocol_class, destination.called, request.calling, data))
            if len(octets) <= self._longest_message:
                if not self._transfer(self._mtp(destination.pc, sls, octets), now):
                    self._notice(request, ReturnCause.MTP_FAILURE, now)
                return
        self._send_segments(request, destination, sls, now)

    def _send_segments(
        self, request: NUnitdata, destination: Destination, sls: int, now: float
    ) -> None:
        segments = self._segments(request, destination.called)
        if not segments:
            self._notice(request, ReturnCause.SEGMENTATION_FAILURE, now)
        for octets in segments:
            if not self._transfer(self._mtp(destination.pc, sls, octets), now):
                self._notice(request, ReturnCause.MTP_FAILURE, now)
                return

    def _segments(self, request: NUnitdata, called: SccpAddress) -> list[bytes]:
        """Encode as XUDT, all of one class 1 sequence; empty where 16 segments are too few."""
        addresses = len(encode_address(called)) + len(encode_address(request.calling))
        room = min(self._longest_message, LONGEST_MESSAGE) - EXTENDED_OVERHEAD - addresses
        parts = cut(request.data, room)
        if len(parts) > MOST_SEGMENTS:
            return []
        reference = next(self._local_references) % LOCAL_REFERENCES
        protocol_class = (RETURN_ON_ERROR if request.return_on_error else 0) | 1
        return [
            encode(
                ExtendedUnitdata(
                    protocol_class,
                    HOP_COUNTER,
                    called,
                    request.calling,
                    part,
                    Segmentation(
                        index == 0,
                        request.sequence is not None,
                        len(parts) - 1 - index,
                        reference,
                    ),
                )
            )
            for index, part in enumerate(parts)
        ]

    def _mtp(self, dpc: int, sls: int, octets: bytes) -> MtpTransfer:
        return MtpTransfer(
            self._point_code,
            dpc,
            _SCCP,
            self._network_indicator,
            0,
            sls & 0x0F,
            octets,
        )

    def _notice(self, request: NUnitdata, cause: ReturnCause, now: float) -> None:
        if request.return_on_error:
            self._indicate(NNotice(request.called, request.calling, request.data, cause), now)

    def _indicate(self, indication: SccpIndication, now: float) -> None:
        self._pending_since = now
        self._pending.append(indication)

    # indications

    def handle_mtp(self, indication: MtpIndication, now: float) -> list[SccpIndication]:
        """Take any indication of MTP."""
        if isinstance(indication, MtpTransfer):
            return self.handle_transfer(indication, now)
        if isinstance(indication, MtpPause):
            self._paused.update(self._routing.point_codes.intersection(indication.affected))
        elif isinstance(indication, MtpResume):
            self._paused.difference_update(indication.affected)
        return []

    def handle_transfer(self, transfer: MtpTransfer, now: float) -> list[SccpIndication]:
        """MTP-TRANSFER indication: return what it carries for the users; nothing raises."""
        if transfer.si != _SCCP:
            return self._discard("not SCCP")
        try:
            message = decode(transfer.data)
        except MessageError:
            return self._discard("undecodable")
        return self._handlers[type(message)](message, transfer, now)

    def _discard(self, why: str) -> list[SccpIndication]:
        self.discarded[why] += 1
        return []

    def _unitdata(
        self, message: Unitdata, transfer: MtpTransfer, now: float
    ) -> list[SccpIndication]:
        if not self._has_arrived(message, transfer, now):
            return []
        return [self._indication(message, message.data, transfer)]

    def _extended_unitdata(
        self, message: ExtendedUnitdata, transfer: MtpTransfer, now: float
    ) -> list[SccpIndication]:
        if not self._has_arrived(message, transfer, now):
            return []
        segmentation = message.segmentation
        if segmentation is None:
            return [self._indication(message, message.data, transfer)]
        whole = self._reassembler.add(message, segmentation, transfer, now)
        if isinstance(whole, Failure):
            self._return(whole.first, whole.origin, whole.cause, now)
            return []
        return [] if whole is None else [self._indication(message, whole, transfer)]

    def _indication(
        self, message: Unitdata | ExtendedUnitdata, data: bytes, transfer: MtpTransfer
    ) -> NUnitdata:
        calling = message.calling
        if calling.pc is None and (
            calling.gt is None or not calling.route_on_gt or self._routing.answers_origin
        ):
            # an answer can only go where the message came from
            calling = msgspec.structs.replace(calling, pc=transfer.opc)
        return NUnitdata(
            message.called,
            calling,
            data,
            message.protocol_class >= RETURN_ON_ERROR,
            transfer.sls if message.protocol_class & 1 else None,
        )

    def _service(
        self,
        message: UnitdataService | ExtendedUnitdataService,
        transfer: MtpTransfer,
        now: float,
    ) -> list[SccpIndication]:
        if not self._routing.is_local(message.called):
            self._relay(message, transfer, now)
            return []
        segmentation = getattr(message, "segmentation", None)
        if segmentation is not None and not segmentation.first:
            return []  # the user knows its message by the start of it
        return [NNotice(message.calling, message.called, message.data, message.return_cause)]

    # timers

    def next_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called."""
        return self._pending_since if self._pending else self._reassembler.next_timer()

    def handle_timer(self, now: float) -> list[SccpIndication]:
        """Return what came of requests, and give up messages that never got whole."""
        for failure in self._reassembler.expire(now):
            self._return(failure.first, failure.origin, failure.cause, now)
        pending, self._pending = self._pending, []
        return pending

    # where it goes on

    def _has_arrived(
        self, message: Unitdata | ExtendedUnitdata, transfer: MtpTransfer, now: float
    ) -> bool:
        """Whether a message is for a local user; if not, it is passed on or returned."""
        called = message.called
        if not self._routing.is_local(called):
            cause = self._relay(message, transfer, now)
        elif called.ssn in self._subsystems:
            return True
        else:
            cause = ReturnCause.UNEQUIPPED_USER
        if cause is not None:
            self._return(message, transfer, cause, now)
        return False

    def _relay(self, message: Any, transfer: MtpTransfer, now: float) -> ReturnCause | None:
        """Pass a message on, or return why that is not possible (Q.714 2.3.1, 3.5)."""
        destination = self._routing.destination(message.called)
        if isinstance(destination, ReturnCause):
            return destination
        if not self._relays or destination.pc == self._point_code:
            return ReturnCause.NO_TRANSLATION_FOR_ADDRESS
        changes: dict[str, Any] = {"called": destination.called}
        if hasattr(message, "hop_counter"):
            changes["hop_counter"] = message.hop_counter - 1
            if message.hop_counter <= 1:
                return ReturnCause.HOP_COUNTER_VIOLATION
        try:
            octets = encode(msgspec.structs.replace(message, **changes))
        except LocalError:
            return ReturnCause.ERROR_IN_LOCAL_PROCESSING
        sent = self._transfer(self._mtp(destination.pc, transfer.sls, octets), now)
        return None if sent else ReturnCause.MTP_FAILURE

    def _return(
        self,
        message: Unitdata | ExtendedUnitdata,
        transfer: MtpTransfer,
        cause: ReturnCause,
        now: float,
    ) -> None:
        """Return a message to where it came from, if it asks for that (Q.714 4.2)."""
        self.discarded[cause.name] += 1
        if not message.protocol_class & RETURN_ON_ERROR:
            return
        service: Message
        if isinstance(message, ExtendedUnitdata):
            service = ExtendedUnitdataService(
                cause,
                HOP_COUNTER,
                message.calling,
                message.called,
                message.data,
                message.segmentation,
            )
        else:
            service = UnitdataService(cause, message.calling, message.called, message.data)
        try:
            octets = encode(service)
        except LocalError:  # addresses that overlapped do not fit side by side
            self.discarded["not returnable"] += 1
            return
        self._transfer(self._mtp(transfer.opc, transfer.sls, octets), now)
