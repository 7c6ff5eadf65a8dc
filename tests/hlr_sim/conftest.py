"""A lab in memory: its roles are asked as the node would ask them, at times that are numbers."""

from collections import deque
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from hlr_sim.config import HlrSimConfig
from hlr_sim.lab import Lab
from hlr_sim.node import Node
from hlr_sim.primitives import Dialogue, Outgoing, Reply
from telecom.runtime.operators import read_operators
from telecom.sms.address import Address
from telecom.sms.data_coding import data_coding_scheme
from telecom.sms.segmentation import split
from telecom.sms.tpdu import SmsDeliver, decode_tpdu, encode_tpdu
from telecom.ss7.map.contexts import CONTEXTS
from telecom.ss7.map.dialogues import Dialogues
from telecom.ss7.map.messages import (
    AddressString,
    AlertServiceCentreArg,
    MoForwardSmArg,
    MtForwardSmArg,
    ReportSmDeliveryStatusArg,
    RoutingInfoForSmArg,
    SmRpDa,
    SmRpOa,
)
from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.sccp.primitives import NUnitdata
from telecom.ss7.tcap.transactions import Transactions

CONFIGS = Path(__file__).parents[2] / "configs"
GATEWAY = "38591000001"
OWN_NUMBER = Address("38591000100")
SENT_AT = datetime(2026, 11, 22, 13, 4, tzinfo=UTC)


def deliveries(text: str, originator: Address) -> list[bytes]:
    """Return the SMS-DELIVERs that carry a text."""
    return [
        encode_tpdu(
            SmsDeliver(
                originating_address=originator,
                user_data=segment,
                service_centre_time_stamp=SENT_AT,
                data_coding_scheme=data_coding_scheme(segment.alphabet),
            )
        )
        for segment in split(text, 7)
    ]


class Network:
    """The lab as a foreign service centre sees it, without the wire in between."""

    def __init__(self, **settings: Any) -> None:
        config = HlrSimConfig(operators=CONFIGS / "operators.toml", **settings)
        self.begun: list[Outgoing] = []
        self.lab = Lab(
            read_operators(config.operators),
            config,
            send=lambda outgoing, _now: self.begun.append(outgoing),
        )
        self._dialogues = 0

    def dialogue(
        self, called: SccpAddress, *, version: int = 3, calling: str = GATEWAY
    ) -> Dialogue:
        operations = self.lab.operations_at(called)
        assert operations is not None, f"nothing is served at {called}"
        self._dialogues += 1
        return Dialogue(
            id=self._dialogues,
            version=version,
            called=called.digits,
            calling=calling,
            operations=operations,
            pending=[],
        )

    def ask(self, dialogue: Dialogue, argument: Any, now: float = 0.0) -> Reply:
        return dialogue.operations[type(argument)](dialogue, argument, now)

    def sri(
        self,
        msisdn: str,
        now: float = 0.0,
        *,
        at: str | None = None,
        version: int = 3,
        centre: str = GATEWAY,
        calling: str = GATEWAY,
        not_intended: int | None = None,
    ) -> Reply:
        """Send an SRI-SM to the MSISDN's global title, or to a node `at` another."""
        dialogue = self.dialogue(
            SccpAddress.of_gt(at or msisdn, 6), version=version, calling=calling
        )
        argument = RoutingInfoForSmArg(
            msisdn=AddressString(msisdn),
            sm_rp_pri=True,
            service_centre_address=AddressString(centre),
            sm_delivery_not_intended=not_intended,
        )
        return self.ask(dialogue, argument, now)

    def fsm(
        self,
        routing: Reply,
        text: str = "hello",
        now: float = 0.0,
        *,
        version: int = 3,
        centre: str = GATEWAY,
        calling: str = GATEWAY,
        originator: Address = OWN_NUMBER,
    ) -> Reply:
        """Bring a text where an SRI-SM's answer leads, all in one MT dialogue; the last reply."""
        result: Any = routing.result
        node = result.location_info_with_lmsi.network_node_number.digits
        dialogue = self.dialogue(SccpAddress.of_gt(node, 8), version=version, calling=calling)
        tpdus = deliveries(text, originator)
        for place, tpdu in enumerate(tpdus, 1):
            argument = MtForwardSmArg(
                sm_rp_da=SmRpDa(imsi=result.imsi),
                sm_rp_oa=SmRpOa(service_centre_address_oa=AddressString(centre)),
                sm_rp_ui=tpdu,
                more_messages_to_send=place < len(tpdus),
            )
            reply = self.ask(dialogue, argument, now)
            if reply.error is not None or reply.silent:
                break
        return reply

    def report(
        self, msisdn: str, outcome: int | None, now: float = 0.0, *, centre: str = GATEWAY
    ) -> Reply:
        dialogue = self.dialogue(SccpAddress.of_gt(msisdn, 6))
        argument = ReportSmDeliveryStatusArg(
            msisdn=AddressString(msisdn),
            service_centre_address=AddressString(centre),
            sm_delivery_outcome=outcome,
        )
        return self.ask(dialogue, argument, now)

    @staticmethod
    def tpdus(text: str) -> list[bytes]:
        return deliveries(text, OWN_NUMBER)

    def texts(self, msisdn: str) -> list[str | None]:
        return [message.text for message in self.lab.handsets.received(msisdn)]

    def alerts(self) -> list[tuple[str, str]]:
        """Return (MSISDN, service centre) of the alerts begun so far."""
        arguments: list[Any] = [outgoing.argument for outgoing in self.begun]
        return [
            (argument.msisdn.digits, argument.service_centre_address.digits)
            for argument in arguments
            if isinstance(argument, AlertServiceCentreArg)
        ]

    def submitted(self) -> list[tuple[str, str]]:
        """Return (destination, text) of every segment that handsets have sent so far."""
        arguments: list[Any] = [outgoing.argument for outgoing in self.begun]
        tpdus: list[Any] = [
            decode_tpdu(argument.sm_rp_ui, mobile_originated=True)
            for argument in arguments
            if isinstance(argument, MoForwardSmArg)
        ]
        return [(tpdu.destination_address.digits, tpdu.user_data.text) for tpdu in tpdus]


