"""What HTTP clients may make grow: how much they send, how long they take, how many they are."""

import asyncio
import json
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from uvicorn.protocols.http.h11_impl import H11Protocol

LARGEST_BODY: Final = 1 << 20
"""Octets of a request's body."""
PATIENCE: Final = 10.0
"""Seconds that the head of a request may take, and as many its body."""
MOST_CONNECTIONS: Final = 1000


class BoundedConnection(H11Protocol):
    """A connection that is dropped when its next request does not come in time.

    One too many makes another give way that has no request under way.
    """

    patience = PATIENCE
    most_connections = MOST_CONNECTIONS
    _too_late: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no request is under way."""
        # uvicorn starts without a cycle, whatever its annotation says
        cycle: Any = self.cycle
        return (cycle is None or cycle.response_complete) and not self.transport.is_closing()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            others: Any = self.connections - {self}
            next((other for other in others if other.is_idle), self).transport.abort()
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take octets."""
        super().data_received(data)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        super().connection_lost(exc)
        self._wait_no_more()

    def _wait(self) -> None:
        if not self.is_idle:
            self._wait_no_more()
        elif self._too_late is None:
            self._too_late = self.loop.call_later(self.patience, self.transport.abort)

    def _wait_no_more(self) -> None:
        if self._too_late is not None:
            self._too_late.cancel()
            self._too_late = None


class BoundedBodies:
    """An ASGI application that gets a request once its body is there, and not too long."""

    def __init__(
        self, app: Any, *, largest: int = LARGEST_BODY, patience: float = PATIENCE
    ) -> None:
        self._app = app
        self._largest = largest
        self._patience = patience

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a request, or refuse it: 413 for a body too long, 408 for one too slow."""
        try:
            async with asyncio.timeout(self._patience):
                body = await self._body(receive)
        except TimeoutError:
            await _refusal(408, "the request did not come in time")(scope, receive, send)
            return
        if len(body) > self._largest:
            why = f"a body of more than {self._largest} octets"
            await _refusal(413, why)(scope, receive, send)
            return

        whole: list[Any] = [{"type": "http.request", "body": body, "more_body": False}]

        async def received() -> Any:
            return whole.pop() if whole else await receive()

        await self._app(scope, received, send)

    async def _body(self, receive: Any) -> bytes:
        """Return the body, or what came of one that was too long or was broken off."""
        body = bytearray()
        more = True
        while more and len(body) <= self._largest:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        return bytes(body)


async def wrong_request(request: Request, error: Exception) -> Response:
    """Say what is wrong with a request, and where; what was there may be long, or no JSON."""
    if not isinstance(error, RequestValidationError):
        raise error
    if isinstance(error.body, bytes):  # FastAPI has not read it: it was not said to be JSON
        said = request.headers.get("content-type", "nothing")[:100]
        return _answer(415, f"expected Content-Type: application/json, found {said}")
    wrong = [{key: each[key] for key in ("type", "loc", "msg")} for each in error.errors()]
    return _answer(422, wrong)


def _refusal(status: int, why: str) -> Response:
    response = _answer(status, why)
    response.headers["connection"] = "close"  # the rest of the request is not wanted
    return response


def _answer(status: int, detail: Any) -> Response:
    # only ASCII: a peer's key may be half a surrogate pair, which UTF-8 does not have
    return Response(json.dumps({"detail": detail}), status, media_type="application/json")
