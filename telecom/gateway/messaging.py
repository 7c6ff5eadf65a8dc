"""All that ESMEs ask of messages: which PDU is whose, and what these parts share."""

from collections.abc import Callable, Mapping
from typing import Any

from telecom.gateway.accounts import Accounts
from telecom.gateway.cancellations import Cancellations
from telecom.gateway.clock import Clock
from telecom.gateway.config import GatewayConfig
from telecom.gateway.metrics import Metrics
from telecom.gateway.owned_messages import OwnedMessages
from telecom.gateway.queries import Queries
from telecom.gateway.receipts import Receipts
from telecom.gateway.replacing import Replacements
from telecom.gateway.submission import Submissions
from telecom.gateway.submit_multi import MultipleSubmissions
from telecom.gateway.text_replacements import TextReplacements
from telecom.gateway.transactions import Transactions
from telecom.net.smpp_server import ServerSession
from telecom.router.routes import Routes
from telecom.smpp.pdus import CancelSm, DataSm, Pdu, QuerySm, ReplaceSm, SubmitMulti, SubmitSm
from telecom.store.keys import Partitions
from telecom.store.limits import RateLimits
from telecom.store.messages import MessageQueue
from telecom.store.node import MessageIds
from telecom.store.pending import PendingMessages

Handler = Callable[[ServerSession, Any], None]
"""Takes a request of a session, and answers it then or later."""


class Messaging:
    """Takes the requests of ESMEs that submit messages, and those about submitted ones."""

    def __init__(
        self,
        config: GatewayConfig,
        accounts: Accounts,
        routes: Routes,
        *,
        queue: MessageQueue,
        pending: PendingMessages,
        limits: RateLimits,
        partitions: Partitions,
        ids: MessageIds,
        receipts: Receipts,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        owned = OwnedMessages(pending, accounts)
        replacements = Replacements(pending, receipts, clock=clock)
        self._transactions = Transactions(pending)
        submissions = Submissions(
            config,
            accounts,
            routes,
            queue=queue,
            replacements=replacements,
            transactions=self._transactions,
            limits=limits,
            partitions=partitions,
            ids=ids,
            metrics=metrics,
            clock=clock,
        )
        multiple = MultipleSubmissions(
            submissions,
            accounts,
            {table.name: table for table in config.distribution_lists},
            pending=pending,
            partitions=partitions,
            ids=ids,
            memory=2 * config.messages.max_validity + config.messages.remembered,
        )
        queries = Queries(owned, metrics=metrics, clock=clock)
        cancellations = Cancellations(
            pending, owned, replacements, accounts, metrics=metrics, clock=clock
        )
        texts = TextReplacements(
            pending,
            owned,
            accounts,
            canned={message.id: message.text for message in config.default_messages},
            metrics=metrics,
            clock=clock,
        )
        self._parts = (multiple, queries, cancellations, texts)
        self.handlers: Mapping[type[Pdu], Handler] = {
            SubmitSm: submissions.take,
            DataSm: submissions.take,
            SubmitMulti: multiple.take,
            QuerySm: queries.take,
            CancelSm: cancellations.take,
            ReplaceSm: texts.take,
        }

    async def drain(self) -> None:
        """Wait until everything taken has been answered; outcomes that are awaited are not."""
        for part in self._parts:
            await part.drain()
        self._transactions.give_up()
