"""The operator's network of a test: it waits for what it is asked, and answers as the test says."""

import asyncio
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any

from telecom.router.gt_rule import Correlation, FsmRecord, SriRecord, Verdict
from telecom.sms.tpdu import SmsDeliver, decode_tpdu
from telecom.ss7.map.contexts import CONTEXTS, ApplicationContext
from telecom.ss7.map.dialogues import Dialogues
from telecom.ss7.map.messages import (
    AddressString,
    ForwardSmArg,
    InformServiceCentreArg,
    LocationInfoWithLmsi,
    MtForwardSmArg,
    RoutingInfoForSmArg,
    RoutingInfoForSmRes,
)
from telecom.ss7.map.primitives import Delimited, Invoked, MapIndication, Opened
from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.sccp.primitives import NNotice, NUnitdata
from telecom.ss7.tcap.primitives import Invoke
from telecom.ss7.tcap.transactions import Transactions

GATEWAY = "38591000001"
MSC = "4477009000"
HLR = "4477009100"
T1 = 60.0


class Time:
    """Both clocks of every node; they stand still unless the test moves them."""

    START = 1_800_000_000.0

    def __init__(self) -> None:
        self.now = 1000.0
        self.wires: list[Wire] = []

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.START + self.now

    def advance(self, seconds: float) -> None:
        """Let time pass, timer by timer."""
        end = self.now + seconds
        while (due := min((wire.next_timer() for wire in self.wires), default=end)) < end:
            self.now = max(self.now, due)
            for wire in self.wires:
                wire.handle_timer()
        self.now = end


class Provider:
    """TCAP and MAP of one end of a wire."""

    def __init__(self, send: Callable[[NUnitdata, float], None], first_id: int, **limits: int):
        self.tcap = Transactions(send, transaction_ids=count(first_id), **limits)
        self.map = Dialogues(self.tcap)

    def receive(self, unitdata: NUnitdata, now: float) -> list[MapIndication]:
        return self._rise(self.tcap.handle_unitdata(unitdata, now), now)

    def returned(self, unitdata: NUnitdata, cause: int, now: float) -> list[MapIndication]:
        notice = NNotice(unitdata.called, unitdata.calling, unitdata.data, cause)
        return self._rise(self.tcap.handle_notice(notice), now)

    def timer(self, now: float) -> list[MapIndication]:
        return self._rise(self.tcap.handle_timer(now), now)

    def _rise(self, told: list[Any], now: float) -> list[MapIndication]:
        return [indication for tc in told for indication in self.map.handle(tc, now)]


class Wire:
    """Joins the MAP providers of a node and a network; messages pass in order, turn by turn."""

    def __init__(self, time: Time, network: "Network", **limits: int) -> None:
        self.time = time
        self.node = Provider(self._to_network, 0xA0000000, **limits)
        self.peer = Provider(self._to_node, 0xB0000000)
        self.network = network
        self.indicate: Callable[[list[MapIndication]], None] = lambda _: None
        self.is_cut = False
        self.peer_says = float("inf")
        self._queue: deque[tuple[bool, NUnitdata]] = deque()
        self._turn_is_due = False
        time.wires.append(self)

    def _to_network(self, unitdata: NUnitdata, _now: float) -> None:
        self._queue.append((True, unitdata))

    def _to_node(self, unitdata: NUnitdata, _now: float) -> None:
        self._queue.append((False, unitdata))

    def flush(self) -> None:
        if not self._turn_is_due:
            self._turn_is_due = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._turn_is_due = False
        while self._queue:
            to_network, unitdata = self._queue.popleft()
            if not to_network:
                self.peer_says -= 1
            if self.is_cut or self.peer_says < 0:
                continue
            now = self.time.now
            cause = self.network.unreachable.get(unitdata.called.digits)
            if not to_network:
                self.indicate(self.node.receive(unitdata, now))
            elif cause is not None:
                self.indicate(self.node.returned(unitdata, cause, now))
            else:
                self.network.handle(self, self.peer.receive(unitdata, now))

    def next_timer(self) -> float:
        timers = (
            self.node.tcap.next_timer(),
            self.peer.tcap.next_timer(),
            self.network.next_timer(),
        )
        return min((due for due in timers if due is not None), default=float("inf"))

    def handle_timer(self) -> None:
        indications = self.node.timer(self.time.now)
        if not self.is_cut:
            self.indicate(indications)
        self.network.handle(self, self.peer.timer(self.time.now))
        self.network.handle_timer(self.time.now)
        self._turn()


