"""From submit_sm and data_sm to a durable message: check, limit, store, then answer ESME_ROK."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from itertools import count
from typing import Final, Protocol

import msgspec
import structlog

from telecom.gateway.access.accounts import Accounts, Sender
from telecom.gateway.clock import Clock
from telecom.gateway.config import GatewayConfig
from telecom.gateway.delivery.transactions import Transactions
from telecom.gateway.metrics import Metrics
from telecom.gateway.submission.message_ids import written
from telecom.gateway.submission.replacing import Replacements
from telecom.gateway.submission.submitted import MODE, check, message_of, replaces, submission_of
from telecom.router.admission import Admitted, Refusal, admit
from telecom.router.retry import MessagingMode
from telecom.router.routes import Route, Routes
from telecom.smpp.errors import PduError
from telecom.smpp.pdus import DataSm, DataSmResp, Pdu, SubmitSm, SubmitSmResp
from telecom.smpp.status import CommandStatus
from telecom.smpp.tlvs import Tlv
from telecom.store.keys import Partitions
from telecom.store.limits import Bucket, Demand, RateLimits
from telecom.store.messages import MessageQueue
from telecom.store.micro_batch import MicroBatch
from telecom.store.node import MessageIds
from telecom.store.records import Message

_BATCH: Final = 512
_TRANSACTION: Final = int(MessagingMode.TRANSACTION)

STATUS_OF: Final[Mapping[Refusal, CommandStatus]] = {
    Refusal.ACCOUNT_INACTIVE: CommandStatus.ESME_RBINDFAIL,
    Refusal.SERVICE_NOT_ALLOWED: CommandStatus.ESME_RINVSERTYP,
    Refusal.INVALID_DESTINATION: CommandStatus.ESME_RINVDSTADR,
    Refusal.NO_ROUTE: CommandStatus.ESME_RINVDSTADR,
    Refusal.INVALID_SOURCE: CommandStatus.ESME_RINVSRCADR,
    Refusal.INVALID_MESSAGE_LENGTH: CommandStatus.ESME_RINVMSGLEN,
    Refusal.INVALID_SCHEDULE: CommandStatus.ESME_RINVSCHED,
    Refusal.INVALID_VALIDITY: CommandStatus.ESME_RINVEXPIRY,
}

_log = structlog.get_logger("telecom.gateway.submission.submission")


class Submitter(Protocol):
    """Whom a message comes from, and who hears what becomes of it: a session, or a part of one."""

    @property
    def system_id(self) -> str:
        """The account."""

    def respond(self, request: Pdu, response: Pdu) -> None:
        """Answer a request."""

    def reject(self, request: Pdu, command_status: int) -> None:
        """Refuse a request."""


class _Pending(msgspec.Struct, frozen=True):
    """A message on its way into Redis, and whom to answer."""

    submitter: Submitter
    request: SubmitSm | DataSm
    message: Message
    told_id: str
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
        replacements: Replacements,
        transactions: Transactions,
        limits: RateLimits,
        partitions: Partitions,
        ids: MessageIds,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._routes = routes
        self._queue = queue
        self._replacements = replacements
        self._transactions = transactions
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
        self._canned = {text.id: text.text for text in config.default_messages}
        self._batch = MicroBatch(self._store, _BATCH, failed=self._not_stored)

    def take(self, submitter: Submitter, request: SubmitSm | DataSm, *, named: str = "") -> None:
        """Check a request; answer it at once if it is refused, else when it is stored.

        `named` is the message id that the sender will know it by, if not by its own.
        """
        began = self._clock.monotonic()
        now = self._clock.wall()
        sender = self._accounts.sender(submitter.system_id)
        try:
            check(request)
            admitted = self._admit(sender, request, now)
            message_id = self._ids.next(self._partitions.of(admitted.destination))
            message = message_of(
                request,
                admitted,
                message_id=message_id,
                account=submitter.system_id,
                named=named,
                now=now,
            )
        except PduError as error:
            self._refuse(submitter, request, error.status)
        else:
            told_id = written(message_id, sender.ids.response)
            self._batch.add(_Pending(submitter, request, message, told_id, admitted.route, began))

    def _admit(self, sender: Sender, request: SubmitSm | DataSm, now: float) -> Admitted:
        admitted = admit(
            submission_of(request, sender, self._canned),
            sender.terms,
            routes=self._routes,
            now=now,
            reference=next(self._references) & 0xFF,
        )
        if isinstance(admitted, Refusal):
            raise PduError(STATUS_OF[admitted], request.sequence_number, admitted)
        if request.esm_class & MODE == _TRANSACTION and self._transactions.is_full:
            raise PduError(CommandStatus.ESME_RTHROTTLED, request.sequence_number, "")
        return admitted

    async def drain(self) -> None:
        """Wait until everything taken has been answered."""
        await self._batch.drain()

    async def _store(self, pending: list[_Pending]) -> None:
        granted = await self._within_limits(pending)
        replacing = [item for item in granted if replaces(item.request)]
        plain = [item for item in granted if not replaces(item.request)] if replacing else granted
        await self._store_by(plain, lambda them: self._queue.accept(them, self._clock.wall()))
        await self._store_by(replacing, self._replacements.store)

    async def _store_by(
        self,
        pending: list[_Pending],
        store: Callable[[list[Message]], Awaitable[list[bool]]],
    ) -> None:
        if not pending:
            return
        try:
            stored = await store([item.message for item in pending])
        except Exception as error:  # noqa: BLE001 - the others of the batch have had their answer
            self._not_stored(pending, error)
            return
        now = self._clock.monotonic()
        for item, is_stored in zip(pending, stored, strict=True):
            if is_stored:
                self._answer(item)
                self._metrics.submit_seconds.observe(now - item.began)
            else:
                self._refuse(item.submitter, item.request, CommandStatus.ESME_RSYSERR)
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
                self._refuse(item.submitter, item.request, CommandStatus.ESME_RTHROTTLED)
        return granted

    def _answer(self, item: _Pending) -> None:
        told_id = item.told_id.encode()
        respond, request = item.submitter.respond, item.request
        if item.message.mode == _TRANSACTION:
            self._transactions.wait(item.message.id, partial(_respond, respond, request, told_id))
        elif isinstance(request, SubmitSm):
            respond(request, SubmitSmResp(message_id=told_id))
        else:
            respond(request, DataSmResp(message_id=told_id))

    def _refuse(self, submitter: Submitter, request: SubmitSm | DataSm, status: int) -> None:
        self._metrics.count("submission", CommandStatus(status).name)
        submitter.reject(request, status)

    def _not_stored(self, pending: list[_Pending], error: Exception) -> None:
        _log.error("not_stored", count=len(pending), error=str(error))
        for item in pending:
            self._refuse(item.submitter, item.request, CommandStatus.ESME_RSYSERR)


def _respond(
    respond: Callable[[Pdu, Pdu], None],
    request: SubmitSm | DataSm,
    told_id: bytes,
    status: int,
    tlvs: tuple[Tlv, ...],
) -> None:
    """Tell the outcome of a transaction."""
    response = SubmitSmResp if isinstance(request, SubmitSm) else DataSmResp
    respond(request, response(message_id=told_id, command_status=status, tlvs=tlvs))
