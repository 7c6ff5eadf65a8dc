"""The ESMEs of this node: their sessions, and what becomes of their requests."""

from telecom.gateway.access.binds import Binds
from telecom.gateway.esme.to_esme import ToEsme
from telecom.gateway.submission.messaging import Messaging
from telecom.net.smpp.server import ServerSession
from telecom.net.smpp.terms import SessionTerms
from telecom.smpp.pdus import Bind, Pdu
from telecom.smpp.status import CommandStatus


class Esmes:
    """What the SMPP server asks: may it bind, what to do with its requests."""

    def __init__(self, binds: Binds, messaging: Messaging, to_esme: ToEsme) -> None:
        self._binds = binds
        self._to_esme = to_esme
        self._handlers = messaging.handlers

    async def authenticate(self, bind: Bind, session: ServerSession) -> int | SessionTerms:
        """Decide about a bind, SMPP 3.4 4.1."""
        return await self._binds.authenticate(bind, session)

    def bound(self, session: ServerSession) -> None:
        """Take note of a session that has been bound."""
        self._binds.bound(session)
        self._to_esme.bound(session)

    def unbound(self, session: ServerSession) -> None:
        """Take note of a session that is over."""
        self._binds.unbound(session)
        self._to_esme.unbound(session)

    def requests(self, session: ServerSession, requests: list[Pdu]) -> None:
        """Take all the requests of one read; each is answered, some of them later."""
        for request in requests:
            handler = self._handlers.get(type(request))
            if handler is None:
                session.reject(request, CommandStatus.ESME_RINVCMDID)
            else:
                handler(session, request)
