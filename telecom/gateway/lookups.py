"""Number lookup: an SRI-SM that is asked for its answer alone, and authorises no message."""

import asyncio
import secrets
from typing import Any, Final

import msgspec
from redis.exceptions import RedisError

from telecom.charging.catalogue import NUMBER_LOOKUP
from telecom.charging.events import number_lookup
from telecom.gateway.access.account import Account
from telecom.gateway.clock import Clock
from telecom.gateway.delivery.inquiry import Inquiry, MapOutcome
from telecom.gateway.metrics import Metrics
from telecom.lookup.outcome import LookupOutcome, LookupRequest, interpret
from telecom.net.ss7_node import Ss7Node
from telecom.numbering.operators import Directory
from telecom.router.failures import Cause, Stage, classify
from telecom.router.routes import Routes
from telecom.ss7.map.contexts import SHORT_MSG_GATEWAY_V3
from telecom.ss7.map.errors import TooManyDialogues
from telecom.ss7.map.messages import AddressString, RoutingInfoForSmArg, RoutingInfoForSmRes
from telecom.ss7.sccp.address import SccpAddress, SubsystemNumber
from telecom.store.events import EventLog, NumberedEvent
from telecom.store.records import ENCODE

_BAD_REQUEST: Final = 422
_TOO_MANY: Final = 429
_UNAVAILABLE: Final = 503


class LookupRefused(Exception):
    """The lookup is not made, and costs nothing; `http_status` says whose fault it is."""

    def __init__(self, why: str, http_status: int) -> None:
        super().__init__(why)
        self.http_status = http_status


class Lookups:
    """Looks numbers up at their operators, `limit` at most at a time."""

    def __init__(
        self,
        node: Ss7Node,
        events: EventLog,
        *,
        routes: Routes,
        directory: Directory,
        calling_gt: str,
        timeout: float,
        limit: int,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._node = node
        self._events = events
        self._routes = routes
        self._directory = directory
        self._calling_gt = calling_gt
        self._timeout = timeout
        self._limit = limit
        self._metrics = metrics
        self._clock = clock
        self._under_way = 0

    async def query(self, account: Account, msisdn: str) -> dict[str, Any]:
        """Return the answer for an international number (digits), as JSON has it.

        Raises `LookupRefused` for a number of no known operator, over the limit, and without
        Redis or a link. The charge is on record before the request is passed to the operator.
        """
        route = self._routes.find(msisdn)
        holder = self._directory.by_msisdn(msisdn)
        if route is None or route.kind != "ss7" or holder is None:
            raise LookupRefused(f"{msisdn} is no number of a known operator", _BAD_REQUEST)
        if self._under_way >= self._limit:
            raise LookupRefused(f"{self._limit} lookups are under way; try again", _TOO_MANY)
        if not self._node.is_active:
            raise LookupRefused("no link to the operators; try again", _UNAVAILABLE)
        self._under_way += 1
        try:
            return await self._charged_query(account, msisdn, operator=holder.name)
        except RedisError:
            raise LookupRefused("Redis does not answer; try again", _UNAVAILABLE) from None
        finally:
            self._under_way -= 1

    async def _charged_query(
        self, account: Account, msisdn: str, *, operator: str
    ) -> dict[str, Any]:
        request = LookupRequest(
            id=secrets.token_hex(10),
            msisdn=msisdn,
            at=self._clock.wall(),
            charged=True,
            discloses=account.full_subscriber_data,
        )
        event = number_lookup(
            request.id, account=account.system_id, operator=operator, number=msisdn, at=request.at
        )
        await self._events.record([NumberedEvent(msisdn, ENCODE(event))])
        self._metrics.billable_events.labels(NUMBER_LOOKUP).inc()
        outcome = await self._ask(msisdn)
        answer = interpret(_outcome(outcome), request, directory=self._directory)
        self._metrics.count("lookup", answer.status.value)
        return dict(msgspec.to_builtins(answer))

    async def _ask(self, msisdn: str) -> MapOutcome:
        """Send the SRI-SM; nothing of it goes to the GT gate, so no message can follow it."""
        answered: asyncio.Future[MapOutcome] = asyncio.get_running_loop().create_future()

        def done(outcome: MapOutcome) -> None:
            if not answered.done():
                answered.set_result(outcome)

        try:
            self._open(msisdn, Inquiry(self._node.map, done, clock=self._clock.monotonic))
        except TooManyDialogues:
            return MapOutcome(cause=Cause.ABORTED)
        self._node.flush_soon()
        return await answered

    def _open(self, msisdn: str, inquiry: Inquiry) -> None:
        self._node.map.open(
            SHORT_MSG_GATEWAY_V3,
            called=SccpAddress.of_gt(msisdn, SubsystemNumber.HLR),
            calling=SccpAddress.of_gt(self._calling_gt, SubsystemNumber.MSC),
            now=self._clock.monotonic(),
            invoke=RoutingInfoForSmArg(
                msisdn=AddressString(msisdn),
                sm_rp_pri=True,
                service_centre_address=AddressString(self._calling_gt),
            ),
            fallback=True,
            timeout=self._timeout,
            reference=inquiry,
        )


def _outcome(outcome: MapOutcome) -> LookupOutcome:
    """Return a MAP outcome in the words of a lookup."""
    answer = outcome.result
    if isinstance(answer, RoutingInfoForSmRes):
        node = answer.location_info_with_lmsi.network_node_number.digits
        return LookupOutcome(imsi=answer.imsi, node=node)
    cause = outcome.cause or Cause.REJECTED
    failure = classify(Stage.SRI, cause, number=outcome.number, detail=outcome.detail)
    number = outcome.number if cause is Cause.ERROR else None
    return LookupOutcome(error_code=number, error_name=failure.name)