class Asked:
    """An operation that a node has invoked: the test answers it, or does not."""

    def __init__(self, wire: Wire, network: "Network", opened: Opened, invoked: Invoked) -> None:
        self._wire = wire
        self._network = network
        self.dialogue = invoked.dialogue
        self.invoke_id = invoked.invoke_id
        self.argument: Any = invoked.argument
        self.version = opened.context.version
        self.called = opened.called.digits
        self.calling = opened.calling.digits

    @property
    def text(self) -> str:
        """The text that an MT-ForwardSM brings."""
        return self.deliver.user_data.text

    @property
    def deliver(self) -> SmsDeliver:
        tpdu = decode_tpdu(self.argument.sm_rp_ui, mobile_originated=False)
        assert isinstance(tpdu, SmsDeliver)
        return tpdu

    def returns(self, result: Any = None, *, inform: Any = None, ends: bool = True) -> None:
        """Answer with a result; with `ends` that is the last message of the dialogue."""
        now = self._wire.time.now
        self._wire.peer.map.result(self.dialogue, self.invoke_id, result, now)
        if inform is not None:
            self._wire.peer.map.invoke(self.dialogue, inform, now)
        self._say(ends=ends)

    def routes_to(self, node: str = MSC, *, inform: InformServiceCentreArg | None = None) -> None:
        """Answer an SRI-SM: the subscriber is at this node."""
        imsi = imsi_of(self.argument.msisdn.digits)
        centre = self.argument.service_centre_address.digits
        record = SriRecord(self.argument.msisdn.digits, self.calling, centre, 0, imsi, node)
        self._network.correlation.sri_answered(record)
        location = LocationInfoWithLmsi(network_node_number=AddressString(node))
        self.returns(
            RoutingInfoForSmRes(imsi=imsi, location_info_with_lmsi=location), inform=inform
        )

    def fails(
        self, code: int, parameter: Any = None, *, inform: Any = None, ends: bool = True
    ) -> None:
        now = self._wire.time.now
        self._wire.peer.map.error(self.dialogue, self.invoke_id, code, now, parameter)
        if inform is not None:
            self._wire.peer.map.invoke(self.dialogue, inform, now)
        self._say(ends=ends)

    def asks_what_nobody_serves(self) -> None:
        """Invoke an operation in the dialogue that its application context does not have."""
        found = self._wire.peer.map._by_id[self.dialogue]
        found.outgoing.append(Invoke(5, 999, b"\x05\x00"))

    def rejects(self) -> None:
        self._wire.peer.map.reject(self.dialogue, self.invoke_id, self._wire.time.now)
        self._say(ends=True)

    def ends(self) -> None:
        """End the dialogue without an answer."""
        self._say(ends=True)

    def aborts(self) -> None:
        self._wire.peer.map.abort(self.dialogue, self._wire.time.now)
        self._wire.flush()

    def refuses(self, alternative: ApplicationContext | None = None) -> None:
        """Refuse the dialogue for no reason; what might be taken instead is said if given."""
        self._wire.peer.map.refuse(self.dialogue, self._wire.time.now, alternative=alternative)
        self._wire.flush()

    def _say(self, *, ends: bool) -> None:
        request = self._wire.peer.map.close if ends else self._wire.peer.map.delimit
        request(self.dialogue, self._wire.time.now)
        self._wire.flush()


class Begun:
    """A dialogue that the network has begun: what the node says in it."""

    def __init__(self) -> None:
        self.dialogue = 0
        self.said: list[MapIndication] = []

    def ends(self, wire: Wire) -> None:
        """Break the dialogue off."""
        wire.peer.map.abort(self.dialogue, wire.time.now)
        wire.flush()

    def kinds(self) -> list[str]:
        return [type(indication).__name__ for indication in self.said]


