"""The simulator as a MAP service user: it serves what peers begin, and begins what roles want."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

import structlog

from hlr_sim.config import HlrSimConfig
from hlr_sim.faults import Target
from hlr_sim.lab import Lab
from hlr_sim.outgoing import Begun
from hlr_sim.primitives import Dialogue, Outgoing, Reply
from telecom.numbering.operators import Operator
from telecom.ss7.map.declarations import Sequence
from telecom.ss7.map.dialogues import Dialogues
from telecom.ss7.map.errors import ErrorCode, MapError
from telecom.ss7.map.messages import (
    ForwardSmArg,
    MtForwardSmArg,
    NoteSubscriberPresentArg,
    ReadyForSmArg,
    ReportSmDeliveryStatusArg,
    RoutingInfoForSmArg,
)
from telecom.ss7.map.primitives import (
    Aborted,
    Closed,
    Delimited,
    Invoked,
    MapIndication,
    Opened,
    Rejected,
    Undeliverable,
)

_TARGETS: Final[dict[type[Sequence], Target]] = {
    RoutingInfoForSmArg: Target.SEND_ROUTING_INFO_FOR_SM,
    MtForwardSmArg: Target.MT_FORWARD_SM,
    ForwardSmArg: Target.MT_FORWARD_SM,
    ReportSmDeliveryStatusArg: Target.REPORT_SM_DELIVERY_STATUS,
    ReadyForSmArg: Target.READY_FOR_SM,
    NoteSubscriberPresentArg: Target.READY_FOR_SM,
}
_NOT_SUPPORTED: Final = Reply(error=ErrorCode.FACILITY_NOT_SUPPORTED)
_SYSTEM_FAILURE: Final = Reply(error=ErrorCode.SYSTEM_FAILURE)
_NO_ANSWER: Final = Reply(silent=True)

_log = structlog.get_logger("hlr_sim.node")


class Node:
    """Joins the lab's roles to the MAP service provider of an SS7 node; no I/O."""

    def __init__(
        self, operators: tuple[Operator, ...], config: HlrSimConfig, provider: Dialogues
    ) -> None:
        self.lab = Lab(operators, config, send=self._begin)
        self._map = provider
        self._served: dict[int, Dialogue] = {}
        self._handlers: dict[type[Any], Callable[[Any, float], None]] = {
            Opened: self._opened,
            Invoked: self._invoked,
            Delimited: self._delimited,
            Rejected: self._rejected,
            Closed: self._ended,
            Aborted: self._ended,
            Undeliverable: self._undeliverable,
        }

    def __len__(self) -> int:
        """Return how many dialogues that peers began are under way."""
        return len(self._served)

    def handle(self, indications: Iterable[MapIndication], now: float) -> None:
        """Take what the MAP service provider indicates; answers are queued with it."""
        handlers = self._handlers
        for indication in indications:
            if indication.reference is not None:
                indication.reference.handle(indication, now)
            else:
                handlers[type(indication)](indication, now)

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        self.lab.timers.run(now)

    def next_timer(self) -> float | None:
        """Return when the next thing is due."""
        return self.lab.timers.next_at()

    def _opened(self, opened: Opened, now: float) -> None:
        operations = self.lab.operations_at(opened.called)
        if operations is None:
            self._map.refuse(opened.dialogue, now)
            return
        self._served[opened.dialogue] = Dialogue(
            id=opened.dialogue,
            version=opened.context.version,
            called=opened.called.digits,
            calling=opened.calling.digits,
            operations=operations,
            pending=[],
        )

    def _invoked(self, invoked: Invoked, now: float) -> None:
        dialogue = self._served.get(invoked.dialogue)
        if dialogue is None:
            return
        kind = type(invoked.argument)
        reply = self._faulty_reply(dialogue, kind) if self.lab.faults.rows else None
        if reply is None:
            reply = self._reply(dialogue, invoked.argument, now)
        dialogue.pending.append((invoked.invoke_id, reply))

    def _reply(self, dialogue: Dialogue, argument: Sequence, now: float) -> Reply:
        operation = dialogue.operations.get(type(argument))
        if operation is None:
            return _NOT_SUPPORTED
        try:
            return operation(dialogue, argument, now)
        except Exception:  # noqa: BLE001 - the peer needs an answer, and other peers theirs
            _log.exception("operation_failed", operation=type(argument).__name__)
            return _SYSTEM_FAILURE

    def _faulty_reply(self, dialogue: Dialogue, kind: type[Sequence]) -> Reply | None:
        """Return what a fault puts in the answer's place; a delay is noted in the dialogue."""
        target = _TARGETS.get(kind)
        fault = self.lab.faults.draw(target) if target is not None else None
        if fault is None:
            return None
        dialogue.delay = max(dialogue.delay, fault.delay)
        if fault.silent:
            return _NO_ANSWER
        return Reply(error=fault.error) if fault.error is not None else None

    def _rejected(self, rejected: Rejected, _now: float) -> None:
        """Leave a bad component to its reject, which our next message takes along."""
        dialogue = self._served.get(rejected.dialogue)
        if dialogue is not None:
            dialogue.continued = True

    def _delimited(self, delimited: Delimited, now: float) -> None:
        dialogue = self._served.get(delimited.dialogue)
        if dialogue is None:
            return
        if dialogue.delay:
            self.lab.timers.at(now + dialogue.delay, partial(self._answer_late, dialogue))
        else:
            self._answer(dialogue, now)

    def _answer_late(self, dialogue: Dialogue, now: float) -> None:
        if self._served.get(dialogue.id) is dialogue:
            self._answer(dialogue, now)

    def _answer(self, dialogue: Dialogue, now: float) -> None:
        """Send the replies, and keep the dialogue open for a peer that has more to say.

        An empty TC-BEGIN is answered by an empty TC-CONTINUE, once (TS 29.002 23.3).
        """
        provider, identity = self._map, dialogue.id
        responding = None if dialogue.continued else dialogue.responding
        stays = not dialogue.pending and not dialogue.continued
        for invoke_id, reply in dialogue.pending:
            if reply.silent:
                self._served.pop(identity)
                provider.close(identity, now, prearranged=True)
                return
            if reply.inform is not None:
                provider.invoke(identity, reply.inform, now)
            if reply.error is None:
                provider.result(identity, invoke_id, reply.result, now)
            else:
                provider.error(identity, invoke_id, reply.error, now, parameter=reply.parameter)
            stays = reply.more
        if stays:
            dialogue.pending.clear()
            dialogue.delay = 0.0
            dialogue.continued = True
            provider.delimit(identity, now, responding=responding)
        else:
            self._served.pop(identity)
            provider.close(identity, now, responding=responding)

    def _ended(self, ended: Closed | Aborted, _now: float) -> None:
        self._served.pop(ended.dialogue, None)

    def _undeliverable(self, notice: Undeliverable, now: float) -> None:
        """Give up a dialogue whose peer our answer did not reach."""
        if self._served.pop(notice.dialogue, None) is not None:
            self._map.close(notice.dialogue, now, prearranged=True)

    def _begin(self, outgoing: Outgoing, now: float) -> None:
        try:
            self._map.open(
                outgoing.context,
                called=outgoing.called,
                calling=outgoing.calling,
                now=now,
                invoke=outgoing.argument,
                fallback=True,
                reference=Begun(outgoing, self._map),
            )
        except MapError as error:
            _log.warning("dialogue_not_begun", reason=str(error))
            outgoing.done(str(error), now)
