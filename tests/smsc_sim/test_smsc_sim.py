"""The simulator with a client of its own protocol, octet by octet."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from smsc_sim.behaviour import OTHERWISE, Behaviour, Rule
from smsc_sim.config import SmscSimConfig
from smsc_sim.node import SmscSim
from telecom.runtime.config import load
from telecom.runtime.errors import ConfigError
from telecom.smpp import codec
from telecom.smpp.pdus import BindTransceiver, DeliverSm, DeliverSmResp, Pdu, SubmitSm
from telecom.smpp.status import CommandStatus
from telecom.smpp.tlvs import MESSAGE_STATE, RECEIPTED_MESSAGE_ID
from telecom.sms.receipt import MessageState, parse

CONFIG = Path(__file__).parents[2] / "configs" / "smsc_sim.toml"


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def receive(self) -> Pdu:
        length = await self.reader.readexactly(4)
        rest = await self.reader.readexactly(int.from_bytes(length, "big") - 4)
        pdu = codec.decode(length + rest)
        assert isinstance(pdu, Pdu)
        return pdu

    async def ask(self, pdu: Pdu) -> Pdu:
        self.writer.write(codec.encode(pdu, 7))
        return await self.receive()

    async def submit(self, destination: bytes) -> Pdu:
        return await self.ask(
            SubmitSm(
                source_addr=b"123",
                destination_addr=destination,
                registered_delivery=1,
                short_message=b"hello",
            )
        )


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    settings = load(SmscSimConfig, CONFIG)
    settings = settings.model_copy(update={"smpp": settings.smpp.model_copy(update={"port": 0})})
    async with SmscSim(settings) as simulator:
        host, _, port = next(iter(simulator.addresses.values())).rpartition(":")
        streams = await asyncio.open_connection(host, int(port))
        yield Client(*streams)
        streams[1].close()


async def test_a_message_is_accepted_and_its_receipt_comes(client: Client) -> None:
    await client.ask(BindTransceiver(system_id=b"demo", password=b"demo"))
    response = await client.submit(b"88210123")
    assert response.command_status == CommandStatus.ESME_ROK
    receipt = await client.receive()
    assert isinstance(receipt, DeliverSm)
    assert RECEIPTED_MESSAGE_ID.of(receipt) == b"0000000001"
    assert MESSAGE_STATE.of(receipt) == MessageState.DELIVRD
    told = parse(receipt.short_message)
    assert (told.id, told.stat) == ("0000000001", MessageState.DELIVRD)
    assert (receipt.source_addr, receipt.destination_addr) == (b"88210123", b"123")
    client.writer.write(codec.encode(DeliverSmResp(), receipt.sequence_number))


@pytest.mark.parametrize(
    ("destination", "status"),
    [
        (b"88210911", CommandStatus.ESME_RMSGQFUL),
        (b"88210912", CommandStatus.ESME_RTHROTTLED),
    ],
)
async def test_a_rule_decides_the_status(
    client: Client, destination: bytes, status: CommandStatus
) -> None:
    await client.ask(BindTransceiver(system_id=b"demo", password=b"demo"))
    assert (await client.submit(destination)).command_status == status


async def test_a_rule_decides_the_final_state(client: Client) -> None:
    await client.ask(BindTransceiver(system_id=b"demo", password=b"demo"))
    await client.submit(b"88210902")
    receipt = await client.receive()
    assert isinstance(receipt, DeliverSm)
    assert MESSAGE_STATE.of(receipt) == MessageState.UNDELIV


async def test_a_wrong_password_does_not_bind(client: Client) -> None:
    response = await client.ask(BindTransceiver(system_id=b"demo", password=b"no"))
    assert response.command_status == CommandStatus.ESME_RINVPASWD
    assert (await client.submit(b"1")).command_status == CommandStatus.ESME_RINVBNDSTS


def test_the_first_rule_that_fits_holds() -> None:
    busy = Rule("1", CommandStatus.ESME_RMSGQFUL)
    late = Rule("01", delay=1)
    assert Behaviour([busy, late]).towards("4401") is busy
    assert Behaviour([late, busy]).towards("4401") is late
    assert Behaviour([late]).towards("44") is OTHERWISE


@pytest.mark.parametrize("row", ['status = "ESME_NO"', 'state = "GONE"', 'ending = "a"'])
def test_a_wrong_rule_is_named(tmp_path: Path, row: str) -> None:
    path = tmp_path / "smsc_sim.toml"
    path.write_text(f'accounts = [{{ system_id = "a", password = "b" }}]\n[[rules]]\n{row}\n')
    with pytest.raises(ConfigError, match=r"rules\[1\]\."):
        load(SmscSimConfig, path)
