"""Home location register: routing of short messages and messages waiting, TS 29.002 23.3-23.5."""

from typing import Final

from msgspec.structs import replace

from hlr_sim.alerts import Alerts
from hlr_sim.firewall import Firewall
from hlr_sim.mwd import MessageWaitingData
from hlr_sim.network import IMSI_DIGITS
from hlr_sim.primitives import Dialogue, Reply
from hlr_sim.recovery import Recovery
from hlr_sim.sms_router import SmsRouter
from hlr_sim.subscribers import Population, Subscriber
from telecom.numbering.operators import Operator
from telecom.router.gt_rule import SriRecord
from telecom.ss7.map.enumerations import (
    AbsentSubscriberDiagnosticSm,
    AlertReason,
    SmDeliveryNotIntended,
    SmDeliveryOutcome,
)
from telecom.ss7.map.error_parameters import AbsentSubscriberParam, AbsentSubscriberSmParam
from telecom.ss7.map.errors import ErrorCode
from telecom.ss7.map.messages import (
    AddressString,
    InformServiceCentreArg,
    LocationInfoWithLmsi,
    ReadyForSmArg,
    ReadyForSmRes,
    ReportSmDeliveryStatusArg,
    RoutingInfoForSmArg,
    RoutingInfoForSmRes,
)

_DIAGNOSTIC: Final = AbsentSubscriberDiagnosticSm.IMSI_DETACHED
_ABSENT: Final = {
    1: Reply(error=ErrorCode.ABSENT_SUBSCRIBER, parameter=AbsentSubscriberParam(mwd_set=True)),
    2: Reply(error=ErrorCode.ABSENT_SUBSCRIBER),
    3: Reply(
        error=ErrorCode.ABSENT_SUBSCRIBER_SM,
        parameter=AbsentSubscriberSmParam(absent_subscriber_diagnostic_sm=_DIAGNOSTIC),
    ),
}
_UNKNOWN: Final = Reply(error=ErrorCode.UNKNOWN_SUBSCRIBER)
_NOT_PROVISIONED: Final = Reply(error=ErrorCode.TELESERVICE_NOT_PROVISIONED)
_BARRED: Final = Reply(error=ErrorCode.CALL_BARRED)
_LIST_FULL: Final = Reply(error=ErrorCode.MESSAGE_WAITING_LIST_FULL)
_SILENT: Final = Reply(silent=True)
_DONE: Final = Reply()
_READY: Final = Reply(ReadyForSmRes())


