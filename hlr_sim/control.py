"""What the control API does to the lab, at the time of asking."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice

import msgspec

from hlr_sim.config import FaultTable
from hlr_sim.lab import Lab
from hlr_sim.subscribers import Subscriber
from hlr_sim.views import (
    CorrelationView,
    MessageToSend,
    NodeView,
    OperatorView,
    ReceivedView,
    SentView,
    SubscriberPatch,
    SubscriberView,
    SuspectView,
    Whereabouts,
)
from telecom.numbering.operators import Operator
from telecom.sms.address import Address


class UnknownSubscriberError(LookupError):
    """The number is of nobody's range."""


class UnknownOperatorError(ValueError):
    """No operator of the lab has this name."""


class Clock(msgspec.Struct, frozen=True):
    """`now` is the time that timers run by, `time_of_day` what people call one of its times."""

    now: Callable[[], float]
    time_of_day: Callable[[float], datetime]


class Control:
    """Shows and changes the lab; `changed` is called after whatever may have begun dialogues."""

    def __init__(
        self, lab: Lab, *, clock: Clock, changed: Callable[[], None], service_centre: str
    ) -> None:
        self._lab = lab
        self._clock = clock
        self._changed = changed
        self._service_centre = service_centre

    def operators(self) -> list[OperatorView]:
        """Return the operators in the order in which ported and roaming numbers go onwards."""
        network = self._lab.network
        return [
            OperatorView(
                name=operator.name,
                country=operator.country,
                mccmnc=operator.mccmnc,
                ranges=list(operator.ranges),
                number_length=operator.number_length,
                nodes=[
                    NodeView(kind=node.kind, gt=node.gt)
                    for node in network.nodes
                    if node.operator is operator
                ],
            )
            for operator in network.operators
        ]

    def touched(self, offset: int, limit: int) -> Iterator[SubscriberView]:
        """Return the subscribers that are not what their numbers say, longest ago first."""
        for subscriber in islice(self._lab.population, offset, offset + limit):
            yield SubscriberView.of(subscriber, self._lab)

    def subscriber(self, msisdn: str) -> SubscriberView:
        """Return a subscriber as it is now; raises `UnknownSubscriberError`."""
        return SubscriberView.of(self._find(msisdn), self._lab)

    def change(self, msisdn: str, patch: SubscriberPatch) -> SubscriberView:
        """Change a subscriber; raises `UnknownSubscriberError`, `UnknownOperatorError`."""
        subscriber = self._find(msisdn)
        change(self._lab, subscriber, patch, self._clock.now())
        self._changed()
        return SubscriberView.of(subscriber, self._lab)

    def forget(self, msisdn: str) -> None:
        """Make a subscriber what its number says, with an empty handset."""
        self._find(msisdn)
        self._lab.population.forget(msisdn)
        self._lab.handsets.clear(msisdn)

    def received(self, msisdn: str) -> list[ReceivedView]:
        """Return the messages that a handset got; raises `UnknownSubscriberError`."""
        self._find(msisdn)
        time_of_day = self._clock.time_of_day
        received = self._lab.handsets.received(msisdn)
        return [ReceivedView.of(message, time_of_day(message.at)) for message in received]

    def sent(self, msisdn: str) -> list[SentView]:
        """Return the messages that a handset sent; raises `UnknownSubscriberError`."""
        self._find(msisdn)
        time_of_day = self._clock.time_of_day
        sent = self._lab.handsets.sent(msisdn)
        return [SentView.of(message, time_of_day(message.at)) for message in sent]

    def send(self, msisdn: str, message: MessageToSend) -> SentView:
        """Have a handset send a text; raises `UnknownSubscriberError`, `SmsError`."""
        sent = self._lab.mobile_originated.submit(
            self._find(msisdn),
            Address(message.destination, message.destination_ton),
            message.text,
            service_centre=message.service_centre or self._service_centre,
            now=self._clock.now(),
        )
        self._changed()
        return SentView.of(sent, self._clock.time_of_day(sent.at))

    def faults(self) -> FaultTable:
        """Return the faults that are set."""
        faults = self._lab.faults
        rows = [msgspec.structs.asdict(fault) for fault in faults.rows]
        return FaultTable.model_validate({"seed": faults.seed, "rows": rows})

    def set_faults(self, table: FaultTable) -> None:
        """Set these faults in place of those before."""
        self._lab.faults.replace([row.fault() for row in table.rows], seed=table.seed)

    def correlation(self) -> CorrelationView:
        """Return what the GT correlation has found so far."""
        firewall = self._lab.firewall
        suspects = [
            SuspectView(
                verdict=verdict,
                imsi=fsm.imsi,
                node=fsm.node,
                sccp_gt=fsm.sccp_gt,
                map_gt=fsm.map_gt,
                at=self._clock.time_of_day(fsm.at),
            )
            for verdict, fsm in firewall.suspects
        ]
        return CorrelationView(reject=firewall.reject, verdicts=firewall.counts, suspects=suspects)

    def set_reject(self, *, reject: bool) -> None:
        """Say whether MT dialogues that do not match are refused."""
        self._lab.firewall.reject = reject

    def _find(self, msisdn: str) -> Subscriber:
        subscriber = self._lab.population.find(msisdn)
        if subscriber is None:
            raise UnknownSubscriberError(f"{msisdn} is in no operator's range")
        return subscriber


def change(lab: Lab, subscriber: Subscriber, patch: SubscriberPatch, now: float) -> None:
    """Change a subscriber; service centres that wait for it are alerted if it got better.

    Raises `UnknownOperatorError` before anything has changed.
    """
    home, visited = subscriber.home, subscriber.visited
    if "ported" in patch.model_fields_set:
        home = _whereabouts(lab, patch.ported, subscriber.holder)
        visited = home if visited is subscriber.home else visited
    if "roaming" in patch.model_fields_set:
        visited = _whereabouts(lab, patch.roaming, home)
    if home is not subscriber.home:
        lab.population.port(subscriber, home)
    subscriber.visited = visited
    flags = patch.flags()
    reachability = {
        name: flags.pop(name, getattr(subscriber, name)) for name in ("absent", "memory_full")
    }
    for name, value in flags.items():
        setattr(subscriber, name, value)
    subscriber.comes_back = subscriber.comes_back and not any(reachability.values())
    lab.recovery.change(subscriber, now, **reachability)


def _whereabouts(lab: Lab, wanted: Whereabouts, start: Operator) -> Operator:
    if wanted is None or wanted is False:
        return start
    if wanted is True:
        return lab.network.onwards(start, 1)
    operator = lab.network.operator(wanted)
    if operator is None:
        names = ", ".join(known.name for known in lab.network.operators)
        raise UnknownOperatorError(f"{wanted!r} is none of the operators {names}")
    return operator
