"""Servers and their peers, ended with the test."""

from collections.abc import AsyncIterator
from pathlib import Path
from ssl import SSLContext
from typing import Any

import pytest

from telecom.net.smpp.link import LinkLimits
from telecom.net.smpp.server import SmppServer
from telecom.net.smpp.terms import ServerLimits
from telecom.net.smpp.tls import self_signed
from telecom.smpp.limits import SessionLimits
from tests.net.smpp_peer import Peer
from tests.net.smpp_user import Join, Start, User


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate and its key."""
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def user() -> User:
    return User()


@pytest.fixture
async def start(user: User) -> AsyncIterator[Start]:
    servers = []

    async def start(**limits: Any) -> SmppServer:
        session, ssl = limits.pop("session", {}), limits.pop("ssl", None)
        link = {name: limits.pop(name) for name in LinkLimits.__struct_fields__ if name in limits}
        server = SmppServer(
            authenticate=user.authenticate,
            on_requests=user.requests,
            on_bound=user.bound,
            on_unbound=user.unbound,
            system_id="smsc",
            limits=ServerLimits(
                link=LinkLimits(session=SessionLimits(**session), **link), **limits
            ),
            capture=user.capture,
        )
        servers.append(server)
        await server.start("127.0.0.1", 0, ssl)
        return server

    yield start
    for server in servers:
        await server.close(0)


@pytest.fixture
async def join() -> AsyncIterator[Join]:
    peers = []

    async def join(server: SmppServer, ssl: SSLContext | None = None) -> Peer:
        peers.append(await Peer.to(server.addresses[0], ssl))
        return peers[-1]

    yield join
    for peer in peers:
        await peer.close()