class Hlr:
    """The HLR of one operator; the MNP-SRF hands it what is about its own subscribers.

    What it answers depends on what subscribers are, not on MNRF: a message that failed for
    another reason than absence must find the subscriber again.
    """

    def __init__(
        self,
        operator: Operator,
        *,
        population: Population,
        firewall: Firewall,
        recovery: Recovery,
        alerts: Alerts,
        sms_router: SmsRouter,
    ) -> None:
        self.operator = operator
        self._population = population
        self._firewall = firewall
        self._recovery = recovery
        self._alerts = alerts
        self._sms_router = sms_router
        self._locations = {
            node.gt: LocationInfoWithLmsi(network_node_number=AddressString(node.gt))
            for node in population.network.nodes
        }
        self._dummies = Reply(
            RoutingInfoForSmRes(
                imsi=operator.mccmnc.ljust(IMSI_DIGITS, "0"),
                location_info_with_lmsi=self._locations[operator.hlr],
            )
        )

    def send_routing_info_for_sm(
        self, subscriber: Subscriber, dialogue: Dialogue, argument: RoutingInfoForSmArg, now: float
    ) -> Reply:
        """MAP_SEND_ROUTING_INFO_FOR_SM, TS 29.002 12.1 and 23.3.

        Who wants MCC and MNC alone (SM-Delivery-Not-Intended) gets dummies for all the rest.
        """
        refusal = _refusal_of(subscriber)
        if refusal is not None:
            return refusal
        if subscriber.absent:
            return self._absent(subscriber, dialogue, argument, now)
        not_intended = argument.sm_delivery_not_intended
        if not_intended == SmDeliveryNotIntended.ONLY_MCC_MNC_REQUESTED:
            return self._dummies
        if subscriber.home_routed:
            imsi, node = self._sms_router.correlation_id(subscriber, now), self.operator.sms_router
        else:
            imsi, node = subscriber.imsi, self._population.serving_msc(subscriber)
        centre = argument.service_centre_address.digits
        if not_intended is None:
            self._firewall.routed(
                SriRecord(subscriber.msisdn, dialogue.calling, centre, now, imsi, node)
            )
        result = RoutingInfoForSmRes(imsi=imsi, location_info_with_lmsi=self._locations[node])
        waiting = subscriber.waiting
        return Reply(result) if waiting is None else _with_status(result, waiting, dialogue, centre)

    def report_sm_delivery_status(
        self, subscriber: Subscriber, argument: ReportSmDeliveryStatusArg, now: float
    ) -> Reply:
        """MAP_REPORT_SM_DELIVERY_STATUS, TS 29.002 12.3 and 23.5."""
        if subscriber.hlr_silent:
            return _SILENT
        if subscriber.unknown:
            return _UNKNOWN
        centre = argument.service_centre_address.digits
        successful = argument.sm_delivery_outcome == SmDeliveryOutcome.SUCCESSFUL_TRANSFER
        if successful and subscriber.waiting is None:
            return _DONE
        waiting = self._waiting_of(subscriber)
        if successful:
            self._alert(subscriber, waiting.memory_available(), now, but_not=centre)
        elif not waiting.add(centre):
            return _LIST_FULL
        elif argument.sm_delivery_outcome == SmDeliveryOutcome.MEMORY_CAPACITY_EXCEEDED:
            waiting.memory_capacity_exceeded = True
        else:
            waiting.mobile_not_reachable = True
        if subscriber.comes_back and not (subscriber.absent or subscriber.memory_full):
            self._alert(subscriber, waiting.memory_available(), now)  # it came back meanwhile
        return _DONE

    def ready_for_sm(self, subscriber: Subscriber, argument: ReadyForSmArg, now: float) -> Reply:
        """MAP_READY_FOR_SM, TS 29.002 12.4 and 23.4."""
        if subscriber.unknown:
            return _UNKNOWN
        self.ready(subscriber, argument.alert_reason, now)
        return _READY

    def ready(self, subscriber: Subscriber, reason: int, now: float) -> None:
        """Alert the service centres that wait for a subscriber who can be reached again."""
        waiting = subscriber.waiting
        if waiting is None:
            return
        release = (
            waiting.memory_available if reason == AlertReason.MEMORY_AVAILABLE else waiting.present
        )
        self._alert(subscriber, release(), now)

    def _absent(
        self, subscriber: Subscriber, dialogue: Dialogue, argument: RoutingInfoForSmArg, now: float
    ) -> Reply:
        self._recovery.found(subscriber, now)
        reply = _ABSENT[dialogue.version]
        if argument.sm_delivery_not_intended is not None:
            return reply
        centre = argument.service_centre_address.digits
        waiting = self._waiting_of(subscriber)
        waiting.add(centre)
        waiting.mobile_not_reachable = True
        return replace(reply, inform=_inform(waiting, dialogue, centre, _DIAGNOSTIC))

    def _waiting_of(self, subscriber: Subscriber) -> MessageWaitingData:
        if subscriber.waiting is None:
            subscriber.waiting = MessageWaitingData()
        self._population.touch(subscriber)
        return subscriber.waiting

    def _alert(
        self, subscriber: Subscriber, centres: list[str], now: float, *, but_not: str = ""
    ) -> None:
        for centre in centres:
            if centre != but_not:
                self._alerts.alert(subscriber.msisdn, centre, now, hlr=self.operator.hlr)


def _refusal_of(subscriber: Subscriber) -> Reply | None:
    """Return why a subscriber gets no short message at all, TS 29.002 12.1.3."""
    if subscriber.hlr_silent:
        return _SILENT
    if subscriber.unknown:
        return _UNKNOWN
    if subscriber.not_provisioned:
        return _NOT_PROVISIONED
    return _BARRED if subscriber.barred else None


def _with_status(
    result: RoutingInfoForSmRes, waiting: MessageWaitingData, dialogue: Dialogue, centre: str
) -> Reply:
    """Say beside the routing that messages wait, if they do: TS 29.002 12.5."""
    if not (waiting.memory_capacity_exceeded or waiting.mobile_not_reachable):
        return Reply(result)
    if dialogue.version == 1:
        return Reply(replace(result, mwd_set=centre in waiting.service_centres))
    return Reply(result, inform=_inform(waiting, dialogue, centre, None))


def _inform(
    waiting: MessageWaitingData, dialogue: Dialogue, centre: str, diagnostic: int | None
) -> InformServiceCentreArg | None:
    """Return what InformServiceCentre says; version 1 has no such operation."""
    if dialogue.version == 1:
        return None
    return InformServiceCentreArg(
        mw_status=waiting.status(centre),
        absent_subscriber_diagnostic_sm=diagnostic if dialogue.version > 2 else None,
    )