class Network:
    """What the nodes under test see of the operators, and how it is judged at the other end.

    With `automatic` every operation is answered by it at once; else the test waits for each.
    """

    def __init__(self) -> None:
        self.unreachable: dict[str, int] = {}
        self.correlation = Correlation(t1=T1)
        self.verdicts: list[Verdict] = []
        self.automatic: Callable[[Asked], None] | None = None
        self.arrived: list[tuple[str, str]] = []
        self._waiting: list[Asked] = []
        self._came = asyncio.Event()
        self._opened: dict[tuple[Wire, int], Opened] = {}
        self._invoked: set[tuple[Wire, int]] = set()

    def speaks_not(self, wire: Wire, *contexts: ApplicationContext) -> None:
        """Refuse these application contexts from now on."""
        wire.peer.map._contexts = CONTEXTS - set(contexts)

    def handle(self, wire: Wire, indications: list[MapIndication]) -> None:
        for indication in indications:
            if indication.reference is not None:
                indication.reference.said.append(indication)
                self._came.set()
                continue
            key = wire, indication.dialogue
            if isinstance(indication, Opened):
                self._opened[key] = indication
            elif isinstance(indication, Invoked):
                self._ask(Asked(wire, self, self._opened[key], indication), first=key)
            elif isinstance(indication, Delimited) and key not in self._invoked:
                wire.peer.map.delimit(indication.dialogue, wire.time.now)

    def next_timer(self) -> float | None:
        """Return when the network does something by itself."""
        return None

    def handle_timer(self, now: float) -> None:
        """Do what is due."""

    def _ask(self, asked: Asked, *, first: tuple[Wire, int]) -> None:
        if isinstance(asked.argument, MtForwardSmArg | ForwardSmArg):
            self.arrived.append((asked.argument.sm_rp_da.imsi or "", asked.text))
            if first not in self._invoked:
                self._judge(asked)
        self._invoked.add(first)
        if self.automatic is not None:
            # behind the rest of its message
            asyncio.get_running_loop().call_soon(self.automatic, asked)
            return
        self._waiting.append(asked)
        self._came.set()

    def _judge(self, asked: Asked) -> None:
        """Hold an MT dialogue against the SRI-SMs, as an SMS firewall does."""
        record = FsmRecord(
            imsi=asked.argument.sm_rp_da.imsi,
            node=asked.called,
            sccp_gt=asked.calling,
            map_gt=asked.argument.sm_rp_oa.service_centre_address_oa.digits,
            at=0,
        )
        self.verdicts.append(self.correlation.fsm_received(record))

    async def asked(self, kind: type[Any], *, timeout: float = 5) -> Asked:
        """Wait for the next operation of this kind, and take it."""
        async with asyncio.timeout(timeout):
            while True:
                for index, asked in enumerate(self._waiting):
                    if isinstance(asked.argument, kind):
                        return self._waiting.pop(index)
                self._came.clear()
                await self._came.wait()

    async def sri(self) -> Asked:
        return await self.asked(RoutingInfoForSmArg)

    async def fsm(self) -> Asked:
        return await self.asked(MtForwardSmArg | ForwardSmArg)

    @property
    def waiting(self) -> list[str]:
        """What has been asked and not been taken by the test, by the names of the arguments."""
        return [type(asked.argument).__name__ for asked in self._waiting]

    def begins(
        self, wire: Wire, context: ApplicationContext, argument: Any, **request: Any
    ) -> Begun:
        """Begin a dialogue with a node, by one operation."""
        begun = Begun()
        begun.dialogue = wire.peer.map.open(
            context,
            called=SccpAddress.of_gt(GATEWAY, 8),
            calling=SccpAddress.of_gt(HLR, 6),
            now=wire.time.now,
            invoke=argument,
            reference=begun,
            **request,
        )
        wire.flush()
        return begun


def imsi_of(msisdn: str) -> str:
    return "23490" + msisdn[-10:]


def serves(asked: Asked) -> None:
    """Answer as a network does in which every subscriber is at hand."""
    if isinstance(asked.argument, RoutingInfoForSmArg):
        asked.routes_to()
    else:
        more = getattr(asked.argument, "more_messages_to_send", False)
        asked.returns(ends=not more)
