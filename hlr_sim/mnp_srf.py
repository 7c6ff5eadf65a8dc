"""Mobile number portability: the signalling relay function (MNP-SRF), TS 23.066 annex B.3."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from hlr_sim.hlr import Hlr
from hlr_sim.primitives import Dialogue, Reply
from hlr_sim.subscribers import Population, Subscriber
from telecom.numbering.operators import Operator
from telecom.ss7.map.enumerations import AlertReason
from telecom.ss7.map.errors import ErrorCode
from telecom.ss7.map.messages import (
    NoteSubscriberPresentArg,
    ReadyForSmArg,
    ReportSmDeliveryStatusArg,
    RoutingInfoForSmArg,
)
from telecom.ss7.sccp.address import SccpAddress, SubsystemNumber

_UNKNOWN: Final = Reply(error=ErrorCode.UNKNOWN_SUBSCRIBER)
_NO_ANSWER: Final = Reply(silent=True)


class Relay(IntEnum):
    """Where an MNP-SRF sends a message for an MSISDN."""

    TO_HLR = 0
    TO_SUBSCRIPTION_NETWORK = 1
    TO_RANGE_HOLDER = 2


class Subscription(IntEnum):
    """Where a number's subscription is by the portability database, seen from one network."""

    HERE = 0
    ELSEWHERE = 1
    UNKNOWN = 2


DECISIONS: Final = {  # (the number is of this network's own ranges, where its subscription is)
    (True, Subscription.HERE): Relay.TO_HLR,
    (True, Subscription.UNKNOWN): Relay.TO_HLR,
    (True, Subscription.ELSEWHERE): Relay.TO_SUBSCRIPTION_NETWORK,
    (False, Subscription.HERE): Relay.TO_HLR,
    (False, Subscription.ELSEWHERE): Relay.TO_SUBSCRIPTION_NETWORK,
    (False, Subscription.UNKNOWN): Relay.TO_RANGE_HOLDER,
}


def decide(own: Operator, *, holder: Operator, subscription: Operator | None) -> Relay:
    """Return what the MNP-SRF of network `own` does with a message.

    `holder` has the number's range; `subscription` is None where no network is known to have it.
    """
    if subscription is None:
        where = Subscription.UNKNOWN
    else:
        where = Subscription.HERE if subscription is own else Subscription.ELSEWHERE
    return DECISIONS[holder is own, where]


def network_of_hlr(own: Operator, *, holder: Operator, subscription: Operator | None) -> Operator:
    """Follow a message from network `own`, relay by relay, to the network whose HLR gets it."""
    while (relay := decide(own, holder=holder, subscription=subscription)) is not Relay.TO_HLR:
        own = holder
        if relay is Relay.TO_SUBSCRIPTION_NETWORK and subscription is not None:
            own = subscription
    return own


class MnpSrf:
    """The MNP-SRF of one operator, in front of its HLR: what is about a number passes through it.

    Relays stay inside the simulator; the answer comes from the HLR that has the subscription.
    """

    def __init__(
        self, operator: Operator, *, population: Population, hlrs: Mapping[str, Hlr]
    ) -> None:
        self._operator = operator
        self._population = population
        self._hlrs = hlrs

    def send_routing_info_for_sm(
        self, dialogue: Dialogue, argument: RoutingInfoForSmArg, now: float
    ) -> Reply:
        """Have the HLR of the MSISDN answer."""
        subscriber = self._population.find(argument.msisdn.digits)
        hlr = self._hlr_of(subscriber, dialogue)
        if subscriber is None:
            return _UNKNOWN
        return hlr.send_routing_info_for_sm(subscriber, dialogue, argument, now)

    def report_sm_delivery_status(
        self, dialogue: Dialogue, argument: ReportSmDeliveryStatusArg, now: float
    ) -> Reply:
        """Have the HLR of the MSISDN answer."""
        subscriber = self._population.find(argument.msisdn.digits)
        hlr = self._hlr_of(subscriber, dialogue)
        if subscriber is None:
            return _UNKNOWN
        return hlr.report_sm_delivery_status(subscriber, argument, now)

    def ready_for_sm(self, _dialogue: Dialogue, argument: ReadyForSmArg, now: float) -> Reply:
        """Have the HLR of the IMSI answer; an IMSI is never ported."""
        subscriber = self._population.find_imsi(argument.imsi)
        if subscriber is None:
            return _UNKNOWN
        return self._hlrs[subscriber.home.name].ready_for_sm(subscriber, argument, now)

    def note_subscriber_present(
        self, _dialogue: Dialogue, argument: NoteSubscriberPresentArg, now: float
    ) -> Reply:
        """Let the HLR of the IMSI know; version 1 has no answer to it (GSM 09.02)."""
        subscriber = self._population.find_imsi(argument.imsi)
        if subscriber is not None:
            self._hlrs[subscriber.home.name].ready(subscriber, AlertReason.MS_PRESENT, now)
        return _NO_ANSWER

    def _hlr_of(self, subscriber: Subscriber | None, dialogue: Dialogue) -> Hlr:
        """Find the HLR that is asked in the end: its own GT is what the answer comes from."""
        network = self._operator
        if subscriber is not None:
            network = network_of_hlr(
                network,
                holder=subscriber.holder,
                subscription=None if subscriber.unknown else subscriber.home,
            )
        dialogue.responding = SccpAddress.of_gt(network.hlr, SubsystemNumber.HLR)
        return self._hlrs[network.name]
