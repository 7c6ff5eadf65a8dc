"""All that ESMEs ask of messages: which PDU is whose, and what these parts share."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from telecom.gateway.access.accounts import Accounts
from telecom.gateway.clock import Clock
from telecom.gateway.config import GatewayConfig
from telecom.gateway.delivery.receipts import Receipts
from telecom.gateway.delivery.transactions import Transactions
from telecom.gateway.metrics import Metrics
from telecom.gateway.stored.cancellations import Cancellations
from telecom.gateway.stored.owned_messages import OwnedMessages
from telecom.gateway.stored.queries import Queries
from telecom.gateway.stored.text_replacements import TextReplacements
from telecom.gateway.submission.replacing import Replacements
from telecom.gateway.submission.submission import Submissions
from telecom.gateway.submission.submit_multi import MultipleSubmissions
from telecom.net.smpp.server import ServerSession
from telecom.router.routes import Routes
from telecom.smpp.pdus import CancelSm, DataSm, Pdu, QuerySm, ReplaceSm, SubmitMulti, SubmitSm
from telecom.store.keys import Partitions
from telecom.store.limits import RateLimits
from telecom.store.messages import MessageQueue
from telecom.store.node import MessageIds
from telecom.store.pending import PendingMessages

Handler = Callable[[ServerSession, Any], None]
"""Takes a request of a session, and answers it then or later."""


class MessageStore(msgspec.Struct, frozen=True):
    """Where messages are kept, and what is needed to keep one."""

    queue: MessageQueue
    pending: PendingMessages
    limits: RateLimits
    partitions: Partitions
    ids: MessageIds


class Messaging:
    """Takes the requests of ESMEs that submit messages, and those about submitted ones."""

    def __init__(
        self,
        config: GatewayConfig,
        accounts: Accounts,
        store: MessageStore,
        *,
        routes: Routes,
        receipts: Receipts,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._config = config
        self._accounts = accounts
        self._store = store
        self._metrics = metrics
        self._clock = clock
        self._owned = OwnedMessages(store.pending, accounts)
        self._replacements = Replacements(store.pending, receipts, clock=clock)
        self._transactions = Transactions(store.pending)
        submissions = self._submissions(routes)
        multiple = self._multiple_submissions(submissions)
        queries = Queries(self._owned, metrics=metrics, clock=clock)
        cancellations = self._cancellations()
        texts = self._text_replacements()
        self._parts = (multiple, queries, cancellations, texts)
        self.handlers: Mapping[type[Pdu], Handler] = {
            SubmitSm: submissions.take,
            DataSm: submissions.take,
            SubmitMulti: multiple.take,
            QuerySm: queries.take,
            CancelSm: cancellations.take,
            ReplaceSm: texts.take,
        }

    def _submissions(self, routes: Routes) -> Submissions:
        return Submissions(
            self._config,
            self._accounts,
            routes,
            queue=self._store.queue,
            replacements=self._replacements,
            transactions=self._transactions,
            limits=self._store.limits,
            partitions=self._store.partitions,
            ids=self._store.ids,
            metrics=self._metrics,
            clock=self._clock,
        )

    def _multiple_submissions(self, submissions: Submissions) -> MultipleSubmissions:
        messages = self._config.messages
        return MultipleSubmissions(
            submissions,
            self._accounts,
            {table.name: table for table in self._config.distribution_lists},
            pending=self._store.pending,
            partitions=self._store.partitions,
            ids=self._store.ids,
            memory=2 * messages.max_validity + messages.remembered,
        )

    def _cancellations(self) -> Cancellations:
        return Cancellations(
            self._store.pending,
            self._owned,
            self._replacements,
            self._accounts,
            metrics=self._metrics,
            clock=self._clock,
        )

    def _text_replacements(self) -> TextReplacements:
        return TextReplacements(
            self._store.pending,
            self._owned,
            self._accounts,
            canned={message.id: message.text for message in self._config.default_messages},
            metrics=self._metrics,
            clock=self._clock,
        )

    async def drain(self) -> None:
        """Wait until everything taken has been answered; outcomes that are awaited are not."""
        for part in self._parts:
            await part.drain()
        self._transactions.give_up()
