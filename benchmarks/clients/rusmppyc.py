"""PyPI rusmppyc: SMPP 5.0 in Rust; one user, for with several under way 0.4.0a2 stands still."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

from rusmppyc import Client, Npi, Ton

from benchmarks.clients.run import DESTINATION, SOURCE, TEXT, arguments, users


async def _take(events: AsyncIterator[Any]) -> None:
    """Take its events: while nobody does, it stands still."""
    async for _ in events:
        pass


async def _main() -> None:
    port, _ = arguments()
    client, events = await Client.connect(f"smpp://127.0.0.1:{port}", interface_version_check=False)
    taking = asyncio.get_running_loop().create_task(_take(events))
    await client.bind_transceiver("demo", "demo")
    await users(
        lambda: client.submit_sm(
            source_addr_ton=Ton.Alphanumeric(),
            source_addr=SOURCE,
            dest_addr_ton=Ton.International(),
            dest_addr_npi=Npi.Isdn(),
            destination_addr=DESTINATION,
            short_message=TEXT.encode(),
        ),
        count=1,
    )
    taking.cancel()


if __name__ == "__main__":
    asyncio.run(_main())
    os._exit(0)  # its threads can abort an interpreter that ends
