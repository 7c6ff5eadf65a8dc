"""An SMSC in memory with a clock of the test's own."""

import asyncio
from random import Random
from typing import Any

from smsc_sim.actions import Action
from smsc_sim.node import SmscSim
from smsc_sim.smsc import Beginning, Smsc, SmscLimits
from telecom.runtime.timers import Timers
from telecom.smpp.errors import LinkClosedError, WindowFullError
from telecom.smpp.pdus import RESPONSES, Pdu, SubmitSm
from telecom.smpp.versions import InterfaceVersion

EPOCH = 1_800_000_000.0


class Session:
    """A session in memory: what it was answered and sent, in order."""

    def __init__(self, world: "World", number: int, system_id: str, *, receives: bool) -> None:
        self.number = number
        self.system_id = system_id
        self.receives = receives
        self.version = InterfaceVersion.V34
        self.closed = False
        self.in_hand = 0
        self.answers: list[Pdu] = []
        self.received: list[Pdu] = []
        self.scripts: list[Action] = []
        self.answers_with = 0
        self.hangs_up = False
        self.window_is_full = False
        self._world = world

    def script(self, request: Pdu, action: Action, random: Random) -> None:
        self.scripts.append(action)

    def respond(self, request: Pdu, response: Pdu) -> None:
        self.answers.append(response)

    def reject(self, request: Pdu, command_status: int) -> None:
        self.answers.append(RESPONSES[request.command_id](command_status=command_status))

    def request(self, pdu: Pdu) -> asyncio.Future[Pdu]:
        self.received.append(pdu)
        future: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        if self.hangs_up:
            future.set_exception(LinkClosedError("gone"))
            return future
        response = RESPONSES[pdu.command_id]
        future.set_result(response(command_status=self.answers_with))
        return future

    def notify(self, pdu: Pdu) -> None:
        if self.window_is_full:
            raise WindowFullError("full")
        self.received.append(pdu)

    def ask(self, pdu: Pdu) -> Any:
        """Ask for something that is answered at once."""
        before = len(self.answers)
        self._world.smsc.requested(self, pdu)
        (answer,) = self.answers[before:]
        return answer

    def submit(self, destination: str = "447700900123", **fields: Any) -> Any:
        """Submit a message whose receipt is asked for."""
        return self.ask(a_submit(destination, **fields))

    def news(self) -> list[Any]:
        """Return what came since the last call."""
        received, self.received = self.received, []
        return received


def a_submit(destination: str = "447700900123", **fields: Any) -> SubmitSm:
    asked = {"source_addr": b"123", "registered_delivery": 1, "short_message": b"hello"} | fields
    return SubmitSm(destination_addr=destination.encode(), **asked)


class World:
    """An SMSC, and the time."""

    def __init__(self, beginning: Beginning, **limits: Any) -> None:
        self.now = EPOCH
        self.timers = Timers()
        self.smsc = Smsc(
            beginning, self.timers, clock=lambda: self.now, limits=SmscLimits(**limits)
        )
        self.smsc.begin()
        self._sessions = 0

    def session(self, system_id: str = "demo", *, receives: bool = True) -> Session:
        """Bind."""
        self._sessions += 1
        session = Session(self, self._sessions, system_id, receives=receives)
        if receives:
            self.smsc.deliveries.bound(session)
        return session

    def pass_time(self, seconds: float) -> None:
        """Do all that is due in these seconds, each when it is due."""
        until = self.now + seconds
        while (due := self.timers.next_at()) is not None and due <= until:
            self.now = max(self.now, due)
            self.timers.run(self.now)
        self.now = until

    async def settle(self, seconds: float) -> None:
        """Pass time, and let what was sent be answered, until nothing more is due."""
        for _ in range(20):
            await asyncio.sleep(0)
            self.pass_time(seconds / 20)


def address_of(simulator: SmscSim, what: str = "SMPP (SMSC simulator)") -> tuple[str, int]:
    host, _, port = simulator.addresses[what].removeprefix("http://").rpartition(":")
    return host, int(port)
