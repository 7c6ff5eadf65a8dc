"""An HTTP server beside other work on the same loop."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from telecom.net.tasks import spawn
from telecom.runtime.http_bounds import BoundedBodies, BoundedConnection
from telecom.runtime.service import taking_port


class _Server(uvicorn.Server):
    """uvicorn's server, which leaves the process's signals to the program it is a part of."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpServer:
    """Serves an ASGI application until it is stopped, within the bounds of `http_bounds`."""

    def __init__(self, app: Any) -> None:
        config = uvicorn.Config(
            BoundedBodies(app),
            http=BoundedConnection,
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # whoever asks may write them: an address is the connection's
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # not for faults of clients
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None
        self.url = ""

    async def start(self, host: str, port: int, *, what: str) -> None:
        """Listen; raises `ConnectionFailed`, which names `what`, when the port cannot be had."""
        async with taking_port(what, host, port):
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            listener = socket.create_server((host, port), family=family)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{listener.getsockname()[1]}"
        self._task = spawn(self._server.serve(sockets=[listener]), name=what)
        while not self._server.started and not self._task.done():  # noqa: ASYNC110 no event
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Finish what is being answered, for a second at most, and close."""
        if self._task is not None:
            self._server.should_exit = True
            await self._task
            self._task = None
