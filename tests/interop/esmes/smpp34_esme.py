"""PyPI smpp34 as an ESME: SMPP 3.4 in Rust; alphabets are its user's affair, so Python's."""

import asyncio
import os
import re

import smpp34
from esmes.events import PLAN, Expected, say

ISDN, INTERNATIONAL, UCS2 = 1, 1, 8

expected = Expected()


def content(text):
    if text.isascii() and not set(text) & set("[]{}~^|\\"):
        octets, data_coding = text.encode(), 0
    else:
        octets, data_coding = text.encode("utf-16-be"), UCS2
    if len(octets) > 254:
        payload = smpp34.Tlv(smpp34.TLV_MESSAGE_PAYLOAD, octets)
        return {"tlvs": [payload], "data_coding": data_coding}
    return {"short_message": octets, "data_coding": data_coding}


async def submit(smsc, message):
    answer = await smsc.submit_sm(
        message["to"],
        source_addr=PLAN["source"],
        source_addr_ton=INTERNATIONAL,
        source_addr_npi=ISDN,
        dest_addr_ton=INTERNATIONAL,
        dest_addr_npi=ISDN,
        registered_delivery=1,
        **content(message["text"]),
    )
    ids = [answer.message_id] if answer.is_success else []
    expected.answered(message["to"], answer.command_status, ids)


async def listen(smsc):
    event = await smsc.next()
    assert isinstance(event, smpp34.DeliverSmEvent), event
    tlvs = {tlv.tag: tlv for tlv in event.tlvs}
    if event.esm_class & 0x04:
        message_id = tlvs[smpp34.TLV_RECEIPTED_MESSAGE_ID].as_string()
        state = tlvs[smpp34.TLV_MESSAGE_STATE].as_int()
        stat = re.search(rb"stat:(\w+)", event.short_message)
        expected.receipt(message_id, stat[1].decode(), state)
    else:
        text = event.short_message.decode()
        expected.message(event.source_addr, event.destination_addr, text)


async def main():
    client = smpp34.Client("127.0.0.1", PLAN["port"], PLAN["system_id"], PLAN["password"])
    smsc = await client.connect()
    say("bound", status=0, system_id=smsc.system_id)
    await asyncio.gather(*[submit(smsc, message) for message in PLAN["messages"]])
    while expected:
        await listen(smsc)
    await smsc.unbind()
    say("unbound", status=0)


asyncio.run(main())
os._exit(0)  # its threads can abort an interpreter that ends
