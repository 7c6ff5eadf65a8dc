"""The transaction and dialogue sublayers of TCAP, Q.774 3.2 and 3.3, without I/O.

Requests of the user are calls; what the peer sends comes back as indications. What is to be sent
leaves at once, through the callable that the engine was made with; it must not call back.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from telecom.ss7.ber import ObjectIdentifier
from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.sccp.primitives import NNotice, NUnitdata
from telecom.ss7.tcap.codec import decode_message, encode_message, read_transaction_ids
from telecom.ss7.tcap.dialogue import Dialogue, UserInformation, refusal, request
from telecom.ss7.tcap.errors import LocalError, TooManyDialogues, TransactionPortionError
from telecom.ss7.tcap.invocations import TimerKey
from telecom.ss7.tcap.messages import (
    Abort,
    AbortSource,
    Begin,
    Continue,
    DialogueAbort,
    DialoguePortion,
    DialogueRequest,
    DialogueResponse,
    End,
    Message,
    Unidirectional,
)
from telecom.ss7.tcap.primitives import (
    AbortReason,
    Component,
    PAbortCause,
    TcBegin,
    TcContinue,
    TcEnd,
    TcIndication,
    TcLCancel,
    TcNotice,
    TcPAbort,
)
from telecom.ss7.tcap.states import TRANSITIONS, Input, State
from telecom.ss7.tcap.timers import TimerBuckets

MAX_DIALOGUES: Final = 100_000
IDLE_TIMEOUT: Final = 120.0
"""Seconds without a message and without an invoke timer, after which a dialogue is given up."""

_DRAWS: Final = 64
_ABNORMAL: Final = DialogueAbort(AbortSource.DIALOGUE_SERVICE_PROVIDER)


class Transactions:
    """TCAP of one node: every dialogue that it has with any peer.

    `transaction_ids` yields integers of 32 bits, which must be unpredictable: who can guess one
    can write into the dialogue. Of `max_dialogues` at most `max_peer_dialogues` may be begun by
    peers; the oldest of these is given up for one more, so that peers who begin dialogues and leave
    them keep nobody out.
    """

    def __init__(
        self,
        unitdata: Callable[[NUnitdata, float], None],
        *,
        transaction_ids: Iterator[int],
        max_dialogues: int = MAX_DIALOGUES,
        max_peer_dialogues: int = MAX_DIALOGUES // 2,
        idle_timeout: float = IDLE_TIMEOUT,
    ) -> None:
        self._unitdata = unitdata
        self._transaction_ids = transaction_ids
        self._max_dialogues = max_dialogues
        self._max_peer_dialogues = max_peer_dialogues
        self._idle_timeout = idle_timeout
        self._dialogues: dict[int, Dialogue] = {}
        self._by_peers: OrderedDict[int, Dialogue] = OrderedDict()  # the oldest is soon found
        self._timers: TimerBuckets[TimerKey] = TimerBuckets()
        self._handlers: dict[
            type[Message], Callable[[Any, NUnitdata, float], list[TcIndication]]
        ] = {
            Begin: self._receive_begin,
            Continue: self._receive_continue,
            End: self._receive_end,
            Abort: self._receive_abort,
            Unidirectional: self._receive_unidirectional,
        }

    def __len__(self) -> int:
        return len(self._dialogues)

    def begin(
        self,
        *,
        called: SccpAddress,
        calling: SccpAddress,
        now: float,
        application_context: ObjectIdentifier | None = None,
        user_information: UserInformation = (),
        components: tuple[Component, ...] = (),
    ) -> int:
        """TC-BEGIN request: send a Begin; returns the dialogue's number.

        Without an application context there is no dialogue portion. Raises `TooManyDialogues`,
        and `LocalError` for components that cannot be sent.
        """
        portion = request(application_context, user_information)
        number = self._draw_transaction_id()
        if number is None:
            raise TooManyDialogues(f"{len(self._dialogues)} dialogues are open")
        dialogue = Dialogue(
            number,
            TRANSITIONS[State.IDLE, Input.BEGIN_REQUEST],
            local=calling,
            remote=called,
            application_context=application_context,
            timers=self._timers,
            now=now,
        )
        outgoing = dialogue.outgoing(components)
        self._send(dialogue, Begin(dialogue.otid, portion, outgoing), now)
        dialogue.sent(components, now)
        self._open(dialogue, now)
        return number

    def continue_(
        self,
        number: int,
        now: float,
        *,
        components: tuple[Component, ...] = (),
        application_context: ObjectIdentifier | None = None,
        user_information: UserInformation = (),
        calling: SccpAddress | None = None,
    ) -> None:
        """TC-CONTINUE request; the first one accepts the dialogue.

        Only that one can name another application context, carry user information and give the
        address to answer from. Raises `LocalError`.
        """
        dialogue = self._find(number)
        state = dialogue.after(Input.CONTINUE_REQUEST)
        portion = dialogue.response(application_context, user_information)
        outgoing = dialogue.outgoing(components)
        dialogue.answer_from(calling)
        message = Continue(dialogue.otid, dialogue.peer_tid, portion, outgoing)
        self._send(dialogue, message, now)
        dialogue.sent(components, now)
        dialogue.state = state

    def end(
        self,
        number: int,
        now: float,
        *,
        components: tuple[Component, ...] = (),
        application_context: ObjectIdentifier | None = None,
        user_information: UserInformation = (),
        calling: SccpAddress | None = None,
    ) -> None:
        """TC-END request, basic: send an End with what `continue_` would send; it is the last."""
        dialogue = self._find(number)
        dialogue.after(Input.END_REQUEST)
        portion = dialogue.response(application_context, user_information)
        outgoing = dialogue.outgoing(components)
        dialogue.answer_from(calling)
        self._close(dialogue)
        self._send(dialogue, End(dialogue.peer_tid, portion, outgoing), now)

    def end_prearranged(self, number: int) -> None:
        """TC-END request, prearranged: the dialogue is no more here, and nothing is sent."""
        dialogue = self._find(number)
        dialogue.after(Input.PREARRANGED_END)
        self._close(dialogue)

    def abort(
        self,
        number: int,
        now: float,
        *,
        reason: AbortReason = AbortReason.USER_SPECIFIC,
        application_context: ObjectIdentifier | None = None,
        user_information: UserInformation = (),
    ) -> None:
        """TC-U-ABORT request; nothing is sent where the peer has not answered yet.

        A dialogue that the peer has just begun is refused by the other reasons, which may name
        an application context that is supported.
        """
        dialogue = self._find(number)
        dialogue.after(Input.ABORT_REQUEST)
        self._close(dialogue)
        if dialogue.peer_tid:
            portion = dialogue.abort(reason, application_context, user_information)
            self._send(dialogue, Abort(dialogue.peer_tid, None, portion), now)

    def cancel(self, number: int, invoke_id: int) -> None:
        """TC-U-CANCEL request: wait no longer for the outcome of an operation of ours."""
        self._find(number).invocations.end(invoke_id)

    def handle_unitdata(self, unitdata: NUnitdata, now: float) -> list[TcIndication]:
        """Take a message of a peer's."""
        try:
            message = decode_message(unitdata.data)
        except TransactionPortionError as error:
            return self._receive_broken(error, unitdata, now)
        return self._handlers[type(message)](message, unitdata, now)

    def handle_notice(self, notice: NNotice) -> list[TcIndication]:
        """Take a message of ours that came back; those that no dialogue waits for say nothing."""
        otid, _ = read_transaction_ids(notice.data)
        dialogue = self._dialogues.get(int.from_bytes(otid, "big")) if otid else None
        return [TcNotice(dialogue.number, notice.called, notice.cause)] if dialogue else []

    def next_timer(self) -> float | None:
        """When `handle_timer` is to be called next, if at all."""
        return self._timers.next_due()

    def handle_timer(self, now: float) -> list[TcIndication]:
        """Report the invoke timers that ran out, and give up the dialogues that are idle."""
        indications: list[TcIndication] = []
        for number, invoke_id in self._timers.expire(now):
            dialogue = self._dialogues[number]
            if invoke_id is not None:
                dialogue.invocations.end(invoke_id)
                dialogue.active_at = now
                indications.append(TcLCancel(number, invoke_id))
            elif dialogue.invocations.timed or now < dialogue.active_at + self._idle_timeout:
                self._guard(dialogue, now)
            else:
                indications.append(self._give_up(dialogue, now))
        return indications

    def _give_up(self, dialogue: Dialogue, now: float) -> TcPAbort:
        self._close(dialogue)
        if dialogue.peer_tid:
            message = Abort(dialogue.peer_tid, PAbortCause.RESOURCE_LIMITATION)
            self._send(dialogue, message, now)
        return TcPAbort(dialogue.number, PAbortCause.IDLE, by_peer=False)

    def _receive_begin(self, message: Begin, unitdata: NUnitdata, now: float) -> list[TcIndication]:
        if (answer := refusal(message.dialogue)) is not None:
            self._answer_abort(unitdata, Abort(message.otid, dialogue=answer), now)
            return []
        indications: list[TcIndication] = []
        if len(self._by_peers) >= self._max_peer_dialogues:
            oldest = next(iter(self._by_peers.values()))
            indications.append(self._give_up(oldest, now))
        number = self._draw_transaction_id()
        if number is None:
            cause = PAbortCause.RESOURCE_LIMITATION
            self._answer_abort(unitdata, Abort(message.otid, cause), now)
            return indications
        context, information = _context(message.dialogue)
        dialogue = Dialogue(
            number,
            TRANSITIONS[State.IDLE, Input.BEGIN],
            local=unitdata.called,
            remote=unitdata.calling,
            application_context=context,
            timers=self._timers,
            now=now,
        )
        dialogue.peer_tid = message.otid
        self._open(dialogue, now)
        components = dialogue.invocations.receive(message.components)
        called, calling = unitdata.called, unitdata.calling
        indications.append(TcBegin(number, called, calling, context, information, components))
        return indications

    def _receive_continue(
        self, message: Continue, unitdata: NUnitdata, now: float
    ) -> list[TcIndication]:
        dialogue = self._named(message.dtid, Input.CONTINUE)
        if dialogue is None:
            cause = PAbortCause.UNRECOGNIZED_TRANSACTION_ID
            self._answer_abort(unitdata, Abort(message.otid, cause), now)
            return []
        if not dialogue.expects(message.dialogue):
            self._answer_abort(unitdata, Abort(message.otid, dialogue=_ABNORMAL), now)
            return [self._abandon(dialogue, PAbortCause.ABNORMAL_DIALOGUE)]
        first = dialogue.state is State.INITIATION_SENT
        if first:
            dialogue.peer_tid = message.otid
            dialogue.remote = unitdata.calling
        dialogue.state = TRANSITIONS[dialogue.state, Input.CONTINUE]
        dialogue.active_at = now
        context, information = _context(message.dialogue)
        components = dialogue.invocations.receive(message.components)
        number = dialogue.number
        return [TcContinue(number, unitdata.calling, first, context, information, components)]

    def _receive_end(self, message: End, unitdata: NUnitdata, _now: float) -> list[TcIndication]:
        dialogue = self._named(message.dtid, Input.END)
        if dialogue is None:
            return []
        if not dialogue.expects(message.dialogue):
            return [self._abandon(dialogue, PAbortCause.ABNORMAL_DIALOGUE)]
        first = dialogue.state is State.INITIATION_SENT
        context, information = _context(message.dialogue)
        components = dialogue.invocations.receive(message.components)
        self._close(dialogue)
        number = dialogue.number
        return [TcEnd(number, unitdata.calling, first, context, information, components)]

    def _receive_abort(
        self, message: Abort, unitdata: NUnitdata, _now: float
    ) -> list[TcIndication]:
        dialogue = self._named(message.dtid, Input.ABORT)
        if dialogue is None:
            return []
        self._close(dialogue)
        return [dialogue.aborted(message, unitdata.calling)]

    def _receive_unidirectional(
        self, _message: Unidirectional, _unitdata: NUnitdata, _now: float
    ) -> list[TcIndication]:
        """No user of ours takes messages without a dialogue, and there is nobody to answer."""
        return []

    def _receive_broken(
        self, error: TransactionPortionError, unitdata: NUnitdata, now: float
    ) -> list[TcIndication]:
        """Tell the peer if it can be told, and the user if a dialogue is hit, Q.774 3.3.4."""
        if error.otid is not None:
            self._answer_abort(unitdata, Abort(error.otid, error.cause), now)
        dialogue = self._named(error.dtid, Input.ABORT) if error.dtid is not None else None
        return [] if dialogue is None else [self._abandon(dialogue, error.cause)]

    def _abandon(self, dialogue: Dialogue, cause: int) -> TcPAbort:
        self._close(dialogue)
        return TcPAbort(dialogue.number, cause, by_peer=False)

    def _find(self, number: int) -> Dialogue:
        dialogue = self._dialogues.get(number)
        if dialogue is None:
            raise LocalError(f"no dialogue has the number {number}")
        return dialogue

    def _named(self, dtid: bytes, received: Input) -> Dialogue | None:
        """Return the dialogue that a peer names, if it may: one that it has no id of has none."""
        dialogue = self._dialogues.get(int.from_bytes(dtid, "big"))
        if dialogue is None or dtid != dialogue.otid:
            return None
        return dialogue if (dialogue.state, received) in TRANSITIONS else None

    def _draw_transaction_id(self) -> int | None:
        """Return an id that is free, or None where no dialogue more can be kept."""
        if len(self._dialogues) >= self._max_dialogues:
            return None
        for number in islice(self._transaction_ids, _DRAWS):
            if number not in self._dialogues:
                return number
        return None

    def _open(self, dialogue: Dialogue, now: float) -> None:
        self._dialogues[dialogue.number] = dialogue
        if dialogue.by_peer:
            self._by_peers[dialogue.number] = dialogue
        self._guard(dialogue, now)

    def _guard(self, dialogue: Dialogue, now: float) -> None:
        """Look again when the dialogue may have been idle for too long: messages arm nothing."""
        due = dialogue.active_at + self._idle_timeout
        if due <= now:
            due = now + self._idle_timeout
        dialogue.idle_tick = self._timers.arm((dialogue.number, None), due)

    def _close(self, dialogue: Dialogue) -> None:
        del self._dialogues[dialogue.number]
        self._by_peers.pop(dialogue.number, None)
        self._timers.cancel((dialogue.number, None), dialogue.idle_tick)
        dialogue.invocations.end_all()

    def _send(self, dialogue: Dialogue, message: Message, now: float) -> None:
        octets = encode_message(message)
        self._unitdata(NUnitdata(dialogue.remote, dialogue.local, octets), now)

    def _answer_abort(self, unitdata: NUnitdata, message: Abort, now: float) -> None:
        answer = NUnitdata(unitdata.calling, unitdata.called, encode_message(message))
        self._unitdata(answer, now)


def _context(
    portion: DialoguePortion | None,
) -> tuple[ObjectIdentifier | None, UserInformation]:
    """Return what a dialogue portion that was found in order says to the user."""
    if isinstance(portion, DialogueRequest | DialogueResponse):
        return portion.application_context, portion.user_information
    return None, ()
