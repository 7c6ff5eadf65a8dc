"""What is between a node and its Redis: it can be shut, and hold a call of one script."""

import asyncio
import contextlib
from pathlib import Path

from telecom.store.lua import Script


class Held:
    """A call that has come as far as the valve (or, with `reply`, the reply to it)."""

    def __init__(self, script: Script, *, reply: bool) -> None:
        self.sha = script.sha.encode()
        self.reply = reply
        self._reached = asyncio.Event()
        self._released = asyncio.Event()

    async def reached(self) -> None:
        async with asyncio.timeout(5):
            await self._reached.wait()

    def release(self) -> None:
        self._released.set()

    async def wait(self) -> None:
        self._reached.set()
        await self._released.wait()


class Valve:
    """A unix socket in front of the real one."""

    def __init__(self, target: str) -> None:
        self._target = target.removeprefix("unix://")
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.StreamWriter] = set()
        self._held: Held | None = None
        self._holding: Held | None = None
        self._is_shut = False
        self.is_silent = False

    async def start(self, path: Path) -> str:
        self._server = await asyncio.start_unix_server(self._serve, path)
        return f"unix://{path}"

    def close(self) -> None:
        self.shut()
        if self._server is not None:
            self._server.close()

    def shut(self) -> None:
        """Cut the node off: what it has asked may have been done, its answer is lost."""
        self._is_shut = True
        for writer in list(self._pipes):
            writer.transport.abort()
        if self._holding is not None:
            self._holding.release()

    def open(self) -> None:
        self._is_shut = False

    def hold(self, name: str, *, reply: bool = False) -> Held:
        """Hold the next call of a script, or its reply, until it is released."""
        includes = {
            "defer": ("append",),
            "finish": ("append", "ended"),
            "authorise": ("gt_record",),
            "outbox_put": ("append",),
            "find": ("pending",),
            "replace": ("pending", "append", "ended", "withdrawal"),
            "withdraw": ("append", "ended", "withdrawal"),
        }
        self._held = self._holding = Held(
            Script(name, includes=includes.get(name, ())), reply=reply
        )
        return self._holding

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._is_shut:
                raise ConnectionRefusedError
            redis_reader, redis_writer = await asyncio.open_unix_connection(self._target)
        except OSError:
            writer.transport.abort()
            return
        self._pipes |= {writer, redis_writer}
        calls: list[Held] = []
        with contextlib.suppress(ConnectionError):
            await asyncio.gather(
                self._requests(reader, redis_writer, calls),
                self._replies(redis_reader, writer, calls),
            )
        for end in (writer, redis_writer):
            self._pipes.discard(end)
            end.close()

    async def _requests(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, calls: list[Held]
    ) -> None:
        while request := await reader.read(1 << 20):
            held = self._held
            if held is not None and held.sha in request:
                self._held = None
                if held.reply:
                    calls.append(held)
                else:
                    await held.wait()
            if not self.is_silent:
                writer.write(request)
        writer.close()

    async def _replies(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, calls: list[Held]
    ) -> None:
        while answer := await reader.read(1 << 20):
            if calls:
                await calls.pop().wait()
            writer.write(answer)
        writer.close()
