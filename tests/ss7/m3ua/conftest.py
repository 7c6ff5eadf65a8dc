"""Sequence charts as tests: what an association is given, and what it must do then."""

from collections.abc import Callable
from typing import Any

import pytest

from telecom.ss7.m3ua import messages as m
from telecom.ss7.m3ua.application_server import ApplicationServer
from telecom.ss7.m3ua.asp import AspAssociation
from telecom.ss7.m3ua.association import Association
from telecom.ss7.m3ua.codec import decode, encode
from telecom.ss7.m3ua.signalling_gateway import SignallingGateway


class Playbook:
    """`playbook << given >> expected >> expected`, checked in order.

    Given is a message or raw octets of the peer, or a number: the time that it is now. Expected is
    a message sent or an event. What was sent, and what happened, must be expected before anything
    else is given.
    """

    def __init__(self, association: Association) -> None:
        self.association = association
        self.now = 0.0
        self.sent: list[m.Message] = []
        self.streams: list[int] = []
        self.events: list[Any] = []

    def __lshift__(self, given: m.Message | bytes | float) -> "Playbook":
        self.nothing_else()
        if isinstance(given, m.Message):
            self.association.receive_data(encode(given), self.now)
        elif isinstance(given, bytes):
            self.association.receive_data(given, self.now)
        else:
            self.now = given
            self.association.handle_timer(given)
        return self

    def __rshift__(self, expected: object) -> "Playbook":
        self.collect()
        seen: list[Any] = self.sent if isinstance(expected, m.Message) else self.events
        assert seen, f"nothing where {expected} was expected"
        assert seen.pop(0) == expected
        return self

    def collect(self) -> None:
        for stream, octets in self.association.data_to_send():
            self.sent.append(decode(octets))
            self.streams.append(stream)
        self.events += self.association.events_received()

    def nothing_else(self) -> None:
        self.collect()
        assert self.sent == []
        assert self.events == []

    def after(self, *given: m.Message) -> "Playbook":
        """Give messages and pass over what comes of them."""
        for message in given:
            self.forget()
            self << message
        return self.forget()

    def forget(self) -> "Playbook":
        self.collect()
        self.sent.clear()
        self.events.clear()
        return self


@pytest.fixture
def asp() -> Callable[..., Playbook]:
    """An ASP's end, connected at time 0."""

    def make(**options: Any) -> Playbook:
        association = AspAssociation(**options)
        association.connected(0.0)
        return Playbook(association)

    return make


@pytest.fixture
def gateway() -> Callable[..., SignallingGateway]:
    """A signalling gateway at point code 1; without more said, with one AS: context 7, PC 2."""

    def make(*servers: ApplicationServer, **options: Any) -> SignallingGateway:
        return SignallingGateway(servers or (ApplicationServer(7, 2),), point_codes=(1,), **options)

    return make


@pytest.fixture
def sgp(gateway: Callable[..., SignallingGateway]) -> Callable[..., Playbook]:
    """The SGP's end, connected at time 0, alone in its gateway."""

    def make(*servers: ApplicationServer, **options: Any) -> Playbook:
        return Playbook(gateway(*servers, **options).accept(0.0))

    return make
