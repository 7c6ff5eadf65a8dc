"""The server of PyPI smpp34: it reads PDUs in Rust, a Python coroutine answers each."""

import asyncio
import sys
from itertools import count

import smpp34


async def _serve(port: int) -> None:
    server = smpp34.Server("127.0.0.1", port, system_id="smpp34")
    await server.start()
    print("ready", flush=True)
    ids = count()
    while True:
        event = await server.next()
        if isinstance(event, smpp34.SubmitSmEvent):
            event.accept(f"0568ac1f3a{next(ids):010x}")


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
