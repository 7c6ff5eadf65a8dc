"""SS7 of one node: M3UA, SCCP, TCAP and MAP, one on top of the other, without I/O."""

from collections import deque
from collections.abc import Collection, Iterator
from typing import Any, Final, Protocol

from telecom.ss7.m3ua.association import Association
from telecom.ss7.m3ua.events import ManagementEvent
from telecom.ss7.map.contexts import CONTEXTS, ApplicationContext
from telecom.ss7.map.dialogues import Dialogues
from telecom.ss7.map.primitives import MapIndication
from telecom.ss7.mtp import MtpIndication, MtpTransfer
from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.sccp.address_codec import encode_address
from telecom.ss7.sccp.connectionless import Connectionless
from telecom.ss7.sccp.errors import LocalError
from telecom.ss7.sccp.primitives import NNotice, SccpIndication
from telecom.ss7.sccp.routing import Routing
from telecom.ss7.tcap.transactions import MAX_DIALOGUES, Transactions

_MOST_EVENTS: Final = 1000
"""How many management events are kept for an owner that does not ask; the oldest go."""


class _Source(Protocol):
    """What has events and timers: an association or a signalling gateway."""

    def events_received(self) -> list[Any]:
        """Hand over what happened since the last call."""
        ...

    def next_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called."""
        ...

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        ...


class Mtp(_Source, Protocol):
    """What carries messages to point codes: the association of an ASP, or a signalling gateway."""

    def transfer(self, transfer: MtpTransfer, now: float, /) -> bool:
        """MTP-TRANSFER request; False where it cannot be sent."""
        ...


class Stack:
    """Composes the layers of a node that reaches its peers through `mtp`.

    Octets go in by `receive_data`, requests through `map`; what is to be sent is in the
    associations. `subsystems` are the SSNs of the node, `transaction_ids` an unpredictable source
    of 32 bit integers, `contexts` the application contexts that peers may use.
    """

    def __init__(
        self,
        mtp: Mtp,
        *,
        point_code: int,
        network_indicator: int,
        routing: Routing,
        subsystems: Collection[int],
        transaction_ids: Iterator[int],
        contexts: Collection[ApplicationContext] = CONTEXTS,
        max_dialogues: int = MAX_DIALOGUES,
    ) -> None:
        self.mtp = mtp
        self.sccp = Connectionless(
            mtp.transfer,
            point_code=point_code,
            network_indicator=network_indicator,
            routing=routing,
            subsystems=subsystems,
        )
        self.tcap = Transactions(
            self.sccp.unitdata,
            transaction_ids=transaction_ids,
            max_dialogues=max_dialogues,
            max_peer_dialogues=max_dialogues // 2,
        )
        self.map = Dialogues(self.tcap, contexts=contexts)
        self._sources: list[_Source] = [mtp]
        self._management: deque[tuple[_Source, ManagementEvent]] = deque(maxlen=_MOST_EVENTS)

    def attach(self, association: Association) -> None:
        """Take care of one more association of a signalling gateway, until its end."""
        self._sources.append(association)

    def receive_data(
        self, association: Association, data: bytes, now: float, *, stream: int | None = None
    ) -> list[MapIndication]:
        """Take what came over an association; `stream` where the transport has streams."""
        association.receive_data(data, now, stream=stream)
        return self._collect(now)

    def receive_eof(self, association: Association, now: float) -> list[MapIndication]:
        """Take note that the link of an association is gone."""
        association.receive_eof(now)
        indications = self._collect(now)
        if association is not self.mtp:
            self._sources.remove(association)
        return indications

    def events_received(self) -> list[tuple[_Source, ManagementEvent]]:
        """Hand over what else happened since the last call, each event with its association."""
        events = list(self._management)
        self._management.clear()
        return events

    def next_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called."""
        times = [source.next_timer() for source in self._sources]
        times += (self.sccp.next_timer(), self.tcap.next_timer())
        return min((time for time in times if time is not None), default=None)

    def handle_timer(self, now: float) -> list[MapIndication]:
        """Do what is due in any layer, the lowest first."""
        for source in self._sources:
            source.handle_timer(now)
        indications = self._collect(now)
        for returned in self.sccp.handle_timer(now):
            indications.extend(self._rise(returned, now))
        for expired in self.tcap.handle_timer(now):
            indications += self.map.handle(expired, now)
        return indications

    def _collect(self, now: float) -> list[MapIndication]:
        """Take what the associations have: what is for SCCP rises, the rest waits to be asked."""
        indications: list[MapIndication] = []
        for source in self._sources:
            for event in source.events_received():
                if isinstance(event, MtpIndication):
                    for arrived in self.sccp.handle_mtp(event, now):
                        indications.extend(self._rise(arrived, now))
                else:
                    self._management.append((source, event))
        return indications

    def _rise(self, arrived: SccpIndication, now: float) -> Iterator[MapIndication]:
        if isinstance(arrived, NNotice):
            told = self.tcap.handle_notice(arrived)
        elif _can_be_called(arrived.calling):
            told = self.tcap.handle_unitdata(arrived, now)
        else:
            told = []
        for indication in told:
            yield from self.map.handle(indication, now)


def _can_be_called(address: SccpAddress) -> bool:
    """Whether a peer's address, perhaps with its point code added, can be written in an answer.

    Who cannot be answered is not listened to: no request of an upper layer is to fail later on.
    """
    try:
        encode_address(address)
    except LocalError:
        return False
    return True
