"""The only rooms that know asyncio, sockets and clocks."""
