"""A TCAP engine that plays a sequence chart, and two of them joined by a bad link."""

from collections import deque
from itertools import count
from typing import Any

import pytest

from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.sccp.primitives import NUnitdata
from telecom.ss7.tcap.codec import decode_message, encode_message
from telecom.ss7.tcap.messages import Message
from telecom.ss7.tcap.primitives import TcIndication
from telecom.ss7.tcap.transactions import Transactions

OURS = SccpAddress.of_gt("38591000001", 8)
THEIRS = SccpAddress.of_gt("447700900000", 6)


class Playbook:
    """One engine against a script: `<< what the peer sends` then `>> what comes of it`.

    What comes of it is messages sent and indications given, in this order, and all of them must
    be in the script.
    """

    def __init__(self, **options: Any) -> None:
        self.now = 0.0
        self.came: deque[Message | TcIndication] = deque()
        self.tcap = Transactions(self._sent, transaction_ids=count(1), **options)

    def _sent(self, unitdata: NUnitdata, _now: float) -> None:
        assert (unitdata.called, unitdata.calling) == (THEIRS, OURS)
        self.came.append(decode_message(unitdata.data))

    def begin(self, **request: Any) -> int:
        return self.tcap.begin(called=THEIRS, calling=OURS, now=self.now, **request)

    def __lshift__(self, received: Message | bytes) -> "Playbook":
        self.ends()
        octets = received if isinstance(received, bytes) else encode_message(received)
        unitdata = NUnitdata(OURS, THEIRS, octets)
        self.came.extend(self.tcap.handle_unitdata(unitdata, self.now))
        return self

    def __rshift__(self, expected: Message | TcIndication) -> "Playbook":
        assert self.came, f"{expected} did not come"
        assert self.came.popleft() == expected
        return self

    def wait(self, until: float) -> "Playbook":
        """Let time pass, timer by timer."""
        self.ends()
        while (due := self.tcap.next_timer()) is not None and due <= until:
            self.now = due
            self.came.extend(self.tcap.handle_timer(due))
        self.now = until
        return self

    def ends(self) -> None:
        assert not self.came, f"not in the script: {list(self.came)}"


class Node:
    """An engine at one end of a link, and what it said."""

    def __init__(self, link: "Link", first_id: int) -> None:
        self.indications: list[TcIndication] = []
        self.tcap = Transactions(
            lambda unitdata, _now: link.queue.append((self, unitdata)),
            transaction_ids=count(first_id),
        )

    def take(self) -> list[TcIndication]:
        taken, self.indications = self.indications, []
        return taken


class Link:
    """Carries messages between two nodes, in order, unless told to drop, delay or double them."""

    def __init__(self) -> None:
        self.queue: deque[tuple[Node, NUnitdata]] = deque()
        self.now = 0.0
        self.is_cut = False
        self.a = Node(self, 0xA000)
        self.b = Node(self, 0xB000)

    def deliver(self, number: int | None = None) -> None:
        """Deliver so many messages, or all there are."""
        for _ in range(len(self.queue) if number is None else number):
            sender, unitdata = self.queue.popleft()
            if not self.is_cut:
                receiver = self.b if sender is self.a else self.a
                receiver.indications += receiver.tcap.handle_unitdata(unitdata, self.now)

    def drop(self) -> None:
        self.queue.popleft()

    def delay(self) -> None:
        """Let the next message be overtaken by those after it."""
        self.queue.rotate(-1)

    def double(self) -> None:
        self.queue.appendleft(self.queue[0])

    def wait(self, until: float) -> None:
        """Let time pass at both ends."""
        for node in (self.a, self.b):
            while (due := node.tcap.next_timer()) is not None and due <= until:
                self.now = due
                node.indications += node.tcap.handle_timer(due)
        self.now = until


@pytest.fixture
def playbook() -> Any:
    playbook = Playbook()
    yield playbook
    playbook.ends()


@pytest.fixture
def small_playbook() -> Any:
    playbook = Playbook(max_dialogues=3, max_peer_dialogues=2)
    yield playbook
    playbook.ends()


@pytest.fixture
def link() -> Link:
    return Link()


@pytest.fixture(scope="session")
def new_link() -> type[Link]:
    """Make links: every example of a property needs a fresh one."""
    return Link
