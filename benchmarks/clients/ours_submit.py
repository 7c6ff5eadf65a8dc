"""Our client as people use it: a hundred users, each awaits `esme.submit`."""

import uvloop

import telecom
from benchmarks.clients.run import ACCOUNT, DESTINATION, SOURCE, TEXT, WINDOW, arguments, users


async def _main() -> None:
    port, _ = arguments()
    async with telecom.connect("127.0.0.1", port, window=WINDOW, **ACCOUNT) as esme:
        await users(lambda: esme.submit(DESTINATION, TEXT, source=SOURCE))


if __name__ == "__main__":
    uvloop.run(_main())
