"""The SGP's end of an association: RFC 4666 4.3.4, 4.4 and 4.5 as the side that answers."""

from collections.abc import Iterable
from typing import Any, ClassVar, Final, Protocol

from telecom.ss7.m3ua import messages as m
from telecom.ss7.m3ua.application_server import ApplicationServer
from telecom.ss7.m3ua.association import Association
from telecom.ss7.m3ua.errors import ErrorCode, MessageError
from telecom.ss7.m3ua.parameters import (
    DeregistrationStatus,
    OtherStatus,
    PointCode,
    RegistrationStatus,
    Status,
    StatusType,
    TrafficMode,
)
from telecom.ss7.m3ua.states import SGP_TRANSITIONS, AspState, SgpInput
from telecom.ss7.mtp import ServiceIndicator

_TRAFFIC_MODES: Final = frozenset(TrafficMode)
_ALTERNATE: Final = Status(StatusType.OTHER, OtherStatus.ALTERNATE_ASP_ACTIVE)


_AVAILABILITY: Final = (m.DestinationUnavailable, m.DestinationAvailable)
_SERVICE_INDICATORS: Final = ((), ((ServiceIndicator.SCCP,),))
"""Routing keys may name no user part, or SCCP."""


class Gateway(Protocol):
    """What an association needs of the gateway that it belongs to."""

    def reachable(self) -> frozenset[int]:
        """Return the point codes that traffic can be sent to."""
        ...

    def asp_changed(
        self, asp: "SgpAssociation", context: int | None, state: AspState, now: float
    ) -> None:
        """Take note of an ASP's new state for one AS."""
        ...


