"""PyPI smpp34 as an SMSC: it accepts, sends a receipt for what asks for one, and replies."""

import asyncio
import socket
from itertools import count

import smpp34

RECEIPT = 0x04


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def receipt_of(message_id):
    return (
        f"id:{message_id} sub:001 dlvrd:001 submit date:2611220000 done date:2611220000"
        " stat:DELIVRD err:000 text:"
    ).encode()


async def answer(esme, event, message_id):
    back = {"source_addr": event.destination_addr, "destination_addr": event.source_addr}
    overtakes = event.destination_addr.endswith("111")
    if not overtakes:
        event.accept(message_id)
    if event.registered_delivery & 1:
        octets = receipt_of(int(message_id))  # without its leading zeros, as real SMSCs have it
        await esme.deliver_sm(**back, esm_class=RECEIPT, short_message=octets)
    if overtakes:
        event.accept(message_id)
    if event.short_message == b"answer me":
        text = "re: привет".encode("utf-16-be")
        await esme.deliver_sm(**back, data_coding=8, short_message=text)


async def main():
    port = free_port()
    server = smpp34.Server("127.0.0.1", port, system_id="smpp34")
    await server.start()
    print(port, flush=True)
    esmes, under_way = {}, set()
    for number in count(1000):
        event = await server.next()
        while isinstance(event, smpp34.Esme | smpp34.Unbound):
            if isinstance(event, smpp34.Esme):
                esmes[event.session_id] = event
            event = await server.next()
        if event.destination_addr.endswith("999"):
            event.reject(smpp34.ESME_RTHROTTLED)
            continue
        answering = answer(esmes[event.session_id], event, f"{number:010d}")
        task = asyncio.get_running_loop().create_task(answering)
        under_way.add(task)
        task.add_done_callback(under_way.discard)


asyncio.run(main())
