"""Dialogues that the network begins: MO-ForwardSM and AlertServiceCentre.

TS 29.002 12.2 and 12.4: a short message from a handset is acknowledged once it is in the
outbox of the account that owns the number it was sent to; an alert makes the messages that wait
for the number due.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final
from zlib import crc32

import msgspec
import structlog

from telecom.gateway.clock import Clock
from telecom.gateway.inbound.mobile_originated import MobileOriginated, Received
from telecom.gateway.metrics import Metrics
from telecom.smpp import codec
from telecom.smpp.pdus import DeliverSm
from telecom.smpp.short_message import content
from telecom.sms.errors import SmsError
from telecom.sms.tpdu import SmsSubmit, decode_tpdu
from telecom.ss7.map import primitives as map_primitives
from telecom.ss7.map.dialogues import Dialogues
from telecom.ss7.map.enumerations import SmEnumeratedDeliveryFailureCause as FailureCause
from telecom.ss7.map.error_parameters import SmDeliveryFailureCause
from telecom.ss7.map.errors import ErrorCode
from telecom.ss7.map.messages import (
    AlertServiceCentreArg,
    ForwardSmArg,
    MoForwardSmArg,
)
from telecom.ss7.map.primitives import MapIndication
from telecom.store.messages import MessageQueue
from telecom.store.micro_batch import MicroBatch

_BATCH: Final = 256
_log = structlog.get_logger("telecom.gateway.inbound.from_network")


class _Dialogue:
    """A dialogue begun by the network: how many of its invocations wait for our answer."""

    __slots__ = ("invoked", "our_turn", "unanswered")

    def __init__(self) -> None:
        self.invoked = False
        self.our_turn = False
        self.unanswered = 0


class _Alert(msgspec.Struct, frozen=True):
    """A number that can be reached again, and the invocation to answer."""

    dialogue: int
    invoke_id: int
    msisdn: str


class FromNetwork:
    """Serves what the network invokes; `alerted` hears of each number that came back."""

    def __init__(
        self,
        provider: Dialogues,
        mobile_originated: MobileOriginated,
        *,
        queue: MessageQueue,
        service_centres: frozenset[str],
        alerted: Callable[[str], None],
        flush: Callable[[], None],
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._map = provider
        self._mobile_originated = mobile_originated
        self._queue = queue
        self._service_centres = service_centres
        self._alerted = alerted
        self._flush = flush
        self._metrics = metrics
        self._clock = clock
        self._dialogues: dict[int, _Dialogue] = {}
        self._alerts = MicroBatch(self._wake, _BATCH, failed=self._not_woken)
        self._handlers: dict[type[Any], Callable[[Any], None]] = {
            map_primitives.Opened: self._opened,
            map_primitives.Invoked: self._invoked,
            map_primitives.Delimited: self._delimited,
            map_primitives.Closed: self._ended,
            map_primitives.Aborted: self._ended,
        }
        self._services: dict[type[Any], Callable[[Any], None]] = {
            MoForwardSmArg: self._mo_forward_sm,
            ForwardSmArg: self._mo_forward_sm,
            AlertServiceCentreArg: self._alert_service_centre,
        }

    def handle(self, indication: MapIndication) -> None:
        """Take the next indication of a dialogue that the network began."""
        handler = self._handlers.get(type(indication))
        if handler is not None:
            handler(indication)

    async def drain(self) -> None:
        """Wait until everything received has been answered."""
        await self._mobile_originated.drain()
        await self._alerts.drain()

    def _opened(self, opened: map_primitives.Opened) -> None:
        self._dialogues[opened.dialogue] = _Dialogue()

    def _ended(self, ended: map_primitives.Closed | map_primitives.Aborted) -> None:
        self._dialogues.pop(ended.dialogue, None)

    def _delimited(self, delimited: map_primitives.Delimited) -> None:
        dialogue = self._dialogues.get(delimited.dialogue)
        if dialogue is None:
            return
        dialogue.our_turn = True
        if not dialogue.invoked:
            # an empty TC-BEGIN: the operation follows once we have shown who we are (23.3)
            dialogue.our_turn = False
            self._map.delimit(delimited.dialogue, self._clock.monotonic())
        else:
            self._close_if_answered(delimited.dialogue)

    def _invoked(self, invoked: map_primitives.Invoked) -> None:
        dialogue = self._dialogues.get(invoked.dialogue)
        if dialogue is None:
            return
        dialogue.invoked = True
        dialogue.unanswered += 1
        service = self._services.get(type(invoked.argument), self._not_served)
        try:
            service(invoked)
        except Exception:  # noqa: BLE001 - the peer needs an answer all the same
            _log.exception("not_served", operation=invoked.operation)
            self._refuse(invoked, ErrorCode.SYSTEM_FAILURE)

    def _not_served(self, invoked: map_primitives.Invoked) -> None:
        self._refuse(invoked, ErrorCode.FACILITY_NOT_SUPPORTED)

    def _mo_forward_sm(self, invoked: map_primitives.Invoked) -> None:
        argument: MoForwardSmArg | ForwardSmArg = invoked.argument  # type: ignore[assignment]
        service_centre = argument.sm_rp_da.service_centre_address_da
        originator = argument.sm_rp_oa.msisdn
        if service_centre is None or service_centre.digits not in self._service_centres:
            self._reject_message(invoked, FailureCause.UNKNOWN_SERVICE_CENTRE)
            return
        if originator is None:
            self._refuse(invoked, ErrorCode.UNEXPECTED_DATA_VALUE)
            return
        try:
            submit = decode_tpdu(argument.sm_rp_ui, mobile_originated=True)
        except SmsError:
            self._refuse(invoked, ErrorCode.UNEXPECTED_DATA_VALUE)
            return
        if not isinstance(submit, SmsSubmit):
            self._refuse(invoked, ErrorCode.FACILITY_NOT_SUPPORTED)
            return
        self._accept_message(invoked, originator.digits, submit)

    def _accept_message(
        self, invoked: map_primitives.Invoked, msisdn: str, submit: SmsSubmit
    ) -> None:
        received = Received(
            number=msisdn,
            destination=submit.destination_address.digits,
            body=_deliver_sm(msisdn, submit),
            identity=_identity(msisdn, submit),
            reject_duplicates=submit.reject_duplicates,
        )
        if not self._mobile_originated.take(received, partial(self._stored, invoked)):
            self._reject_message(invoked, FailureCause.INVALID_SME_ADDRESS)

    def _stored(self, invoked: map_primitives.Invoked, is_stored: bool) -> bool:
        """Tell the handset; return whether its dialogue is still there."""
        is_there = invoked.dialogue in self._dialogues
        if is_stored:
            self._answer(invoked.dialogue, invoked.invoke_id)
        else:
            self._fail(invoked.dialogue, invoked.invoke_id, ErrorCode.SYSTEM_FAILURE)
        self._flush()
        return is_there

    def _alert_service_centre(self, invoked: map_primitives.Invoked) -> None:
        argument: AlertServiceCentreArg = invoked.argument  # type: ignore[assignment]
        self._alerts.add(_Alert(invoked.dialogue, invoked.invoke_id, argument.msisdn.digits))

    async def _wake(self, alerts: list[_Alert]) -> None:
        for alert in alerts:
            self._alerted(alert.msisdn)
            await self._queue.wake(alert.msisdn, self._clock.wall())
            self._answer(alert.dialogue, alert.invoke_id)
        self._flush()

    def _not_woken(self, alerts: list[_Alert], error: Exception) -> None:
        _log.error("alert_lost", count=len(alerts), error=str(error))
        for alert in alerts:
            self._fail(alert.dialogue, alert.invoke_id, ErrorCode.SYSTEM_FAILURE)
        self._flush()

    def _reject_message(self, invoked: map_primitives.Invoked, cause: FailureCause) -> None:
        self._refuse(
            invoked,
            ErrorCode.SM_DELIVERY_FAILURE,
            SmDeliveryFailureCause(sm_enumerated_delivery_failure_cause=cause),
        )

    def _refuse(
        self,
        invoked: map_primitives.Invoked,
        code: ErrorCode,
        parameter: SmDeliveryFailureCause | None = None,
    ) -> None:
        self._metrics.count("mobile_originated", code.name)
        self._fail(invoked.dialogue, invoked.invoke_id, code, parameter)

    def _answer(self, dialogue: int, invoke_id: int) -> None:
        if dialogue in self._dialogues:
            self._map.result(dialogue, invoke_id, None, self._clock.monotonic())
            self._answered(dialogue)

    def _fail(
        self,
        dialogue: int,
        invoke_id: int,
        code: ErrorCode,
        parameter: SmDeliveryFailureCause | None = None,
    ) -> None:
        if dialogue in self._dialogues:
            now = self._clock.monotonic()
            self._map.error(dialogue, invoke_id, code, now, parameter=parameter)
            self._answered(dialogue)

    def _answered(self, dialogue: int) -> None:
        self._dialogues[dialogue].unanswered -= 1
        self._close_if_answered(dialogue)

    def _close_if_answered(self, dialogue: int) -> None:
        state = self._dialogues[dialogue]
        if state.our_turn and not state.unanswered:
            del self._dialogues[dialogue]
            self._map.close(dialogue, self._clock.monotonic())


def _identity(msisdn: str, submit: SmsSubmit) -> str:
    """Return what a repetition shares with the first one, TS 23.040 9.2.3.25 (TP-RD).

    The same TP-MR and TP-DA from the same handset are the same message.
    """
    destination = submit.destination_address.digits
    text = crc32(submit.user_data.payload)
    return f"mo:{msisdn}:{destination}:{submit.message_reference}:{text:08x}"


def _deliver_sm(msisdn: str, submit: SmsSubmit) -> bytes:
    """Return the encoded deliver_sm of a message from a handset, without a sequence number."""
    destination = submit.destination_address
    return codec.encode(
        DeliverSm(
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr=msisdn.encode(),
            dest_addr_ton=destination.ton,
            dest_addr_npi=destination.npi,
            destination_addr=destination.digits.encode("latin-1", "replace"),
            protocol_id=submit.protocol_identifier,
            **content(submit.user_data),
        )
    )
