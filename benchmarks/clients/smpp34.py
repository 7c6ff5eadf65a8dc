"""PyPI smpp34: the protocol in Rust, a hundred users in Python."""

import asyncio
import os

import smpp34

from benchmarks.clients.run import DESTINATION, SOURCE, TEXT, arguments, users

_ALPHANUMERIC, _INTERNATIONAL = 5, 1


async def _main() -> None:
    port, _ = arguments()
    smsc = await smpp34.Client("127.0.0.1", port, "demo", "demo").connect()

    async def submit() -> None:
        answer = await smsc.submit_sm(
            DESTINATION,
            TEXT.encode(),
            source_addr=SOURCE,
            source_addr_ton=_ALPHANUMERIC,
            dest_addr_ton=_INTERNATIONAL,
            dest_addr_npi=1,
        )
        if not answer.is_success:
            raise ConnectionError(f"refused: {answer.command_status:#x}")

    await users(submit)


if __name__ == "__main__":
    asyncio.run(_main())
    os._exit(0)  # its threads can abort an interpreter that ends
