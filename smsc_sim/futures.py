"""What becomes of messages: their way through the states of SMPP 3.4 5.2.28, and who is told."""

from collections.abc import Callable
from functools import partial
from random import Random
from string import Template
from typing import Final

from smsc_sim.actions import DeliverWith
from smsc_sim.deliveries import Deliveries
from smsc_sim.draws import drawn
from smsc_sim.matching import text_of
from smsc_sim.messages import Messages, StoredMessage
from smsc_sim.mo import MoMessage, mo_pdus
from smsc_sim.receipts import (
    ACKNOWLEDGEMENTS,
    acknowledgement_pdu,
    is_asked_for,
    is_notification_asked_for,
    receipt_pdu,
)
from telecom.runtime.timers import Timers
from telecom.smpp.pdus import AlertNotification, BroadcastSm, DataSm
from telecom.sms.receipt import MessageState

_LONGEST_QUOTATION: Final = 2000
"""Characters of a message that a reply repeats."""
_NOT_DELIVERED: Final = 1
"""error_code of a message that was not delivered; 0 of one that was."""


class Futures:
    """Moves messages on when their time has come; all that is drawn is drawn at the submit."""

    def __init__(self, timers: Timers, messages: Messages, deliveries: Deliveries) -> None:
        self._timers = timers
        self._messages = messages
        self._deliveries = deliveries
        self._era = 0

    def forget_all(self) -> None:
        """Do nothing any more of what was to be done up to now."""
        self._era += 1

    def begin(self, message: StoredMessage, now: float, random: Random) -> None:
        """Set the times of a message that has been accepted, or replaced."""
        message.plan += 1
        receipt = message.action.receipt
        start = max(now, message.scheduled_at or now)
        for notification in receipt.intermediate:
            at = start + drawn(notification.delay, random)
            self._plan(at, message, partial(self._notify, message, notification.state))
        ends_at, state = start + drawn(receipt.delay, random), receipt.state
        if message.expires_at is not None and (state is None or ends_at > message.expires_at):
            ends_at, state = message.expires_at, MessageState.EXPIRED
        if receipt.early and state is not None:
            self.end(message, state, now)
        elif state is not None:
            self._plan(ends_at, message, partial(self.end, message, state))
        self._answer_of_the_number(message, start, random)

    def end(self, message: StoredMessage, state: MessageState, now: float) -> None:
        """Put a message into its final state, and tell who wants to know."""
        self._settle(message, state, now)
        registered = _registered_delivery(message)
        if message.action.receipt.unasked or is_asked_for(registered, state):
            self.tell(message, state, now)
        if state is MessageState.DELIVRD:
            for bit, esm_class in ACKNOWLEDGEMENTS.items():
                if registered & bit:
                    self._deliveries.send(message.account, acknowledgement_pdu(message, esm_class))

    def tell_now(
        self, message: StoredMessage, state: MessageState, now: float, *, final: bool
    ) -> None:
        """Send a receipt of a state, whoever has asked for it; a `final` one is the end."""
        if final:
            self._settle(message, state, now)
        self._deliveries.send(message.account, receipt_pdu(message, state, now))

    def _settle(self, message: StoredMessage, state: MessageState, now: float) -> None:
        message.plan += 1
        message.state = state
        message.final_at = now
        message.error_code = 0 if state is MessageState.DELIVRD else _NOT_DELIVERED
        self._messages.ended(message)

    def tell(self, message: StoredMessage, state: MessageState, now: float) -> None:
        """Send the receipt of a state, in the way and as often as the message's plan has it."""
        receipt = message.action.receipt
        pdu = receipt_pdu(message, state, now)
        for _ in range(receipt.times):
            if receipt.reverse:
                self._deliveries.send_reversed(
                    message.account, pdu, among=receipt.reverse, within=receipt.reverse_within
                )
            else:
                self._deliveries.send(message.account, pdu)

    def _notify(self, message: StoredMessage, state: MessageState, now: float) -> None:
        message.state = state
        wanted = is_notification_asked_for(_registered_delivery(message))
        if wanted or message.action.receipt.unasked:
            pdu = receipt_pdu(message, state, now, intermediate=True)
            self._deliveries.send(message.account, pdu)

    def _answer_of_the_number(self, message: StoredMessage, start: float, random: Random) -> None:
        """Have the number reply, or be reported available, where the action says so."""
        action, request = message.action, message.request
        if isinstance(request, BroadcastSm):
            return
        if action.reply is not None:
            at = start + drawn(action.reply.delay, random)
            said = (text_of(request) or "")[:_LONGEST_QUOTATION]
            text = Template(action.reply.text).safe_substitute(text=said)
            self._at(at, lambda _: self._reply(message, text))
        if action.alert is not None:
            at = start + drawn(action.alert.delay, random)
            alert = AlertNotification(
                source_addr_ton=request.dest_addr_ton,
                source_addr_npi=request.dest_addr_npi,
                source_addr=request.destination_addr,
                esme_addr_ton=request.source_addr_ton,
                esme_addr_npi=request.source_addr_npi,
                esme_addr=request.source_addr,
            )
            self._at(at, lambda _: self._deliveries.send(message.account, alert))

    def _reply(self, message: StoredMessage, text: str) -> None:
        request = message.request
        if isinstance(request, BroadcastSm):
            return
        # not validated: whatever addresses the message had, they go back as they came
        reply = MoMessage.model_construct(
            account=message.account,
            source=message.destination,
            source_ton=request.dest_addr_ton,
            source_npi=request.dest_addr_npi,
            destination=message.source,
            destination_ton=request.source_addr_ton,
            destination_npi=request.source_addr_npi,
            text=text,
            pdu=DeliverWith.DATA_SM if isinstance(request, DataSm) else DeliverWith.DELIVER_SM,
        )
        for pdu in mo_pdus(reply, message.number):
            self._deliveries.send(message.account, pdu)

    def _plan(self, due: float, message: StoredMessage, act: Callable[[float], None]) -> None:
        """Do something for a message, unless its future is made anew before."""
        plan = message.plan
        self._at(due, lambda now: act(now) if message.plan == plan else None)

    def _at(self, due: float, act: Callable[[float], None]) -> None:
        era = self._era
        self._timers.at(due, lambda now: act(now) if self._era == era else None)


def _registered_delivery(message: StoredMessage) -> int:
    """Return what was asked for; a broadcast asks for nothing."""
    return getattr(message.request, "registered_delivery", 0)