class Provider:
    """TCAP and MAP of one end of a link."""

    def __init__(self, link: "Link", first_id: int, **options: Any) -> None:
        self.tcap = Transactions(
            lambda unitdata, _now: link.queue.append((self, unitdata)),
            transaction_ids=count(first_id),
        )
        self.map = Dialogues(self.tcap, **options)


class Link:
    """A gateway and the simulator's node, TCAP messages between them, and the time.

    `came` is what the gateway was told, without the dialogues' numbers; `arrived` are the
    messages as they passed.
    """

    def __init__(self, *, contexts: Any = CONTEXTS, **settings: Any) -> None:
        self.queue: deque[tuple[Provider, NUnitdata]] = deque()
        self.passed: list[NUnitdata] = []
        self.came: list[Any] = []
        self.now = 0.0
        self.gateway = Provider(self, 0xA000, contexts=contexts)
        self.network = Provider(self, 0xB000)
        config = HlrSimConfig(operators=CONFIGS / "operators.toml", **settings)
        self.node = Node(read_operators(config.operators), config, self.network.map)

    def open(self, context: Any, argument: Any, called: str, ssn: int, **request: Any) -> int:
        """Begin a dialogue as the gateway, and let it run until all is quiet."""
        dialogue = self.gateway.map.open(
            context,
            called=SccpAddress.of_gt(called, ssn),
            calling=SccpAddress.of_gt(GATEWAY, 8),
            now=self.now,
            invoke=argument,
            reference="gateway",
            **request,
        )
        self.deliver()
        return dialogue

    def deliver(self) -> None:
        while self.queue:
            sender, unitdata = self.queue.popleft()
            self.passed.append(unitdata)
            receiver = self.network if sender is self.gateway else self.gateway
            for tc_indication in receiver.tcap.handle_unitdata(unitdata, self.now):
                indications = receiver.map.handle(tc_indication, self.now)
                if receiver is self.network:
                    self.node.handle(indications, self.now)
                else:
                    self.came += indications

    def wait(self, until: float) -> None:
        """Let time pass, timer by timer, on both sides."""
        while (due := self._next_timer()) is not None and due <= until:
            self.now = due
            for tc_indication in self.gateway.tcap.handle_timer(due):
                self.came += self.gateway.map.handle(tc_indication, due)
            for tc_indication in self.network.tcap.handle_timer(due):
                self.node.handle(self.network.map.handle(tc_indication, due), due)
            self.node.handle_timer(due)
            self.deliver()
        self.now = until

    def _next_timer(self) -> float | None:
        timers = (
            self.gateway.tcap.next_timer(),
            self.network.tcap.next_timer(),
            self.node.next_timer(),
        )
        return min((due for due in timers if due is not None), default=None)

    def take(self, *kinds: type[Any]) -> list[Any]:
        """Return what came since the last time, of these kinds or of all."""
        came, self.came = self.came, []
        return [indication for indication in came if not kinds or type(indication) in kinds]

    def is_quiet(self) -> bool:
        """Return whether no dialogue is left anywhere on the simulator's side."""
        return not (len(self.node) or len(self.network.map) or len(self.network.tcap))


@pytest.fixture
def configs() -> Path:
    return CONFIGS


@pytest.fixture
def make_link() -> type[Link]:
    return Link


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def make_network() -> type[Network]:
    return Network
