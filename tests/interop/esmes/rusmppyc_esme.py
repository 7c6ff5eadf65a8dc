"""PyPI rusmppyc as an ESME: SMPP 5.0 in Rust, with its own alphabets and its own splitting."""

import asyncio
import os
import re

from esmes.events import PLAN, Expected, say
from rusmppyc import (
    Client,
    Encoder,
    Event,
    Gsm7BitUnpacked,
    InterfaceVersion,
    MCDeliveryReceipt,
    Npi,
    Pdu,
    RegisteredDelivery,
    Ton,
    Ucs2,
)
from rusmppyc.exceptions import UnexpectedResponseException

ESME_RINVDSTADR = 0x0B

expected = Expected()
changed = asyncio.Event()


def text_of(octets):
    return bytes(octets).rstrip(b"\0").decode()


async def listen(client, events):
    async for event in events:
        assert isinstance(event, Event.Incoming), event
        command = event._0
        if not isinstance(command.pdu, Pdu.DeliverSm):
            continue
        await client.deliver_sm_resp(command.sequence_number)
        received(command.pdu._0)
        changed.set()


def received(deliver):
    text = text_of(deliver.short_message)
    if stat := re.search(r"id:(\S+) .*stat:(\w+)", text):
        expected.receipt(stat[1], stat[2], None)
    else:
        source, destination = text_of(deliver.source_addr), text_of(deliver.destination_addr)
        expected.message(source, destination, text)


def parts_of(message):
    fields = {
        "source_addr_ton": Ton.International(),
        "source_addr_npi": Npi.Isdn(),
        "source_addr": PLAN["source"],
        "dest_addr_ton": Ton.International(),
        "dest_addr_npi": Npi.Isdn(),
        "destination_addr": message["to"],
        "registered_delivery": RegisteredDelivery(
            mc_delivery_receipt=MCDeliveryReceipt.McDeliveryReceiptRequestedWhereFinalDeliveryOutcomeIsSuccessOrFailure()
        ),
    }
    unicode = not message["text"].isascii() and "€" not in message["text"]
    encoder = (
        Encoder.Ucs2(Ucs2(False)) if unicode else Encoder.Gsm7BitUnpacked(Gsm7BitUnpacked.default())
    )
    if message["long"]:
        return Client.submit_sm_multipart(message["text"], reference=7, encoder=encoder, **fields)
    return [Client.submit_sm_encode(message["text"], encoder=encoder, **fields)]


async def submit(client, message):
    try:
        answers = [await client.submit_sm(part) for part in parts_of(message)]
    except UnexpectedResponseException as error:
        refused = "Rinvdstadr" in str(error)  # it does not tell the number
        expected.answered(message["to"], ESME_RINVDSTADR if refused else -1, [])
    else:
        ids = [text_of(answer.message_id) for answer in answers]
        expected.answered(message["to"], 0, ids)


async def main():
    client, events = await Client.connect(f"smpp://127.0.0.1:{PLAN['port']}")
    listening = asyncio.get_running_loop().create_task(listen(client, events))
    bound = await client.bind_transceiver(
        PLAN["system_id"], PLAN["password"], interface_version=InterfaceVersion.Smpp5_0()
    )
    version = re.search(r"ScInterfaceVersion\((\w+)\)", repr(bound.sc_interface_version))
    say("bound", status=0, system_id=text_of(bound.system_id), version=version and version[1])
    for message in PLAN["messages"]:
        await submit(client, message)
    while expected:
        changed.clear()
        await changed.wait()
    await client.unbind()
    say("unbound", status=0)
    await client.closed()  # the SMSC closes what has been unbound
    listening.cancel()


asyncio.run(main())
os._exit(0)  # its threads can abort an interpreter that ends
