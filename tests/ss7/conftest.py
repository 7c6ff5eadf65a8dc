"""Two whole stacks joined in memory: a gateway that is an ASP, and an operator behind an SGP."""

from collections import deque
from itertools import count
from typing import Any

import pytest

from telecom.ss7.m3ua.application_server import ApplicationServer
from telecom.ss7.m3ua.asp import AspAssociation
from telecom.ss7.m3ua.association import Association
from telecom.ss7.m3ua.signalling_gateway import SignallingGateway
from telecom.ss7.map.contexts import CONTEXTS
from telecom.ss7.map.primitives import MapIndication
from telecom.ss7.sccp.routing import Routing, Translation
from telecom.ss7.stack import Stack

GATEWAY_PC, OPERATOR_PC = 1, 2
ROUTING_CONTEXT = 100
HOME_GT, VISITED_GT, GATEWAY_GT = "447700900000", "491555900000", "38591000001"


class End:
    """One end of the link: a stack, its association, and what MAP said there."""

    def __init__(self, stack: Stack, association: Association) -> None:
        self.stack = stack
        self.association = association
        self.said: list[MapIndication] = []

    @property
    def map(self) -> Any:
        return self.stack.map

    def take(self) -> list[MapIndication]:
        """Return what MAP said since the last time."""
        said, self.said = self.said, []
        return said


class Network:
    """Carries octets both ways, in chunks of a size, or all that there are at once."""

    def __init__(self, chunk: int | None = None, contexts: Any = CONTEXTS) -> None:
        self.now = 0.0
        self._chunk = chunk
        self.sgp = SignallingGateway(
            [ApplicationServer(ROUTING_CONTEXT, GATEWAY_PC)], point_codes=(OPERATOR_PC,)
        )
        operator = Stack(
            self.sgp,
            point_code=OPERATOR_PC,
            network_indicator=2,
            routing=Routing(
                OPERATOR_PC,
                local=(HOME_GT[:7], VISITED_GT[:7]),
                routes=[(GATEWAY_GT, Translation(GATEWAY_PC))],
            ),
            subsystems=(6, 8),
            transaction_ids=count(0xB0000000),
            contexts=contexts,
        )
        asp = AspAssociation(routing_contexts=(ROUTING_CONTEXT,))
        gateway = Stack(
            asp,
            point_code=GATEWAY_PC,
            network_indicator=2,
            routing=Routing(
                GATEWAY_PC,
                local=(GATEWAY_GT,),
                routes=[(gt[:4], Translation(OPERATOR_PC)) for gt in (HOME_GT, VISITED_GT)],
            ),
            subsystems=(8,),
            transaction_ids=count(0xA0000000),
        )
        self.gateway = End(gateway, asp)
        self.operator = End(operator, self.sgp.accept(0.0))
        operator.attach(self.operator.association)
        self.connect()

    def connect(self) -> None:
        """Bring the ASP up and active."""
        self.gateway.association.connected(self.now)
        self.pump()
        assert self.sgp.is_active
        self.gateway.stack.events_received()
        self.operator.stack.events_received()

    def cut(self) -> None:
        """Let both ends see that the link is gone, and the SGP accept another one."""
        for end in (self.gateway, self.operator):
            end.said += end.stack.receive_eof(end.association, self.now)
        self.operator.association = self.sgp.accept(self.now)
        self.operator.stack.attach(self.operator.association)

    def pump(self) -> None:
        """Let octets flow until neither end has anything to send or to do at once."""
        ends = deque([(self.gateway, self.operator), (self.operator, self.gateway)])
        quiet = 0
        while quiet < 2:
            sender, receiver = ends[0]
            octets = b"".join(octets for _, octets in sender.association.data_to_send())
            self.give(receiver, octets)
            due = receiver.stack.next_timer()
            if due is not None and due <= self.now:
                receiver.said += receiver.stack.handle_timer(self.now)
            quiet = 0 if octets else quiet + 1
            ends.rotate()

    def give(self, end: End, octets: bytes) -> None:
        """Give octets to an end as the link would."""
        size = self._chunk or len(octets) or 1
        for start in range(0, len(octets), size):
            chunk = octets[start : start + size]
            end.said += end.stack.receive_data(end.association, chunk, self.now)

    def wait(self, until: float) -> None:
        """Let time pass, timer by timer."""
        while (due := self._next_timer()) is not None and due <= until:
            self.now = max(self.now, due)
            for end in (self.gateway, self.operator):
                end.said += end.stack.handle_timer(self.now)
            self.pump()
        self.now = until

    def _next_timer(self) -> float | None:
        times = [end.stack.next_timer() for end in (self.gateway, self.operator)]
        return min((time for time in times if time is not None), default=None)


@pytest.fixture(params=[None, 1], ids=["whole", "octet by octet"])
def network(request: pytest.FixtureRequest) -> Network:
    return Network(request.param)


@pytest.fixture(scope="session")
def new_network() -> type[Network]:
    """Make networks that are not as usual."""
    return Network
