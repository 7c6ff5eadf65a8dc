"""PyPI aiosmpplib as an ESME: a broker takes the messages, hooks tell what became of them."""

import asyncio

from aiosmpplib import (
    ESME,
    NPI,
    TON,
    AbstractHook,
    DeliverSm,
    PhoneNumber,
    SubmitSm,
    SubmitSmResp,
)
from aiosmpplib.state import RECEIPTED_MESSAGE_ID
from esmes.events import PLAN, Expected, say

expected = Expected()


class Hook(AbstractHook):
    def __init__(self):
        self.unanswered = len(PLAN["messages"])
        self.changed = asyncio.Event()

    async def sending(self, smpp_message, pdu, client_id):
        pass

    async def received(self, smpp_message, pdu, client_id):
        if isinstance(smpp_message, DeliverSm) and smpp_message.is_receipt():
            told = smpp_message.parse_receipt()
            (message_id,) = (
                each.value
                for each in smpp_message.optional_params
                if each.tag == RECEIPTED_MESSAGE_ID
            )
            assert message_id == told["id"]
            expected.receipt(message_id, told["stat"], None)
        elif isinstance(smpp_message, DeliverSm):
            source, destination = smpp_message.source.number, smpp_message.destination.number
            expected.message(source, destination, smpp_message.short_message)
        elif isinstance(smpp_message, SubmitSmResp):
            self.unanswered -= 1
            status = int(smpp_message.command_status)
            ids = [smpp_message.message_id] if status == 0 else []
            expected.answered(smpp_message.log_id, status, ids)
        self.changed.set()

    async def send_error(self, smpp_message, error, client_id):
        raise error


async def main():
    hook = Hook()
    esme = ESME(
        "127.0.0.1", PLAN["port"], PLAN["system_id"], PLAN["password"], hook=hook, log_level="ERROR"
    )
    for message in PLAN["messages"]:
        await esme.broker.enqueue(
            SubmitSm(
                short_message=message["text"],
                source=PhoneNumber(PLAN["source"], TON.INTERNATIONAL, NPI.ISDN),
                destination=PhoneNumber(message["to"], TON.INTERNATIONAL, NPI.ISDN),
                log_id=message["to"],
            )
        )
    await esme.connect()
    say("bound", status=0, system_id="")
    running = asyncio.get_running_loop().create_task(esme.start())
    while hook.unanswered or expected:
        hook.changed.clear()
        await hook.changed.wait()
    await esme.stop()
    await running
    say("unbound", status=0)


asyncio.run(main())
