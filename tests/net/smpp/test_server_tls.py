"""TLS listeners: who comes in, and what the server knows of it."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from telecom.net.smpp.server import ServerSession
from telecom.net.smpp.tls import client_context, common_name, server_context
from telecom.smpp.pdus import Bind, BindTransceiverResp, SubmitSmResp
from telecom.smpp.status import CommandStatus as Status
from tests.net.smpp_peer import Peer, until
from tests.net.smpp_user import SUBMIT, Join, Start, User

Files = tuple[Path, Path]


@pytest.fixture(autouse=True)
async def no_error_in_the_loop() -> AsyncIterator[None]:
    errors: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, error: errors.append(error))
    yield
    assert errors == []


async def test_plain_and_tls_together(
    start: Start, join: Join, user: User, certificate: Files
) -> None:
    server = await start()
    await server.start("127.0.0.1", 0, server_context(*certificate))
    plain = await join(server)
    secure = await Peer.to(server.addresses[1], client_context(ca=certificate[0]))
    for peer in (plain, secure):
        await peer.bind()
        assert await peer.ask(SUBMIT, 2) == SubmitSmResp(b"2", sequence_number=2)
    assert sorted(session.is_secure for session in server.sessions) == [False, True]
    assert all(session.client_certificate is None for session in server.sessions)
    await secure.close()


async def test_a_certificate_may_stand_for_the_password(
    start: Start, join: Join, user: User, certificate: Files
) -> None:
    async def authenticate(bind: Bind, session: ServerSession) -> int:
        is_known = common_name(session.client_certificate) == "localhost"
        return Status.ESME_ROK if is_known else Status.ESME_RINVPASWD

    user.authenticate = authenticate  # type: ignore[method-assign]
    listener = server_context(*certificate, client_ca=certificate[0], client_required=False)
    listener.verify_flags |= ssl.VERIFY_X509_STRICT
    server = await start(ssl=listener)
    ca, key = certificate
    for context, status in (
        (client_context(ca=ca, certificate=ca, key=key), Status.ESME_ROK),
        (client_context(ca=ca), Status.ESME_RINVPASWD),
    ):
        context.verify_flags |= ssl.VERIFY_X509_STRICT  # as Python 3.13 has it
        response = await (await join(server, context)).bind()
        assert isinstance(response, BindTransceiverResp)
        assert response.command_status == status


async def test_who_has_no_certificate_stays_out(
    start: Start, certificate: Files, user: User
) -> None:
    server = await start(ssl=server_context(*certificate, client_ca=certificate[0]))
    peer = await Peer.to(server.addresses[0], client_context(ca=certificate[0]))
    with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
        await peer.bind()
    await peer.close()
    await until(lambda: not server._connections)
    assert user.log == []


async def test_another_name_than_the_certificates(start: Start, certificate: Files) -> None:
    server = await start(ssl=server_context(*certificate))
    context = client_context(ca=certificate[0])
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        await asyncio.open_connection(
            *server.addresses[0], ssl=context, server_hostname="smsc.example"
        )
    with pytest.raises(ssl.SSLCertVerificationError):
        await Peer.to(server.addresses[0], client_context())


async def test_tls_1_1_is_refused(start: Start, certificate: Files) -> None:
    server = await start(ssl=server_context(*certificate))
    context = client_context(verify=False)
    with warnings.catch_warnings(action="ignore"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await Peer.to(server.addresses[0], context)


@pytest.mark.parametrize(
    "octets", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00" + b"\xff" * 600, b"\x00" * 9]
)
async def test_octets_that_are_no_tls(
    start: Start, join: Join, certificate: Files, octets: bytes
) -> None:
    server = await start(ssl=server_context(*certificate))
    peer = await join(server)
    peer.send(octets)
    peer.writer.write_eof()
    await until(lambda: len(server._connections) == 1)
    await until(lambda: not server._connections)


async def test_a_handshake_has_its_time(start: Start, join: Join, certificate: Files) -> None:
    server = await start(ssl=server_context(*certificate), session={"session_init_timer": 0.05})
    peer = await join(server)
    assert await peer.at_end()
    await until(lambda: not server._connections)


async def test_who_does_not_finish_the_handshake_gives_way(
    start: Start, join: Join, certificate: Files
) -> None:
    server = await start(ssl=server_context(*certificate), unbound_connections=5)
    flood = [await join(server) for _ in range(20)]
    comes_to_bind = await join(server, client_context(ca=certificate[0]))
    assert isinstance(await comes_to_bind.bind(), BindTransceiverResp)
    assert all([await peer.at_end() for peer in flood[:15]])
    assert len(server._unbound) < 5


async def test_close_ends_handshakes(start: Start, join: Join, certificate: Files) -> None:
    server = await start(ssl=server_context(*certificate))
    peer = await join(server)
    await until(lambda: len(server._connections) == 1)
    await server.close(5)
    assert await peer.at_end()
    await until(lambda: not server._connections)
