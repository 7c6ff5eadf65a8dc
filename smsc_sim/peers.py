"""An ESME's session, as far as what an SMSC does needs it; the octets are another matter."""

import asyncio
from random import Random
from typing import Protocol

from smsc_sim.actions import Action
from telecom.smpp.pdus import Pdu
from telecom.smpp.versions import InterfaceVersion


class Peer(Protocol):
    """A session."""

    number: int
    """Tells it from all others."""
    in_hand: int
    """How many requests of the ESME have no response yet, of those that came up to now."""

    @property
    def system_id(self) -> str:
        """Who has bound; empty before that."""

    @property
    def version(self) -> InterfaceVersion:
        """What both ends speak."""

    @property
    def receives(self) -> bool:
        """Whether deliver_sm may be sent to it."""

    @property
    def closed(self) -> bool:
        """Whether it is over."""

    def script(self, request: Pdu, action: Action, random: Random) -> None:
        """Say in which way the response to a request will go out."""

    def respond(self, request: Pdu, response: Pdu) -> None:
        """Answer a request."""

    def reject(self, request: Pdu, command_status: int) -> None:
        """Answer a request with a status and no body."""

    def request(self, pdu: Pdu) -> asyncio.Future[Pdu]:
        """Send a request; the future is of its response."""

    def notify(self, pdu: Pdu) -> None:
        """Send what has no response."""
