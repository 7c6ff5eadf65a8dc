import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st

from telecom.smpp.codec import decode, encode
from telecom.smpp.declarations import DECLARATIONS
from telecom.smpp.events import BindRequested, Event, Responded, Unbinding
from telecom.smpp.fields import CountedOctets, CountedParts, CString, Field, Integer
from telecom.smpp.limits import SessionLimits
from telecom.smpp.pdus import (
    PDUS,
    RESPONSES,
    Bind,
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    DeliverSm,
    Outbind,
    Pdu,
    SubmitSm,
    Unbind,
)
from telecom.smpp.session import Session
from telecom.smpp.states import Side, State
from telecom.smpp.tlvs import SC_INTERFACE_VERSION, Tlv
from telecom.smpp.versions import InterfaceVersion

settings.register_profile("telecom", derandomize=True, max_examples=60, deadline=None)
settings.load_profile("telecom")

V34 = InterfaceVersion.V34
FOLDER = Path(__file__).parents[1] / "vectors"
VECTORS = json.loads((FOLDER / "smpp.json").read_text())
TLV_VECTORS = json.loads((FOLDER / "smpp_tlvs.json").read_text())
"""Each parameter: its octets, its value (text is Latin-1), and what tshark reads in it."""


def values(field: Field) -> st.SearchStrategy[Any]:
    """What a declared field can carry."""
    match field:
        case CString(size=size, fixed=fixed):
            octets = st.integers(1, 255)
            text = st.lists(octets, max_size=size - 1).map(bytes)
            whole = st.lists(octets, min_size=size - 1, max_size=size - 1).map(bytes)
            return st.one_of(st.just(b""), whole) if fixed else text
        case Integer(size=size):
            return st.integers(0, 256**size - 1)
        case CountedOctets():
            return st.binary(max_size=255)
        case CountedParts(classes=classes):
            parts = st.one_of(*(instances(part) for part in classes.values()))
            return st.lists(parts, max_size=4).map(tuple)
    raise AssertionError(field)


def instances(cls: type, **more: Any) -> st.SearchStrategy[Any]:
    fields = {name: values(field) for name, field in DECLARATIONS[cls].items()}
    return st.builds(cls, **fields, **more)


def filled(cls: type, **more: Any) -> Any:
    """Make an instance with a value of its own in every field."""
    fields = enumerate(DECLARATIONS[cls].items(), 1)
    return cls(**{name: example(field, number) for number, (name, field) in fields} | more)


def example(field: Field, number: int) -> Any:
    match field:
        case CString(fixed=True):
            return b"260102030405004+"
        case CString(size=size):
            return (b"%d" % (number * 1111))[: size - 1]
        case Integer():
            return 1
        case CountedParts(classes=classes):
            return tuple(filled(part) for part in classes.values())
    return b"hello"


tlvs = st.lists(st.builds(Tlv, st.integers(0, 0xFFFF), st.binary(max_size=20)), max_size=4).map(
    tuple
)


def pdus(*classes: type[Pdu]) -> st.SearchStrategy[Pdu]:
    header = {
        "sequence_number": st.integers(0, 0xFFFFFFFF),
        "command_status": st.sampled_from([0, 8, 0x401]),
        "tlvs": tlvs,
    }
    return st.one_of(*(instances(cls, **header) for cls in classes or PDUS.values()))


def vector(name: str) -> bytes:
    (found,) = (entry["hex"] for entry in VECTORS if entry["name"] == name)
    return bytes.fromhex(found)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "entry" in metafunc.fixturenames:
        metafunc.parametrize("entry", VECTORS, ids=[entry["name"] for entry in VECTORS])
    if "parameter" in metafunc.fixturenames:
        ids = [entry["name"] for entry in TLV_VECTORS]
        metafunc.parametrize("parameter", TLV_VECTORS, ids=ids)


class Received:
    """The peer sends a PDU with this sequence number, or octets."""

    def __init__(self, pdu: Pdu | bytes, sequence_number: int = 0) -> None:
        self.octets = pdu if isinstance(pdu, bytes) else encode(pdu, sequence_number)

    def happens(self, playbook: "Playbook") -> None:
        playbook.session.receive_data(self.octets, playbook.now)


class Eof:
    """The peer closes the connection."""

    def happens(self, playbook: "Playbook") -> None:
        playbook.session.receive_eof()


class At:
    """The clock shows this time, and the timers that were due before went off when they were."""

    def __init__(self, now: float) -> None:
        self._now = now

    def happens(self, playbook: "Playbook") -> None:
        while (due := playbook.session.next_timer()) is not None and due <= self._now:
            playbook.now = due
            playbook.session.handle_timer(due)
        playbook.now = self._now


