"""The MAP service provider, 3GPP TS 29.002 7.3, 14 and 15, without I/O.

Requests of our users are calls; what peers do comes back as indications. Each user gives a
`reference` when it opens a dialogue, and gets it back with every indication.
"""

from collections.abc import Callable, Collection
from typing import Any, Final

from telecom.ss7.map import endings, user_information
from telecom.ss7.map.acceptance import Refusal, judge
from telecom.ss7.map.components import receive
from telecom.ss7.map.contexts import CONTEXTS, ApplicationContext
from telecom.ss7.map.declarations import Sequence
from telecom.ss7.map.dialogue import Dialogue, Opening
from telecom.ss7.map.dialogue_pdus import ProviderAbortReason
from telecom.ss7.map.errors import LocalError, TooManyDialogues
from telecom.ss7.map.handshake import needs_handshake
from telecom.ss7.map.messages import AddressString
from telecom.ss7.map.primitives import (
    Aborted,
    AbortReason,
    Accepted,
    Closed,
    Delimited,
    MapIndication,
    Opened,
    Refused,
    RefuseReason,
    Returned,
    TimedOut,
    Undeliverable,
)
from telecom.ss7.map.states import TRANSITIONS, Input, State
from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.tcap import errors as tcap_errors
from telecom.ss7.tcap import primitives as tc
from telecom.ss7.tcap.transactions import Transactions

_VERSION_REASONS: Final = (
    RefuseReason.APPLICATION_CONTEXT_NOT_SUPPORTED,
    RefuseReason.POTENTIAL_VERSION_INCOMPATIBILITY,
)