class SgpAssociation(Association):
    """The end that answers an ASP, for the application servers of its gateway."""

    transitions = SGP_TRANSITIONS
    handlers: ClassVar[dict[type[m.Message], str]] = {
        **Association.handlers,
        m.AspUp: "_up",
        m.AspDown: "_down",
        m.AspActive: "_active",
        m.AspInactive: "_inactive",
        m.DestinationStateAudit: "_audit",
        m.RegistrationRequest: "_register",
        m.DeregistrationRequest: "_deregister",
    }

    def __init__(
        self,
        gateway: Gateway,
        *,
        application_servers: Iterable[ApplicationServer],
        requires_identifier: bool = False,
        **shared: Any,
    ) -> None:
        self._servers = {server.routing_context: server for server in application_servers}
        super().__init__(contexts=self._servers, **shared)
        self._gateway = gateway
        self._requires_identifier = requires_identifier

    def notify(self, status: Status, context: int | None) -> None:
        """Queue a NTFY about one AS."""
        contexts = () if context is None else (context,)
        self._send(m.Notify(status=status, routing_contexts=contexts))

    def override(self, context: int | None, now: float) -> None:
        """Go inactive because another ASP took over, and tell the peer (4.3.4.3)."""
        self._change((context,), SgpInput.OVERRIDDEN, now)
        self.notify(_ALTERNATE, context)

    def _change(self, contexts: tuple[int | None, ...], given: SgpInput, now: float) -> None:
        for context in contexts:
            old = self._states[context]
            self._move(context, given)
            if self._states[context] is not old:
                self._gateway.asp_changed(self, context, self._states[context], now)

    # ASPSM

    def _up(self, message: m.AspUp, now: float) -> None:
        if self._requires_identifier and message.asp_identifier is None:
            raise MessageError(ErrorCode.ASP_IDENTIFIER_REQUIRED, "ASPUP without an identifier")
        was_active = self.is_active
        self._send(m.AspUpAck())
        self._change(tuple(self._states), SgpInput.UP, now)
        if was_active:  # 4.3.4.1: acknowledged, inactive now, and told that it was not expected
            raise self._unexpected(message)

    def _down(self, _message: m.AspDown, now: float) -> None:
        self._send(m.AspDownAck())
        self._change(tuple(self._states), SgpInput.DOWN, now)

    # ASPTM

    def _active(self, message: m.AspActive, now: float) -> None:
        contexts = self._moved(message.routing_contexts, SgpInput.ACTIVE, message)
        mode = message.traffic_mode
        if mode is not None:
            self._check_traffic_mode(mode, contexts)
        self._send(m.AspActiveAck(traffic_mode=mode, routing_contexts=message.routing_contexts))
        self._change(contexts, SgpInput.ACTIVE, now)

    def _inactive(self, message: m.AspInactive, now: float) -> None:
        contexts = self._moved(message.routing_contexts, SgpInput.INACTIVE, message)
        self._send(m.AspInactiveAck(routing_contexts=message.routing_contexts))
        self._change(contexts, SgpInput.INACTIVE, now)

    def _moved(
        self, contexts: tuple[int, ...], given: SgpInput, message: m.Message
    ) -> tuple[int | None, ...]:
        """Return the contexts that a message moves, if every one of them may be moved so."""
        named = self._named(contexts)
        if any((self._states[context], given) not in self.transitions for context in named):
            raise self._unexpected(message)
        return named

    def _check_traffic_mode(self, mode: int, contexts: tuple[int | None, ...]) -> None:
        wrong = any(self._servers[context].traffic_mode != mode for context in contexts)
        if mode not in _TRAFFIC_MODES or wrong:
            reason = f"traffic mode {mode}"
            raise MessageError(ErrorCode.UNSUPPORTED_TRAFFIC_MODE_TYPE, reason)

    # SSNM

    def _audit(self, message: m.DestinationStateAudit, _now: float) -> None:
        """Answer DAUD with DAVA and DUNA (4.5.3); a masked range is as available as its best."""
        self._check_network_appearance(message.network_appearance)
        if AspState.DOWN in self._states.values():
            raise self._unexpected(message)
        reachable = self._gateway.reachable()
        found: tuple[list[PointCode], list[PointCode]] = ([], [])
        for entry in message.affected:
            known = any(pc >> entry.mask == entry.pc >> entry.mask for pc in reachable)
            found[known].append(entry)
        for kind, affected in zip(_AVAILABILITY, found, strict=True):
            if affected:
                answer = kind(
                    network_appearance=message.network_appearance,
                    routing_contexts=message.routing_contexts,
                    affected=tuple(affected),
                )
                self._send(answer)

    # RKM

    def _register(self, message: m.RegistrationRequest, _now: float) -> None:
        if AspState.DOWN in self._states.values():
            raise self._unexpected(message)
        results = tuple(self._registration(key) for key in message.routing_keys)
        self._send(m.RegistrationResponse(results=results))

    def _registration(self, key: m.RoutingKey) -> m.RegistrationResult:
        status, context = self._judge_key(key)
        return m.RegistrationResult(
            local_identifier=key.local_identifier, status=status, routing_context=context
        )

    def _judge_key(self, key: m.RoutingKey) -> tuple[RegistrationStatus, int]:
        """Grant a routing key that is provisioned, and no other (4.4.1)."""
        if len(key.destinations) > 1 or key.originating_point_codes:
            return RegistrationStatus.UNSUPPORTED_PARAMETER_FIELD, 0
        if key.service_indicators not in _SERVICE_INDICATORS:
            return RegistrationStatus.UNSUPPORTED_PARAMETER_FIELD, 0
        for context, server in self._servers.items():
            if context is not None and PointCode(server.point_code or 0) in key.destinations:
                if key.traffic_mode not in (None, server.traffic_mode):
                    return RegistrationStatus.UNSUPPORTED_TRAFFIC_MODE, 0
                return RegistrationStatus.SUCCESSFULLY_REGISTERED, context
        return RegistrationStatus.ROUTING_KEY_NOT_PROVISIONED, 0

    def _deregister(self, message: m.DeregistrationRequest, _now: float) -> None:
        results = tuple(
            m.DeregistrationResult(routing_context=context, status=self._judge_context(context))
            for context in message.routing_contexts
        )
        self._send(m.DeregistrationResponse(results=results))

    def _judge_context(self, context: int) -> DeregistrationStatus:
        if context not in self._states:
            return DeregistrationStatus.INVALID_ROUTING_CONTEXT
        if self._states[context] is AspState.ACTIVE:
            return DeregistrationStatus.ASP_ACTIVE
        return DeregistrationStatus.SUCCESSFULLY_DEREGISTERED

    # the link

    def _lost(self, now: float) -> None:
        self._change(tuple(self._states), SgpInput.LOST, now)
