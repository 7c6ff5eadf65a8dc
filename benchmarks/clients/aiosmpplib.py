"""PyPI aiosmpplib: messages go in a queue, a hook hears of the responses."""

import asyncio
import os

from aiosmpplib import ESME, NPI, TON, AbstractHook, PhoneNumber, SubmitSm, SubmitSmResp
from aiosmpplib.broker import SimpleBroker

from benchmarks.clients.run import DESTINATION, SOURCE, TEXT, WINDOW, Clock, arguments


class _Hook(AbstractHook):
    def __init__(self) -> None:
        self.room = asyncio.Semaphore(WINDOW)
        self.clock = Clock()

    async def sending(self, *_: object) -> None:
        pass

    async def received(self, smpp_message: object, *_: object) -> None:
        if isinstance(smpp_message, SubmitSmResp):
            self.clock.accepted += 1
            self.room.release()

    async def send_error(self, _: object, error: Exception, __: object) -> None:
        raise error


async def _main() -> None:
    port, _ = arguments()
    hook = _Hook()
    esme = ESME(
        "127.0.0.1", port, "demo", "demo", hook=hook, broker=SimpleBroker(), log_level="ERROR"
    )
    await esme.connect()
    running = asyncio.get_running_loop().create_task(esme.start())
    hook.clock = Clock()
    while not hook.clock.over:
        await hook.room.acquire()
        await esme.broker.enqueue(
            SubmitSm(
                short_message=TEXT,
                source=PhoneNumber(SOURCE, TON.ALPHANUMERIC, NPI.UNKNOWN),
                destination=PhoneNumber(DESTINATION, TON.INTERNATIONAL, NPI.ISDN),
            )
        )
    hook.clock.say()
    running.cancel()


if __name__ == "__main__":
    asyncio.run(_main())
    os._exit(0)
