"""No SMPP server, but a loop that reads headers: no other can be faster, nor the load generator."""

import asyncio
import signal
import struct
import sys
from typing import cast

import uvloop

_read_header = struct.Struct(">IIII").unpack_from
_write_header = struct.Struct(">IIII").pack
_MESSAGE_ID = b"0568ac1f3a00000000c7\0"


class _Headers(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._pending = b""

    def data_received(self, data: bytes) -> None:
        data = self._pending + data
        at, size = 0, len(data)
        answers: list[bytes] = []
        while size - at >= 16:
            length, command, _, sequence = _read_header(data, at)
            if size - at < length:
                break
            answers += (_write_header(37, command | 0x80000000, 0, sequence), _MESSAGE_ID)
            at += length
        self._pending = data[at:]
        self._transport.write(b"".join(answers))


async def _serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    await loop.create_server(_Headers, "127.0.0.1", port)
    print("ready", flush=True)
    await ended.wait()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
