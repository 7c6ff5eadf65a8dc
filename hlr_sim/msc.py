"""MSC/VLR: short messages to the handsets that are with it, TS 29.002 12.9 and 23.3."""

from typing import Final

from hlr_sim.firewall import Firewall
from hlr_sim.handset import Handsets
from hlr_sim.mobile_originated import MobileOriginated
from hlr_sim.primitives import Dialogue, Reply
from hlr_sim.recovery import Recovery
from hlr_sim.subscribers import Population, Subscriber
from telecom.sms.errors import FailureCause, SmsError
from telecom.sms.tpdu import SmsDeliverReport, encode_tpdu
from telecom.ss7.map.enumerations import (
    AbsentSubscriberDiagnosticSm,
    SmEnumeratedDeliveryFailureCause,
)
from telecom.ss7.map.error_parameters import AbsentSubscriberSmParam, SmDeliveryFailureCause
from telecom.ss7.map.errors import ErrorCode
from telecom.ss7.map.messages import ForwardSmArg, MtForwardSmArg

_ABSENT: Final = {
    1: Reply(error=ErrorCode.ABSENT_SUBSCRIBER),
    2: Reply(error=ErrorCode.ABSENT_SUBSCRIBER),
    3: Reply(
        error=ErrorCode.ABSENT_SUBSCRIBER_SM,
        parameter=AbsentSubscriberSmParam(
            absent_subscriber_diagnostic_sm=AbsentSubscriberDiagnosticSm.IMSI_DETACHED
        ),
    ),
}
_UNIDENTIFIED: Final = Reply(error=ErrorCode.UNIDENTIFIED_SUBSCRIBER)
_SYSTEM_FAILURE: Final = Reply(error=ErrorCode.SYSTEM_FAILURE)
_SILENT: Final = Reply(silent=True)
_DELIVERED: Final = Reply()
_DELIVERED_MORE: Final = Reply(more=True)


def _delivery_failure(cause: SmEnumeratedDeliveryFailureCause, failure: FailureCause) -> Reply:
    """Answer sm-DeliveryFailure with the handset's SMS-DELIVER-REPORT, TS 23.040 11.1."""
    report = encode_tpdu(SmsDeliverReport(failure_cause=failure))
    return Reply(
        error=ErrorCode.SM_DELIVERY_FAILURE,
        parameter=SmDeliveryFailureCause(
            sm_enumerated_delivery_failure_cause=cause, diagnostic_info=report
        ),
    )


_MEMORY_FULL: Final = _delivery_failure(
    SmEnumeratedDeliveryFailureCause.MEMORY_CAPACITY_EXCEEDED,
    FailureCause.MEMORY_CAPACITY_EXCEEDED,
)


class Msc:
    """The MSC/VLRs of all operators: each serves the subscribers who are with it."""

    def __init__(
        self,
        *,
        population: Population,
        firewall: Firewall,
        recovery: Recovery,
        handsets: Handsets,
        mobile_originated: MobileOriginated,
    ) -> None:
        self._population = population
        self._firewall = firewall
        self._recovery = recovery
        self._handsets = handsets
        self._mobile_originated = mobile_originated

    def forward_sm(
        self, dialogue: Dialogue, argument: MtForwardSmArg | ForwardSmArg, now: float
    ) -> Reply:
        """MAP_MT_FORWARD_SHORT_MESSAGE, TS 29.002 12.9, and forwardSM of GSM 09.02."""
        refusal = self._firewall.refusal(dialogue, argument, now)
        if refusal is not None:
            return refusal
        subscriber = self._population.find_imsi(dialogue.imsi)
        if subscriber is None or self._population.serving_msc(subscriber) != dialogue.called:
            return _UNIDENTIFIED
        return self.deliver(subscriber, dialogue, argument, now)

    def deliver(
        self,
        subscriber: Subscriber,
        dialogue: Dialogue,
        argument: MtForwardSmArg | ForwardSmArg,
        now: float,
    ) -> Reply:
        """Bring a short message to the handset, or say why not."""
        failure = self._failure_of(subscriber, dialogue, now)
        if failure is not None:
            return failure
        try:
            message = self._handsets.receive(
                subscriber.msisdn, argument.sm_rp_ui, dialogue.service_centre, now
            )
        except SmsError as error:
            return _delivery_failure(
                SmEnumeratedDeliveryFailureCause.EQUIPMENT_PROTOCOL_ERROR, error.failure_cause
            )
        if subscriber.replies and message is not None:
            self._mobile_originated.reply(subscriber, message, now)
        return _DELIVERED_MORE if argument.more_messages_to_send else _DELIVERED

    def _failure_of(self, subscriber: Subscriber, dialogue: Dialogue, now: float) -> Reply | None:
        if subscriber.msc_silent:
            return _SILENT
        if subscriber.absent:
            self._recovery.found(subscriber, now)
            return _ABSENT[dialogue.version]
        if subscriber.memory_full:
            self._recovery.found(subscriber, now)
            return _MEMORY_FULL
        if subscriber.fails_first:
            subscriber.failed_last = not subscriber.failed_last
            self._population.touch(subscriber)
            return _SYSTEM_FAILURE if subscriber.failed_last else None
        return None
