"""The simulated SMSC on its listener: binds, answers, receipts."""

import asyncio
import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from smsc_sim.behaviour import Behaviour, Rule
from smsc_sim.config import SmscSimConfig
from telecom.net.smpp_server import ServerSession, SmppServer
from telecom.runtime.daemon import Daemon
from telecom.runtime.service import taking_port
from telecom.smpp.pdus import Bind, DataSm, DataSmResp, DeliverSm, Pdu, SubmitSm, SubmitSmResp
from telecom.smpp.status import CommandStatus
from telecom.smpp.tlvs import MESSAGE_STATE, RECEIPTED_MESSAGE_ID
from telecom.sms.receipt import DeliveryReceipt, MessageState, encode

_DELIVERY_RECEIPT: Final = 0x04
"""esm_class of a receipt, SMPP 3.4 5.2.12."""
_DRAIN: Final = 1.0


class SmscSim(Daemon):
    """A simulated SMSC."""

    def __init__(self, config: SmscSimConfig) -> None:
        super().__init__()
        self._config = config
        self._behaviour = Behaviour(row.rule() for row in config.rules)
        self._passwords = {
            account.system_id: account.password.get_secret_value().encode()
            for account in config.accounts
        }
        self._ids = count(1)
        self._receivers: dict[str, list[ServerSession]] = {}
        self._handlers: dict[type[Pdu], Callable[[ServerSession, Any], None]] = {
            SubmitSm: self._submitted,
            DataSm: self._submitted,
        }
        self._server = SmppServer(
            authenticate=self._authenticate,
            on_requests=self._requested,
            on_bound=self._bound,
            on_unbound=self._unbound,
            system_id=config.smpp.system_id,
        )

    async def _start(self) -> None:
        smpp = self._config.smpp
        async with taking_port("the SMSC simulator", smpp.host, smpp.port):
            await self._server.start(smpp.host, smpp.port)
        self.running.push_async_callback(self._server.close, drain=_DRAIN)
        ((host, port),) = self._server.addresses
        self.addresses["SMPP (SMSC simulator)"] = f"{host}:{port}"

    async def _authenticate(self, bind: Bind, _: ServerSession) -> CommandStatus:
        expected = self._passwords.get(bind.system_id.decode("latin-1"))
        if expected is None or not hmac.compare_digest(expected, bind.password):
            return CommandStatus.ESME_RINVPASWD
        return CommandStatus.ESME_ROK

    def _bound(self, session: ServerSession) -> None:
        if session.receives:
            self._receivers.setdefault(session.system_id, []).append(session)

    def _unbound(self, session: ServerSession) -> None:
        if session.receives:
            self._receivers[session.system_id].remove(session)

    def _requested(self, session: ServerSession, requests: list[Pdu]) -> None:
        for request in requests:
            handler = self._handlers.get(type(request))
            if handler is None:
                session.reject(request, CommandStatus.ESME_RINVCMDID)
            else:
                handler(session, request)

    def _submitted(self, session: ServerSession, request: SubmitSm | DataSm) -> None:
        rule = self._behaviour.towards(request.destination_addr.decode("latin-1"))
        if rule.delay:
            loop = asyncio.get_running_loop()
            loop.call_later(rule.delay, self._answer, session, request, rule)
        else:
            self._answer(session, request, rule)

    def _answer(self, session: ServerSession, request: SubmitSm | DataSm, rule: Rule) -> None:
        if rule.status != CommandStatus.ESME_ROK:
            session.reject(request, rule.status)
            return
        message_id = f"{next(self._ids):010d}"
        response = SubmitSmResp if isinstance(request, SubmitSm) else DataSmResp
        session.respond(request, response(message_id=message_id.encode()))
        if request.registered_delivery & 0x03 and rule.state is not None:
            receipt = _receipt(request, message_id, rule.state)
            loop = asyncio.get_running_loop()
            loop.call_later(rule.receipt_delay, self._deliver, session.system_id, receipt)

    def _deliver(self, system_id: str, receipt: DeliverSm) -> None:
        """Send a receipt to whoever is bound as the account's receiver; to nobody it is lost."""
        for session in self._receivers.get(system_id, [])[:1]:
            session.request(receipt).add_done_callback(lambda answered: answered.exception())


def _receipt(request: SubmitSm | DataSm, message_id: str, state: MessageState) -> DeliverSm:
    now = datetime.now(UTC)
    delivered = state is MessageState.DELIVRD
    told = DeliveryReceipt(
        id=message_id,
        stat=state,
        submitted=1,
        delivered=int(delivered),
        submit_date=now,
        done_date=now,
        err="000" if delivered else "001",
    )
    return DeliverSm(
        source_addr_ton=request.dest_addr_ton,
        source_addr_npi=request.dest_addr_npi,
        source_addr=request.destination_addr,
        dest_addr_ton=request.source_addr_ton,
        dest_addr_npi=request.source_addr_npi,
        destination_addr=request.source_addr,
        esm_class=_DELIVERY_RECEIPT,
        short_message=encode(told),
        tlvs=(RECEIPTED_MESSAGE_ID(message_id.encode()), MESSAGE_STATE(state)),
    )
