"""From submit_sm and data_sm to a durable message: check, limit, store, then answer ESME_ROK."""

from collections import Counter
from collections.abc import Mapping
from itertools import count
from typing import Final

import msgspec
import structlog
from redis.exceptions import RedisError

from telecom.charging.catalogue import SMS_MT
from telecom.gateway.accounts import Accounts
from telecom.gateway.clock import Clock
from telecom.gateway.config import GatewayConfig
from telecom.gateway.metrics import Metrics
from telecom.net.smpp_server import ServerSession
from telecom.router.admission import Admitted, Refusal, Submission, admit
from telecom.router.routes import Route, Routes
from telecom.router.times import relative_time
from telecom.smpp.errors import PduError
from telecom.smpp.pdus import DataSm, DataSmResp, Pdu, SubmitSm, SubmitSmResp
from telecom.smpp.short_message import user_data_of
from telecom.smpp.status import CommandStatus
from telecom.smpp.tlvs import QOS_TIME_TO_LIVE, USER_MESSAGE_REFERENCE
from telecom.sms.address import Address
from telecom.sms.data_coding import tp_dcs_of_smpp
from telecom.store.keys import Partitions
from telecom.store.limits import Bucket, Demand, RateLimits
from telecom.store.messages import MessageQueue
from telecom.store.micro_batch import MicroBatch
from telecom.store.node import MessageIds
from telecom.store.records import Message

_BATCH: Final = 512

_STATUS_OF: Final[Mapping[Refusal, CommandStatus]] = {
    Refusal.ACCOUNT_INACTIVE: CommandStatus.ESME_RBINDFAIL,
    Refusal.SERVICE_NOT_ALLOWED: CommandStatus.ESME_RINVSERTYP,
    Refusal.INVALID_DESTINATION: CommandStatus.ESME_RINVDSTADR,
    Refusal.NO_ROUTE: CommandStatus.ESME_RINVDSTADR,
    Refusal.INVALID_SOURCE: CommandStatus.ESME_RINVSRCADR,
    Refusal.INVALID_MESSAGE_LENGTH: CommandStatus.ESME_RINVMSGLEN,
    Refusal.INVALID_SCHEDULE: CommandStatus.ESME_RINVSCHED,
    Refusal.INVALID_VALIDITY: CommandStatus.ESME_RINVEXPIRY,
}

_log = structlog.get_logger("telecom.gateway.submission")


class _Pending(msgspec.Struct, frozen=True):
    """A message on its way into Redis, and whom to answer."""

    session: ServerSession
    request: SubmitSm | DataSm
    message: Message
    route: Route
    began: float