class Answer:
    """Our user answers the oldest request that it was told and has not answered."""

    def __init__(self, response: Pdu) -> None:
        self._response = response

    def happens(self, playbook: "Playbook") -> None:
        playbook.session.send_response(playbook.requests.pop(0), self._response)


class Request:
    """Our user sends a request."""

    def __init__(self, pdu: Pdu) -> None:
        self._pdu = pdu

    def happens(self, playbook: "Playbook") -> None:
        playbook.session.send_request(self._pdu, playbook.now)


class Send:
    """The session sends this PDU."""

    def __init__(self, pdu: Pdu, sequence_number: int = 0) -> None:
        self._octets = encode(pdu, sequence_number)

    def check(self, playbook: "Playbook") -> None:
        sent, playbook.sent = playbook.sent[: len(self._octets)], playbook.sent[len(self._octets) :]
        assert decode(sent) == decode(self._octets)


class Tell:
    """The session tells its user this event, or one of this type."""

    def __init__(self, event: object) -> None:
        self._event = event

    def check(self, playbook: "Playbook") -> None:
        told = playbook.told.pop(0)
        if isinstance(self._event, type):
            assert isinstance(told, self._event)
        else:
            assert told == self._event


class Playbook:
    """A sequence chart: `<<` what happens, `>>` all that the session does about it, in order."""

    def __init__(self, side: Side, **limits: Any) -> None:
        self.now = 0.0
        self.session = Session(side, SessionLimits(**limits), now=0.0)
        self.sent = b""
        self.told: list[Event] = []
        self.requests: list[Pdu] = []

    def __lshift__(self, cause: Received | Eof | At | Answer | Request) -> "Playbook":
        self.done()
        cause.happens(self)
        self.sent = self.session.data_to_send()
        self.told = self.session.events_received()
        for event in self.told:
            if isinstance(event, BindRequested):
                self.requests.append(event.request)
            elif isinstance(event, Pdu):
                self.requests.append(event)
        return self

    def __rshift__(self, effect: Send | Tell) -> "Playbook":
        effect.check(self)
        return self

    def done(self) -> None:
        assert (self.sent, self.told) == (b"", [])


def bound_smsc(
    bind: type[Bind] = BindTransceiver, peer: InterfaceVersion = V34, **limits: Any
) -> Playbook:
    playbook = Playbook(Side.SMSC, **limits)
    request, response = bind(interface_version=peer), RESPONSES[bind.command_id]()
    playbook << Received(request, 1) >> Tell(BindRequested) << Answer(response) >> Send(response, 1)
    return playbook


def bound_esme(
    bind: type[Bind] = BindTransceiver, peer: InterfaceVersion = V34, **limits: Any
) -> Playbook:
    playbook = Playbook(Side.ESME, **limits)
    request = bind(interface_version=playbook.session.version)
    response = RESPONSES[bind.command_id](tlvs=(SC_INTERFACE_VERSION(peer),))
    playbook << Request(request) >> Send(request, 1) << Received(response, 1) >> Tell(Responded)
    return playbook


def outbound(side: Side, version: InterfaceVersion) -> Playbook:
    playbook = Playbook(side, version=version)
    if side is Side.SMSC:
        return playbook << Request(Outbind()) >> Send(Outbind(), 1)
    return playbook << Received(Outbind(), 1) >> Tell(Outbind)


def unbound(side: Side, version: InterfaceVersion) -> Playbook:
    """The peer has unbound, and a request that it sent before has no response yet."""
    playbook = BOUND[side](peer=version)
    asked = SubmitSm() if side is Side.SMSC else DeliverSm()
    return playbook << Received(asked, 2) >> Tell(Pdu) << Received(Unbind(), 3) >> Tell(Unbinding)


BOUND = {Side.SMSC: bound_smsc, Side.ESME: bound_esme}
BINDS = {
    State.BOUND_TX: BindTransmitter,
    State.BOUND_RX: BindReceiver,
    State.BOUND_TRX: BindTransceiver,
}


def playbook_in(state: State, side: Side, version: InterfaceVersion) -> Playbook:
    """A session of this version in this state, with nothing told or sent that is not taken."""
    if state is State.OPEN:
        return Playbook(side, version=version)
    if state is State.OUTBOUND:
        return outbound(side, version)
    if state is State.UNBOUND:
        return unbound(side, version)
    return BOUND[side](BINDS[state], peer=version)


CELLS = [
    (state, side, version)
    for state in State
    for side in Side
    for version in InterfaceVersion
    if state is not State.CLOSED and (state, version) != (State.OUTBOUND, InterfaceVersion.V33)
]
"""Every state, side and version that there is; 3.3 has no outbind."""
