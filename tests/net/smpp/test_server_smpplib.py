"""PyPI smpplib as an ESME."""

import asyncio
from typing import Any

import pytest
import smpplib.client
import smpplib.consts
import smpplib.exceptions

from telecom.net.tasks import spawn
from telecom.smpp.status import CommandStatus as Status
from tests.net.smpp_peer import until
from tests.net.smpp_user import DELIVER, Start, User


def a_foreign_client(address: tuple[str, int], received: list[bytes]) -> list[bytes]:
    """Bind with smpplib, submit twice and wait for a deliver_sm."""
    client = smpplib.client.Client(*address, allow_unknown_opt_params=True, timeout=5)
    ids: list[bytes] = []

    def message_received(pdu: Any) -> int:
        received.append(pdu.short_message)
        return int(smpplib.consts.SMPP_ESME_ROK)

    client.set_message_sent_handler(lambda pdu: ids.append(pdu.message_id))
    client.set_message_received_handler(message_received)
    client.connect()
    client.bind_transceiver(system_id="demo", password="demo")
    for text in (b"one", b"two"):
        client.send_message(source_addr="1", destination_addr="447700900123", short_message=text)
    while len(ids) < 2 or not received:
        client.read_once()
    client.unbind()
    client.disconnect()
    return ids


async def test_smpplib(start: Start, user: User) -> None:
    server = await start()
    received: list[bytes] = []
    client = asyncio.to_thread(a_foreign_client, server.addresses[0], received)
    running = spawn(client, name="smpplib")
    await until(lambda: sum(map(len, user.reads)) == 2)
    (session,) = server.sessions
    assert (await session.request(DELIVER)).command_status == Status.ESME_ROK
    assert len(await running) == 2
    assert received == [b"hello"]
    submits = [request for read in user.reads for request in read]
    assert [getattr(submit, "short_message", b"") for submit in submits] == [b"one", b"two"]


def a_foreign_client_with_a_wrong_password(address: tuple[str, int]) -> None:
    client = smpplib.client.Client(*address, allow_unknown_opt_params=True, timeout=5)
    client.connect()
    try:
        client.bind_transmitter(system_id="demo", password="wrong")
    finally:
        client.disconnect()


async def test_smpplib_with_a_wrong_password(start: Start) -> None:
    server = await start()
    with pytest.raises(smpplib.exceptions.PDUError, match="Invalid Password"):
        await asyncio.to_thread(a_foreign_client_with_a_wrong_password, server.addresses[0])