class Dialogues:
    """MAP of one node: every dialogue that it has with any peer, on top of its TCAP.

    A request for a dialogue that is over does nothing: the peer may have ended it an indication
    ago. Requests raise `LocalError` where they break a rule; then nothing was sent.
    """

    def __init__(
        self,
        transactions: Transactions,
        *,
        contexts: Collection[ApplicationContext] = CONTEXTS,
    ) -> None:
        self._transactions = transactions
        self._contexts = frozenset(contexts)
        self._by_id: dict[int, Dialogue] = {}
        self._by_number: dict[int, Dialogue] = {}
        self._last_id = 0
        self._handlers: dict[type[tc.TcIndication], Callable[[Any, float], list[MapIndication]]] = {
            tc.TcBegin: self._handle_begin,
            tc.TcContinue: self._handle_continue,
            tc.TcEnd: self._handle_end,
            tc.TcUAbort: self._handle_user_abort,
            tc.TcPAbort: self._handle_provider_abort,
            tc.TcNotice: self._handle_notice,
            tc.TcLCancel: self._handle_cancel,
        }

    def __len__(self) -> int:
        return len(self._by_id)

    def open(
        self,
        context: ApplicationContext,
        *,
        called: SccpAddress,
        calling: SccpAddress,
        now: float,
        invoke: Sequence | None = None,
        empty_begin: bool = False,
        fallback: bool = False,
        timeout: float | None = None,
        reference: Any = None,
        destination_reference: AddressString | None = None,
        origination_reference: AddressString | None = None,
    ) -> int:
        """MAP-OPEN, a service request and MAP-DELIMITER: begin a dialogue; returns its id.

        With `empty_begin`, or where operation and dialogue do not fit one message, the operation
        follows once the peer has accepted (TS 29.002 23.3). With `fallback` a refused version is
        followed by the one that is to be tried next, in the same dialogue as our user sees it.
        `timeout` is the operation's, in seconds. Raises `TooManyDialogues`, too.
        """
        opening = Opening(
            called,
            calling,
            invoke,
            empty_begin,
            fallback,
            timeout,
            destination_reference,
            origination_reference,
        )
        dialogue = Dialogue(
            self._last_id + 1, context, State.INITIATED, opening=opening, reference=reference
        )
        self._begin(dialogue, opening, now)
        return self._add(dialogue)

    def invoke(
        self, dialogue: int, argument: Sequence, _now: float, *, timeout: float | None = None
    ) -> int:
        """Request a service: it leaves with the next delimiter or close; returns the invoke id."""
        found = self._find(dialogue, Input.INVOKE_REQUEST)
        return 0 if found is None else found.invoke(argument, timeout)

    def result(self, dialogue: int, invoke_id: int, result: Sequence | None, _now: float) -> None:
        """Answer a service with its result: it leaves with the next delimiter or close."""
        found = self._find(dialogue, Input.RESPONSE_REQUEST)
        if found is not None:
            found.result(invoke_id, result)

    def error(
        self,
        dialogue: int,
        invoke_id: int,
        code: int,
        _now: float,
        parameter: Sequence | None = None,
    ) -> None:
        """Answer a service with a user error: it leaves with the next delimiter or close."""
        found = self._find(dialogue, Input.RESPONSE_REQUEST)
        if found is not None:
            found.error(invoke_id, code, parameter)

    def reject(
        self,
        dialogue: int,
        invoke_id: int,
        _now: float,
        *,
        problem: tc.Problem = tc.Problem.RESOURCE_LIMITATION,
    ) -> None:
        """Answer a service with a rejection: resource limitation or initiating release."""
        found = self._find(dialogue, Input.RESPONSE_REQUEST)
        if found is not None:
            found.reject(invoke_id, problem)

    def delimit(self, dialogue: int, now: float, *, responding: SccpAddress | None = None) -> None:
        """MAP-DELIMITER: send what is queued; the first one accepts the peer's dialogue.

        `responding` is for an acceptance alone: our address where it is not the one called (7.3.1).
        """
        found = self._find(dialogue, Input.DELIMITER_REQUEST)
        if found is not None:
            found.state = State.ESTABLISHED
            self._transactions.continue_(
                found.number, now, components=found.take_outgoing(), calling=responding
            )

    def close(
        self,
        dialogue: int,
        now: float,
        *,
        prearranged: bool = False,
        responding: SccpAddress | None = None,
    ) -> None:
        """MAP-CLOSE: send what is queued as the last message, or with `prearranged` nothing.

        A dialogue that the peer has not answered ends without a message, too (16.1.2.5).
        `responding` is as in `delimit`.
        """
        found = self._find(dialogue, Input.CLOSE_REQUEST)
        if found is None:
            return
        self._remove(found)
        if prearranged or found.state is State.INITIATED:
            self._transactions.end_prearranged(found.number)
        else:
            self._transactions.end(
                found.number, now, components=found.take_outgoing(), calling=responding
            )

    def abort(
        self,
        dialogue: int,
        now: float,
        *,
        reason: AbortReason = AbortReason.USER_SPECIFIC,
        diagnostic: int = 0,
    ) -> None:
        """MAP-U-ABORT; `diagnostic` says more of the reasons that have one (17.4)."""
        found = self._find(dialogue, Input.ABORT_REQUEST)
        if found is not None:
            information = user_information.user_abort(reason, diagnostic, found.context.version)
            self._remove(found)
            self._transactions.abort(found.number, now, user_information=information)

    def refuse(
        self,
        dialogue: int,
        now: float,
        *,
        reason: RefuseReason = RefuseReason.NO_REASON_GIVEN,
        alternative: ApplicationContext | None = None,
    ) -> None:
        """MAP-OPEN response with result refused; an alternative is a context to try instead."""
        found = self._find(dialogue, Input.REFUSE_REQUEST)
        if found is None:
            return
        self._remove(found)
        if reason is RefuseReason.APPLICATION_CONTEXT_NOT_SUPPORTED:
            refusal = Refusal(
                tc.AbortReason.APPLICATION_CONTEXT_NOT_SUPPORTED,
                alternative.oid if alternative else None,
            )
        else:
            information = user_information.refusal(reason, alternative, found.context.version)
            refusal = Refusal(tc.AbortReason.DIALOGUE_REFUSED, user_information=information)
        self._refuse(found.number, refusal, now)

    def handle(self, indication: tc.TcIndication, now: float) -> list[MapIndication]:
        """Take an indication of TCAP's."""
        return self._handlers[type(indication)](indication, now)

    def _begin(self, dialogue: Dialogue, opening: Opening, now: float) -> None:
        """Send the Begin of a dialogue of ours in its present context."""
        context = dialogue.context
        if opening.argument is not None:
            dialogue.invoke(opening.argument, opening.timeout)
        elif context.version == 1:
            raise LocalError("a version 1 dialogue begins with an operation")
        information = user_information.opening(
            opening.destination_reference, opening.origination_reference, context.version
        )
        dialogue.handshake = needs_handshake(dialogue, opening, information)
        try:
            dialogue.number = self._transactions.begin(
                called=opening.called,
                calling=opening.calling,
                now=now,
                application_context=None if context.version == 1 else context.oid,
                user_information=() if context.version == 1 else information,
                components=() if dialogue.handshake else dialogue.take_outgoing(),
            )
        except tcap_errors.TooManyDialogues as error:
            raise TooManyDialogues(str(error)) from error

    def _add(self, dialogue: Dialogue) -> int:
        self._last_id = max(self._last_id, dialogue.id)
        self._by_id[dialogue.id] = dialogue
        self._by_number[dialogue.number] = dialogue
        return dialogue.id

    def _remove(self, dialogue: Dialogue) -> None:
        del self._by_id[dialogue.id]
        del self._by_number[dialogue.number]

    def _find(self, identity: int, request: Input) -> Dialogue | None:
        """Return a dialogue that may get this request; None where it is over."""
        dialogue = self._by_id.get(identity)
        if dialogue is None:
            if 0 < identity <= self._last_id:
                return None
            raise LocalError(f"there never was a dialogue {identity}")
        dialogue.after(request)
        return dialogue

    def _refuse(self, number: int, refusal: Refusal, now: float) -> None:
        self._transactions.abort(
            number,
            now,
            reason=refusal.reason,
            application_context=refusal.application_context,
            user_information=refusal.user_information,
        )

    def _handle_begin(self, begin: tc.TcBegin, now: float) -> list[MapIndication]:
        verdict = judge(begin, self._contexts)
        if isinstance(verdict, Refusal):
            self._refuse(begin.dialogue, verdict, now)
            return []
        dialogue = Dialogue(self._last_id + 1, verdict.context, State.PENDING)
        dialogue.number = begin.dialogue
        self._add(dialogue)
        opened = Opened(
            dialogue.id,
            verdict.context,
            begin.called,
            begin.calling,
            verdict.references.destination_reference,
            verdict.references.origination_reference,
        )
        return [opened, *_components(dialogue, begin.components), Delimited(dialogue.id)]

    def _handle_continue(self, message: tc.TcContinue, now: float) -> list[MapIndication]:
        dialogue = self._by_number[message.dialogue]
        if not _is_answer(dialogue, message):
            information = user_information.provider_abort(
                ProviderAbortReason.ABNORMAL_DIALOGUE, dialogue.context.version
            )
            self._transactions.abort(dialogue.number, now, user_information=information)
            self._remove(dialogue)
            return [endings.abnormal(dialogue)]
        indications = _received(dialogue, message)
        dialogue.state = TRANSITIONS[dialogue.state, Input.CONTINUE]
        if dialogue.handshake:
            dialogue.handshake = False
            self.delimit(dialogue.id, now)
        else:
            indications.append(Delimited(dialogue.id, dialogue.reference))
        return indications

    def _handle_end(self, message: tc.TcEnd, _now: float) -> list[MapIndication]:
        dialogue = self._by_number[message.dialogue]
        self._remove(dialogue)
        if not _is_answer(dialogue, message):
            return [endings.abnormal(dialogue)]
        return [*_received(dialogue, message), Closed(dialogue.id, dialogue.reference)]

    def _handle_user_abort(self, abort: tc.TcUAbort, now: float) -> list[MapIndication]:
        dialogue = self._by_number[abort.dialogue]
        return self._ended(dialogue, endings.of_user_abort(dialogue, abort), now)

    def _handle_provider_abort(self, abort: tc.TcPAbort, now: float) -> list[MapIndication]:
        dialogue = self._by_number[abort.dialogue]
        return self._ended(dialogue, endings.of_provider_abort(dialogue, abort), now)

    def _ended(
        self, dialogue: Dialogue, ending: Refused | Aborted, now: float
    ) -> list[MapIndication]:
        """Tell our user, unless a lower version is to be tried first."""
        self._remove(dialogue)
        if isinstance(ending, Refused) and self._falls_back(dialogue, ending, now):
            return []
        return [ending]

    def _falls_back(self, dialogue: Dialogue, refused: Refused, now: float) -> bool:
        """Begin the dialogue anew in the context that the refusal names, which is a lower one."""
        opening, alternative = dialogue.opening, refused.alternative
        if opening is None or not opening.fallback or alternative is None:
            return False
        if refused.reason not in _VERSION_REASONS:
            return False
        try:
            dialogue.restart(alternative)
            self._begin(dialogue, opening, now)
        except LocalError:
            return False
        self._add(dialogue)
        return True

    def _handle_notice(self, notice: tc.TcNotice, _now: float) -> list[MapIndication]:
        dialogue = self._by_number[notice.dialogue]
        if dialogue.state is State.INITIATED:
            self._remove(dialogue)
            self._transactions.end_prearranged(dialogue.number)
        return [Undeliverable(dialogue.id, notice.cause, dialogue.reference)]

    def _handle_cancel(self, cancel: tc.TcLCancel, now: float) -> list[MapIndication]:
        """Report an operation that was not answered in time; one without outcomes is done.

        A dialogue that had nothing but such a one to say ends with it: no answer will come.
        """
        dialogue = self._by_number[cancel.dialogue]
        invoke_id, reference = cancel.invoke_id, dialogue.reference
        operation = dialogue.requesting.pop(invoke_id, None)
        if operation is None:
            return []
        if operation.operation_class != tc.OperationClass.NOTHING:
            return [TimedOut(dialogue.id, invoke_id, operation.code, reference)]
        if dialogue.state is not State.INITIATED:
            return []
        self.close(dialogue.id, now)
        done = Returned(dialogue.id, invoke_id, operation.code, None, reference)
        return [done, Closed(dialogue.id, reference)]


def _components(
    dialogue: Dialogue, components: tuple[tc.ReceivedComponent, ...]
) -> list[MapIndication]:
    indications = [receive(dialogue, component) for component in components]
    return [indication for indication in indications if indication is not None]


def _is_answer(dialogue: Dialogue, message: tc.TcContinue | tc.TcEnd) -> bool:
    """Whether a first answer is in the context that was asked for, 15.2.1."""
    if not message.first or dialogue.context.version == 1:
        return True
    return message.application_context == dialogue.context.oid


def _received(dialogue: Dialogue, message: tc.TcContinue | tc.TcEnd) -> list[MapIndication]:
    indications: list[MapIndication] = []
    if message.first:
        dialogue.opening = None
        accepted = Accepted(dialogue.id, dialogue.context, message.calling, dialogue.reference)
        indications.append(accepted)
    return indications + _components(dialogue, message.components)
