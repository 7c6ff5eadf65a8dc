"""A gateway's SS7 stack and an operator's, joined in memory."""

from itertools import count

from telecom.ss7.m3ua.application_server import ApplicationServer
from telecom.ss7.m3ua.asp import AspAssociation
from telecom.ss7.m3ua.association import Association
from telecom.ss7.m3ua.signalling_gateway import SignallingGateway
from telecom.ss7.map.primitives import MapIndication
from telecom.ss7.sccp.routing import Routing, Translation
from telecom.ss7.stack import Stack

_GATEWAY_PC, _OPERATOR_PC = 101, 201
_ROUTING_CONTEXT = 1
_GATEWAY_PREFIX, _OPERATOR_PREFIX = "38591", "4477009"


class End:
    """One end: a stack and its association."""

    def __init__(self, stack: Stack, association: Association) -> None:
        self.stack = stack
        self.association = association

    def take(self) -> bytes:
        """Take the octets that are to be sent."""
        return b"".join([octets for _, octets in self.association.data_to_send()])

    def give(self, octets: bytes) -> list[MapIndication]:
        """Have octets received, and return what MAP says to them."""
        return self.stack.receive_data(self.association, octets, 0.0)


def joined() -> tuple[End, End]:
    """Make a gateway that is an ASP, and an operator behind its SGP, with the ASP active."""
    gateway, operator = _gateway(), _operator()
    gateway.association.connected(0.0)
    while (asked := gateway.take()) + (answered := operator.take()):
        operator.give(asked)
        gateway.give(answered)
    return gateway, operator


def _gateway() -> End:
    asp = AspAssociation(routing_contexts=(_ROUTING_CONTEXT,))
    stack = Stack(
        asp,
        point_code=_GATEWAY_PC,
        network_indicator=2,
        routing=Routing(
            _GATEWAY_PC,
            local=(_GATEWAY_PREFIX,),
            routes=[(_OPERATOR_PREFIX, Translation(_OPERATOR_PC))],
        ),
        subsystems=(8,),
        transaction_ids=count(0xA0000000),
    )
    return End(stack, asp)


def _operator() -> End:
    server = ApplicationServer(_ROUTING_CONTEXT, _GATEWAY_PC)
    sgp = SignallingGateway([server], point_codes=(_OPERATOR_PC,))
    stack = Stack(
        sgp,
        point_code=_OPERATOR_PC,
        network_indicator=2,
        routing=Routing(
            _OPERATOR_PC,
            local=(_OPERATOR_PREFIX,),
            routes=[(_GATEWAY_PREFIX, Translation(_GATEWAY_PC))],
        ),
        subsystems=(6, 8),
        transaction_ids=count(0xB0000000),
    )
    association = sgp.accept(0.0)
    stack.attach(association)
    return End(stack, association)
