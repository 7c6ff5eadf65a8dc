"""The SMSC connects, and asks the ESME to bind."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

import telecom
from telecom.net.back_off import BackOff
from telecom.net.smpp.client.esme import Esme
from telecom.smpp.errors import LocalError, RefusedError
from telecom.smpp.pdus import (
    BindReceiver,
    BindReceiverResp,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    Outbind,
    Unbind,
    UnbindResp,
)
from telecom.smpp.status import CommandStatus as Status
from tests.net.smpp_peer import Peer, until

OUTBIND = Outbind(b"smsc", b"secret")


def listening(**options: Any) -> Esme:
    smsc = {"smsc_system_id": "smsc", "smsc_password": "secret"}
    back_off = BackOff(first=0.01, longest=0.02)
    return telecom.await_outbind(
        "127.0.0.1", 0, **smsc, system_id="demo", password="demo", back_off=back_off, **options
    )


@pytest.fixture
async def esme() -> AsyncIterator[Esme]:
    async with listening(wait=False) as esme:
        yield esme


async def called(esme: Esme) -> Peer:
    """Connect as the SMSC, and ask to bind."""
    peer = await Peer.to(esme.addresses[0])
    peer.send(OUTBIND, 1)
    bind = await peer.receive()
    assert isinstance(bind, BindReceiver)
    assert (bind.system_id, bind.password) == (b"demo", b"demo")
    peer.send(BindReceiverResp(b"smsc"), bind.sequence_number)
    await esme.bound()
    return peer


async def test_an_smsc_calls_and_delivers(esme: Esme) -> None:
    assert not esme.is_bound
    peer = await called(esme)
    assert esme.is_bound
    peer.send(DeliverSm(short_message=b"hello"), 5)
    delivery = await esme.delivery()
    assert delivery.text == "hello"
    await delivery.accept()
    assert await peer.receive() == DeliverSmResp(sequence_number=5)
    closing = asyncio.get_running_loop().create_task(esme.close())
    unbind = await peer.receive()
    assert isinstance(unbind, Unbind)
    peer.send(UnbindResp(), unbind.sequence_number)
    await closing
    await peer.close()


async def test_it_calls_again_after_the_link_is_lost(esme: Esme) -> None:
    await (await called(esme)).close()
    await until(lambda: not esme.is_bound)
    peer = await called(esme)
    peer.send(EnquireLink(), 7)
    assert await peer.receive() == EnquireLinkResp(sequence_number=7)
    await peer.close()


async def test_who_has_asked_and_gone_again_is_not_waited_for(esme: Esme) -> None:
    bound = await called(esme)
    gone = await Peer.to(esme.addresses[0])
    gone.send(OUTBIND, 1)
    await gone.close()
    await bound.close()
    await until(lambda: not esme.is_bound)
    await (await called(esme)).close()


@pytest.mark.parametrize("wrong", [Outbind(b"smsc", b"Secret"), Outbind(b"other", b"secret")])
async def test_who_is_not_the_smsc_learns_nothing(esme: Esme, wrong: Outbind) -> None:
    peer = await Peer.to(esme.addresses[0])
    peer.send(wrong, 1)
    assert await peer.at_end()
    await peer.close()
    assert not esme.is_bound
    await (await called(esme)).close()


async def test_who_says_nothing_keeps_the_smsc_out_for_no_time(esme: Esme) -> None:
    silent = [await Peer.to(esme.addresses[0]) for _ in range(17)]
    assert await silent[0].at_end()
    smsc = await called(esme)
    for peer in (*silent, smsc):
        await peer.close()


async def test_an_smsc_that_refuses_the_bind_that_it_asked_for() -> None:
    esme = listening()
    entering = asyncio.get_running_loop().create_task(esme.__aenter__())
    await until(lambda: esme.addresses[0][1] != 0)
    peer = await Peer.to(esme.addresses[0])
    peer.send(OUTBIND, 1)
    bind = await peer.receive()
    refusal = BindReceiverResp(command_status=Status.ESME_RINVPASWD)
    peer.send(refusal, bind.sequence_number)
    with pytest.raises(RefusedError, match="ESME_RINVPASWD"):
        await entering
    await peer.close()


def test_what_outbind_cannot_say() -> None:
    with pytest.raises(LocalError, match="a password"):
        telecom.await_outbind("", smsc_system_id="a", smsc_password="☃", system_id="demo")
