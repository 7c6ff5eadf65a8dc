import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from telecom.runtime import http_bounds
from telecom.runtime.http import HttpServer
from telecom.runtime.http_bounds import BoundedBodies, BoundedConnection, wrong_request

app = FastAPI()
app.add_exception_handler(RequestValidationError, wrong_request)


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: Annotated[str, Field(pattern="^[0-9]*$")]


@app.post("/echo")
async def echo(asked: Asked) -> str:
    return asked.number


@app.get("/lines")
async def lines() -> StreamingResponse:
    return StreamingResponse(iter(["a\n", "b\n"]))


@pytest.fixture
def bounds(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    with monkeypatch.context() as patched:
        yield patched


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    server = HttpServer(app)
    await server.start("127.0.0.1", 0, what="the API")
    yield server
    await server.stop()


@pytest.fixture
async def client(server: HttpServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url) as client:
        yield client


class Raw:
    """A client that sends any octets."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def at_end(self) -> bytes:
        async with asyncio.timeout(5):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    async def answer(self, octets: bytes) -> bytes:
        self.writer.write(octets)
        async with asyncio.timeout(5):
            return await self.reader.readline()


Connect = Callable[[], Awaitable[Raw]]


@pytest.fixture
async def connect(server: HttpServer) -> AsyncIterator[Connect]:
    host, port = server.url.removeprefix("http://").split(":")
    made = []

    async def connect() -> Raw:
        made.append(Raw(*await asyncio.open_connection(host, int(port))))
        return made[-1]

    yield connect
    for raw in made:
        raw.writer.close()


async def test_a_body_arrives_whole_and_an_answer_in_parts(client: httpx.AsyncClient) -> None:
    assert (await client.post("/echo", json={"number": "1" * 100_000})).json() == "1" * 100_000
    assert (await client.get("/lines")).text == "a\nb\n"


async def test_a_body_too_long_is_refused_before_it_is_there(connect: Connect) -> None:
    raw = await connect()
    head = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n"
    refused = await raw.answer(head + bytes(http_bounds.LARGEST_BODY + 1))
    assert refused.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in await raw.at_end()


async def body_in_parts(scope: Any, *parts: bytes, slow: bool = False) -> list[dict[str, Any]]:
    """Run the bounds of bodies by hand, with 10 octets and 0.05 s allowed."""
    sent: list[dict[str, Any]] = []
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop(0)
        if slow:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.body", "body": (await receive())["body"]})

    await BoundedBodies(application, largest=10, patience=0.05)(scope, receive, send)
    return sent


async def test_a_body_in_parts_is_put_together_and_counted() -> None:
    scope = {"type": "http"}
    assert await body_in_parts(scope, b"01234", b"56789") == [
        {"type": "http.response.body", "body": b"0123456789"}
    ]
    refused = await body_in_parts(scope, b"01234", b"56789", b"x", b"y")
    assert refused[0]["status"] == 413


async def test_a_body_too_slow_is_refused() -> None:
    start, body = await body_in_parts({"type": "http"}, b"0", slow=True)
    assert start["status"] == 408
    assert json.loads(body["body"]) == {"detail": "the request did not come in time"}


async def test_a_head_too_slow_is_dropped(bounds: pytest.MonkeyPatch, connect: Connect) -> None:
    bounds.setattr(BoundedConnection, "patience", 0.05)
    silent = await connect()
    assert await silent.at_end() == b""
    slow = await connect()
    slow.writer.write(b"GET / HTTP/1.1\r\nHost")
    assert await slow.at_end() == b""


async def test_who_has_asked_for_nothing_gives_way(
    bounds: pytest.MonkeyPatch, connect: Connect
) -> None:
    bounds.setattr(BoundedConnection, "most_connections", 2)
    flood = [await connect() for _ in range(10)]
    asks = await connect()
    answer = await asks.answer(b"GET /lines HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer == b"HTTP/1.1 200 OK\r\n"
    ends = [asyncio.wait_for(raw.at_end(), 1) for raw in flood]
    ended = await asyncio.gather(*ends, return_exceptions=True)
    assert sum(end == b"" for end in ended) >= 9


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b'{"number": NaN}', ["body", "number"]),
        (b'{"number": "\\ud800"}', ["body", "number"]),
        (b'{"number": "1", "\\ud800": 1}', ["body"]),
        (b'{"number": "' + b"x" * 100_000 + b'"}', ["body", "number"]),
    ],
)
async def test_what_is_wrong_is_said_without_what_was_there(
    client: httpx.AsyncClient, body: bytes, where: list[str]
) -> None:
    json_type = {"Content-Type": "application/json"}
    answer = await client.post("/echo", content=body, headers=json_type)
    assert answer.status_code == 422
    assert len(answer.content) < 500
    (wrong,) = answer.json()["detail"]
    assert wrong["loc"] == where


async def test_what_is_not_said_to_be_json_is_told_what_to_say(client: httpx.AsyncClient) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}  # curl -d says so
    answer = await client.post("/echo", content=b'{"number": "1"}', headers=form)
    assert (answer.status_code, answer.json()["detail"]) == (
        415,
        f"expected Content-Type: application/json, found {form['Content-Type']}",
    )