class Submissions:
    """Takes what ESMEs submit; a message is answered ESME_ROK only once Redis holds it."""

    def __init__(
        self,
        config: GatewayConfig,
        accounts: Accounts,
        routes: Routes,
        *,
        queue: MessageQueue,
        limits: RateLimits,
        partitions: Partitions,
        ids: MessageIds,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._routes = routes
        self._queue = queue
        self._limits = limits
        self._partitions = partitions
        self._ids = ids
        self._metrics = metrics
        self._clock = clock
        self._references = count()
        self._accounts = accounts
        self._buckets = {
            route.name: Bucket.of(f"route:{route.name}", route.rate) for route in config.routes
        }
        self._node = Bucket.of(f"node:{config.node}", config.limits.rate)
        self._batch = MicroBatch(self._store, _BATCH, failed=self._not_stored)

    def take(self, session: ServerSession, request: SubmitSm | DataSm) -> None:
        """Check a request; answer it at once if it is refused, else when it is stored."""
        began = self._clock.monotonic()
        try:
            submission = self._submission(session, request)
        except PduError as error:
            self._refuse(session, request, error.status)
            return
        now = self._clock.wall()
        admitted = admit(
            submission,
            self._accounts.sender(session.system_id).terms,
            routes=self._routes,
            now=now,
            reference=next(self._references) & 0xFF,
        )
        if isinstance(admitted, Refusal):
            self._refuse(session, request, _STATUS_OF[admitted])
            return
        message = self._message(session.system_id, request, admitted, now)
        self._batch.add(_Pending(session, request, message, admitted.route, began))

    async def drain(self) -> None:
        """Wait until everything taken has been answered."""
        await self._batch.drain()

    def _submission(self, session: ServerSession, request: SubmitSm | DataSm) -> Submission:
        source = Address(
            request.source_addr.decode("latin-1"), request.source_addr_ton, request.source_addr_npi
        )
        sender = self._accounts.sender(session.system_id)
        return Submission(
            service=SMS_MT,
            source=source if source.digits else sender.default_source,
            destination=Address(
                request.destination_addr.decode("latin-1"),
                request.dest_addr_ton,
                request.dest_addr_npi,
            ),
            user_data=user_data_of(request),
            validity_period=_validity(request),
            schedule_delivery_time=_schedule(request),
        )

    def _message(
        self, account: str, request: SubmitSm | DataSm, admitted: Admitted, now: float
    ) -> Message:
        alphabet = admitted.segments[0].alphabet
        reference = USER_MESSAGE_REFERENCE.tag
        return Message(
            id=self._ids.next(self._partitions.of(admitted.destination)),
            account=account,
            source=admitted.source,
            destination=admitted.destination,
            segments=admitted.segments,
            accepted_at=now,
            expires_at=admitted.expires_at,
            schedule_at=admitted.schedule_at,
            protocol_id=request.protocol_id if isinstance(request, SubmitSm) else 0,
            data_coding=tp_dcs_of_smpp(request.data_coding, alphabet),
            registered_delivery=request.registered_delivery,
            priority=request.priority_flag if isinstance(request, SubmitSm) else 0,
            reference_tlvs=tuple(
                (tlv.tag, tlv.value) for tlv in request.tlvs if tlv.tag == reference
            ),
        )

    async def _store(self, pending: list[_Pending]) -> None:
        granted = await self._within_limits(pending)
        if not granted:
            return
        messages = [item.message for item in granted]
        try:
            stored = await self._queue.accept(messages, self._clock.wall())
        except RedisError as error:
            self._not_stored(granted, error)  # the others have had their answer
            return
        now = self._clock.monotonic()
        for item, is_stored in zip(granted, stored, strict=True):
            if is_stored:
                _answer(item)
                self._metrics.submit_seconds.observe(now - item.began)
            else:
                self._refuse(item.session, item.request, CommandStatus.ESME_RSYSERR)
        self._metrics.count("submission", "accepted", sum(stored))

    async def _within_limits(self, pending: list[_Pending]) -> list[_Pending]:
        """Return what every limit allows, the rest is answered ESME_RTHROTTLED."""
        wanted = Counter((item.message.account, item.route.name) for item in pending)
        demands = [
            Demand(
                (self._accounts.sender(account).bucket, self._buckets[route], self._node),
                number,
            )
            for (account, route), number in wanted.items()
        ]
        counts = await self._limits.grant(demands, self._clock.wall())
        left = dict(zip(wanted, counts, strict=True))
        granted = []
        for item in pending:
            group = (item.message.account, item.route.name)
            if left[group] > 0:
                left[group] -= 1
                granted.append(item)
            else:
                self._refuse(item.session, item.request, CommandStatus.ESME_RTHROTTLED)
        return granted

    def _refuse(self, session: ServerSession, request: SubmitSm | DataSm, status: int) -> None:
        self._metrics.count("submission", CommandStatus(status).name)
        session.reject(request, status)

    def _not_stored(self, pending: list[_Pending], error: Exception) -> None:
        _log.error("not_stored", count=len(pending), error=str(error))
        for item in pending:
            self._refuse(item.session, item.request, CommandStatus.ESME_RSYSERR)


def _answer(item: _Pending) -> None:
    message_id = item.message.id.encode()
    response: Pdu
    if isinstance(item.request, SubmitSm):
        response = SubmitSmResp(message_id=message_id)
    else:
        response = DataSmResp(message_id=message_id)
    item.session.respond(item.request, response)


def _validity(request: SubmitSm | DataSm) -> str:
    if isinstance(request, SubmitSm):
        return request.validity_period.decode("latin-1")
    seconds = QOS_TIME_TO_LIVE.of(request)
    return "" if seconds is None else relative_time(seconds)


def _schedule(request: SubmitSm | DataSm) -> str:
    return request.schedule_delivery_time.decode("latin-1") if isinstance(request, SubmitSm) else ""
