"""The ESMEs of this node: who may bind, and what becomes of their requests."""

from collections.abc import Callable
from typing import Any

import structlog

from telecom.gateway.accounts import Accounts
from telecom.gateway.submission import Submissions
from telecom.gateway.to_esme import ToEsme
from telecom.net.smpp_server import ServerSession
from telecom.smpp.pdus import Bind, DataSm, Pdu, SubmitSm
from telecom.smpp.status import CommandStatus

_log = structlog.get_logger("telecom.gateway.esmes")


class Esmes:
    """What the SMPP server asks: may it bind, what to do with its requests."""

    def __init__(self, accounts: Accounts, submissions: Submissions, to_esme: ToEsme) -> None:
        self._accounts = accounts
        self._to_esme = to_esme
        self._binds: dict[str, int] = {}
        self._handlers: dict[type[Pdu], Callable[[ServerSession, Any], None]] = {
            SubmitSm: submissions.take,
            DataSm: submissions.take,
        }

    @property
    def binds(self) -> int:
        """How many sessions are bound."""
        return sum(self._binds.values())

    async def authenticate(self, bind: Bind, session: ServerSession) -> CommandStatus:
        """Decide about a bind, SMPP 3.4 4.1."""
        system_id = bind.system_id.decode("latin-1")
        account = await self._accounts.authenticate(system_id, bind.password)
        if account is None:
            _log.warning("bind_refused", system_id=system_id, peer=session.peer[0])
            return CommandStatus.ESME_RINVPASWD  # for a name that is none, too: it tells nobody
        if self._binds.get(system_id, 0) >= account.max_binds:
            return CommandStatus.ESME_RBINDFAIL
        return CommandStatus.ESME_ROK

    def bound(self, session: ServerSession) -> None:
        """Take note of a session that has been bound."""
        self._binds[session.system_id] = self._binds.get(session.system_id, 0) + 1
        self._to_esme.bound(session)

    def unbound(self, session: ServerSession) -> None:
        """Take note of a session that is over."""
        self._binds[session.system_id] -= 1
        self._to_esme.unbound(session)

    def requests(self, session: ServerSession, requests: list[Pdu]) -> None:
        """Take all the requests of one read; each is answered, some of them later."""
        for request in requests:
            handler = self._handlers.get(type(request))
            if handler is None:
                session.reject(request, CommandStatus.ESME_RINVCMDID)
            else:
                handler(session, request)
