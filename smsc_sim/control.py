"""What a test or a person may ask of the simulated SMSC while it runs."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import cast

from smsc_sim.accounts import Accounts
from smsc_sim.messages import StoredMessage
from smsc_sim.mo import MoMessage, MoStream
from smsc_sim.ring import Entry, PduRing
from smsc_sim.rules import Rule
from smsc_sim.session import ScriptedSession
from smsc_sim.smsc import Smsc
from smsc_sim.views import (
    AlertToSend,
    Drop,
    Health,
    MoSent,
    OutbindToSend,
    ReceiptToSend,
    RuleTable,
    StreamView,
)
from telecom.net.smpp.server import SmppServer
from telecom.smpp.pdus import AlertNotification


class UnknownError(LookupError):
    """There is no such thing."""


class Control:
    """Live changes, and what there is to see."""

    def __init__(
        self,
        smsc: Smsc,
        server: SmppServer,
        accounts: Accounts,
        ring: PduRing,
        *,
        clock: Callable[[], float],
    ) -> None:
        self.smsc = smsc
        self.accounts = accounts
        self._server = server
        self._ring = ring
        self._clock = clock

    def health(self) -> Health:
        """Return how it is."""
        return Health(
            seed=self.smsc.rules.seed,
            sessions=len(self._server.sessions),
            messages=len(self.smsc.messages),
            streams=len(self.smsc.mobile_originated.streams),
            lost_deliveries=self.smsc.deliveries.lost,
        )

    def reset(self, seed: int | None) -> None:
        """Begin again: rules, accounts, messages, numbers, streams; sessions go on."""
        self.accounts.reset()
        self.smsc.reset(seed=seed)
        self._ring.clear()

    # Rules

    def rule(self, name: str) -> Rule:
        """Return a rule; raises `UnknownError`."""
        for rule in self.smsc.rules.rows:
            if rule.name == name:
                return rule
        raise UnknownError(f"there is no rule {name!r}")

    def set_rules(self, table: RuleTable) -> None:
        """Set all rules; counts and sequences begin anew. `ValueError` for a name twice."""
        seed = self.smsc.rules.seed if table.seed is None else table.seed
        self.smsc.rules.replace(table.rules, seed=seed)

    def put_rule(self, rule: Rule, *, first: bool) -> Rule:
        """Put a rule in the place of the one with its name, or as a new one at either end."""
        rows = list(self.smsc.rules.rows)
        places = [place for place, each in enumerate(rows) if each.name == rule.name]
        if places:
            rows[places[0]] = rule
        else:
            rows.insert(0 if first else len(rows), rule)
        self.smsc.rules.set(rows)
        return rule

    def remove_rule(self, name: str) -> None:
        """Take a rule away; raises `UnknownError`."""
        gone = self.rule(name)
        self.smsc.rules.set(rule for rule in self.smsc.rules.rows if rule is not gone)

    # Accounts and sessions

    def remove_account(self, system_id: str) -> None:
        """Take an account away; its sessions go on. Raises `UnknownError`."""
        if not self.accounts.remove(system_id):
            raise UnknownError(f"there is no account {system_id!r}")

    def sessions(
        self, *, account: str | None = None, session: int | None = None
    ) -> list[ScriptedSession]:
        """Return the sessions that are bound, the oldest first."""
        bound = cast("Iterable[ScriptedSession]", self._server.sessions)
        fitting = [
            each
            for each in bound
            if account in (None, each.system_id) and session in (None, each.number)
        ]
        return sorted(fitting, key=lambda each: each.number)

    def drop(self, drop: Drop) -> int:
        """End sessions; return how many."""
        ending = self.sessions(account=drop.account, session=drop.session)
        for session in ending:
            session.end(drop.then)
        return len(ending)

    def tell_congestion(self, congestion: int | None, account: str | None) -> int:
        """Have every response to peers of 5.0 say how busy we are; return in how many sessions."""
        sessions = self.sessions(account=account)
        for session in sessions:
            session.tell_congestion(congestion)
        return len(sessions)

    async def outbind(self, outbind: OutbindToSend) -> ScriptedSession:
        """Call an ESME that listens; raises `OSError` or `LinkClosedError` if it does not bind."""
        session = await self._server.outbind(
            outbind.host,
            outbind.port,
            system_id=outbind.system_id or self._server.system_id.decode("latin-1"),
            password=outbind.password.get_secret_value(),
        )
        return cast("ScriptedSession", session)

    # Messages

    def messages(
        self, *, account: str | None, state: str | None, limit: int
    ) -> Iterator[StoredMessage]:
        """Go through the last messages, the newest first."""
        fitting = (
            message
            for message in self.smsc.messages
            if account in (None, message.account) and state in (None, message.state.name)
        )
        return islice(fitting, limit)

    def message(self, message_id: str) -> StoredMessage:
        """Return a message, the first of several with its id; raises `UnknownError`."""
        found = self.smsc.messages.find(message_id)
        if not found:
            raise UnknownError(f"there is no message {message_id!r}")
        return found[0]

    def send_receipt(self, message_id: str, receipt: ReceiptToSend) -> StoredMessage:
        """Send a receipt now; raises `UnknownError`."""
        message = self.message(message_id)
        self.smsc.futures.tell_now(message, receipt.state, self._clock(), final=receipt.final)
        return message

    def send_mo(self, message: MoMessage) -> MoSent:
        """Send one MO message; raises `UnknownError` for an account that there is not."""
        self._known(message.account)
        parts = self.smsc.mobile_originated.send(message)
        return MoSent(parts=parts, waiting=self.smsc.deliveries.waiting(message.account))

    def start_stream(self, stream: MoStream) -> StreamView:
        """Begin a stream; raises `ValueError` for one too many, `UnknownError` as `send_mo`."""
        self._known(stream.account)
        return StreamView.of(self.smsc.mobile_originated.start(stream, self._clock()))

    def stop_stream(self, number: int) -> None:
        """Stop a stream; raises `UnknownError`."""
        if not self.smsc.mobile_originated.stop(number):
            raise UnknownError(f"there is no stream {number}")

    def alert(self, alert: AlertToSend) -> None:
        """Send an alert_notification; raises `UnknownError` as `send_mo`."""
        self._known(alert.account)
        pdu = AlertNotification(
            source_addr_ton=alert.source_ton,
            source_addr_npi=alert.source_npi,
            source_addr=alert.source.encode(),
            esme_addr_ton=alert.esme_ton,
            esme_addr_npi=alert.esme_npi,
            esme_addr=alert.esme.encode(),
        )
        self.smsc.deliveries.send(alert.account, pdu)

    def _known(self, account: str) -> None:
        if account not in self.accounts.system_ids:
            raise UnknownError(f"there is no account {account!r}")

    # PDUs

    def pdus(self, *, account: str | None, session: int | None, limit: int) -> Iterator[Entry]:
        """Go through the last PDUs, the newest first."""
        return islice(self._ring.last(account=account, session=session), limit)

    def forget_pdus(self) -> None:
        """Empty the ring."""
        self._ring.clear()
