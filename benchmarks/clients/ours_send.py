"""Our client the fast way: one user pipelines submit_sm by `esme.send`, and counts responses."""

import asyncio

import uvloop

import telecom
from benchmarks.clients.run import ACCOUNT, DESTINATION, SOURCE, TEXT, WINDOW, Clock, arguments
from telecom.smpp.pdus import Pdu, SubmitSm


async def _main() -> None:
    port, _ = arguments()
    async with telecom.connect("127.0.0.1", port, window=WINDOW, **ACCOUNT) as esme:
        clock = Clock()

        def answered(response: asyncio.Future[Pdu]) -> None:
            clock.accepted += response.result().command_status == 0

        while not clock.over:
            pdu = SubmitSm(
                source_addr_ton=5,
                source_addr=SOURCE.encode(),
                dest_addr_ton=1,
                dest_addr_npi=1,
                destination_addr=DESTINATION.encode(),
                short_message=TEXT.encode(),
            )
            last = await esme.send(pdu)
            last.add_done_callback(answered)
        await last
        clock.say()


if __name__ == "__main__":
    uvloop.run(_main())
