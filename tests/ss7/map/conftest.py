"""A MAP provider that plays a sequence chart, and two of them joined by a link."""

from collections import deque
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from telecom.ss7.map.contexts import ApplicationContext
from telecom.ss7.map.dialogues import Dialogues
from telecom.ss7.map.primitives import MapIndication
from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.sccp.primitives import NNotice, NUnitdata
from telecom.ss7.tcap.codec import decode_message, encode_message
from telecom.ss7.tcap.messages import Message
from telecom.ss7.tcap.transactions import Transactions

OURS = SccpAddress.of_gt("38591000001", 8)
THEIRS = SccpAddress.of_gt("447700900000", 6)


class Playbook:
    """One provider against a script: `<< what the peer sends` then `>> what comes of it`.

    What comes of it is TCAP messages sent and MAP indications given, in this order, and all of
    them must be in the script.
    """

    def __init__(self, **options: Any) -> None:
        self.now = 0.0
        self.came: deque[Message | MapIndication] = deque()
        self.tcap = Transactions(self._sent, transaction_ids=count(1), max_dialogues=3)
        self.map = Dialogues(self.tcap, **options)

    def _sent(self, unitdata: NUnitdata, _now: float) -> None:
        assert (unitdata.called, unitdata.calling) == (THEIRS, OURS)
        self.came.append(decode_message(unitdata.data))

    def open(self, context: ApplicationContext, **request: Any) -> int:
        return self.map.open(context, called=THEIRS, calling=OURS, now=self.now, **request)

    def __lshift__(self, received: Message | bytes) -> "Playbook":
        self.ends()
        octets = received if isinstance(received, bytes) else encode_message(received)
        self._take(self.tcap.handle_unitdata(NUnitdata(OURS, THEIRS, octets), self.now))
        return self

    def __rshift__(self, expected: Message | MapIndication) -> "Playbook":
        assert self.came, f"{expected} did not come"
        assert self.came.popleft() == expected
        return self

    def comes_back(self, octets: bytes, cause: int) -> "Playbook":
        """Let a message of ours come back."""
        self.ends()
        self._take(self.tcap.handle_notice(NNotice(THEIRS, OURS, octets, cause)))
        return self

    def wait(self, until: float) -> "Playbook":
        """Let time pass, timer by timer."""
        self.ends()
        while (due := self.tcap.next_timer()) is not None and due <= until:
            self.now = due
            self._take(self.tcap.handle_timer(due))
        self.now = until
        return self

    def _take(self, indications: list[Any]) -> None:
        for indication in indications:
            self.came.extend(self.map.handle(indication, self.now))

    def ends(self) -> None:
        assert not self.came, f"not in the script: {list(self.came)}"


class Node:
    """A provider at one end of a link, and what it said."""

    def __init__(self, link: "Link", first_id: int, **options: Any) -> None:
        self.indications: list[MapIndication] = []
        self.tcap = Transactions(
            lambda unitdata, _now: link.queue.append((self, unitdata)),
            transaction_ids=count(first_id),
        )
        self.map = Dialogues(self.tcap, **options)

    def take(self) -> list[MapIndication]:
        taken, self.indications = self.indications, []
        return taken


class Link:
    """Carries messages between two nodes, in order; `octets` are all that it carried."""

    def __init__(self, **options: Any) -> None:
        self.queue: deque[tuple[Node, NUnitdata]] = deque()
        self.octets: list[bytes] = []
        self.now = 0.0
        self.a = Node(self, 0xA000)
        self.b = Node(self, 0xB000, **options)

    def open(self, context: ApplicationContext, **request: Any) -> int:
        return self.a.map.open(context, called=THEIRS, calling=OURS, now=self.now, **request)

    def deliver(self) -> None:
        """Deliver all there is."""
        while self.queue:
            sender, unitdata = self.queue.popleft()
            self.octets.append(unitdata.data)
            receiver = self.b if sender is self.a else self.a
            for indication in receiver.tcap.handle_unitdata(unitdata, self.now):
                receiver.indications += receiver.map.handle(indication, self.now)


@pytest.fixture
def playbook() -> Iterator[Playbook]:
    playbook = Playbook()
    yield playbook
    playbook.ends()


@pytest.fixture(scope="session")
def new_playbook() -> type[Playbook]:
    """Make playbooks: some tests want options, or a fresh one for every example."""
    return Playbook


@pytest.fixture(scope="session")
def new_link() -> type[Link]:
    """Make links: some tests want options."""
    return Link
