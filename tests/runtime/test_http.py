import socket
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from telecom.runtime.errors import ConnectionFailed
from telecom.runtime.http import HttpServer

Send = Callable[[dict[str, Any]], Awaitable[None]]


async def hello(scope: Any, receive: Any, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


async def test_it_serves_until_it_is_stopped() -> None:
    server = HttpServer(hello)
    await server.start("127.0.0.1", 0, what="the API")
    async with httpx.AsyncClient() as client:
        assert (await client.get(server.url)).text == "hello"
        await server.stop()
        with pytest.raises(httpx.ConnectError):
            await client.get(server.url)


async def test_nobody_comes_from_where_it_says() -> None:
    async def where(scope: Any, receive: Any, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["client"][0].encode()})

    server = HttpServer(where)
    await server.start("127.0.0.1", 0, what="the API")
    async with httpx.AsyncClient() as client:
        answer = await client.get(server.url, headers={"x-forwarded-for": "192.0.2.1"})
    await server.stop()
    assert answer.text == "127.0.0.1"


async def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        with pytest.raises(ConnectionFailed, match=f"the API cannot listen on 127.0.0.1:{port}"):
            await HttpServer(hello).start("127.0.0.1", port, what="the API")
