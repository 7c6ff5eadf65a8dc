"""The client for scripts without asyncio: the same calls, each of which waits for its outcome.

```python
with telecom.sync.connect("127.0.0.1", 2775, system_id="demo", password="demo") as esme:
    print(esme.submit("447700900123", "hello", receipt=True).receipt(timeout=30).stat.name)
```

What is raised is what `telecom.connect` raises. A client may be used by several threads at once;
Ctrl-C ends what waits, and the client in good order.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import CancelledError
from functools import update_wrapper, wraps
from types import TracebackType
from typing import Any, Concatenate, Final, ParamSpec, Self, TypeVar

import telecom
from telecom.net.smpp.client import esme as smpp_client
from telecom.net.smpp.client import message as smpp_message
from telecom.smpp.errors import LinkClosedError, LocalError
from telecom.smpp.pdus import DataSm, DeliverSm, MessageResp
from telecom.smpp.versions import InterfaceVersion
from telecom.sms.receipt import DeliveryReceipt
from telecom.sms.user_data import UserData

__all__ = ["Delivery", "Esme", "Submission", "await_outbind", "connect"]

_CLOSED: Final = "the client is closed: use it inside its 'with' block"

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class _Loop:
    """A loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="telecom.sync", daemon=True)
        self._started = threading.Event()

    @property
    def runs(self) -> bool:
        """Whether it has been started, and not stopped."""
        return self._loop is not None

    def start(self) -> None:
        """Begin."""
        self._thread.start()
        self._started.wait()

    def stop(self) -> None:
        """End it; who waits for something is told that the client is closed."""
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end; an exception here, such as Ctrl-C, cancels it."""
        loop = self._loop
        if loop is None:
            coroutine.close()
            raise LinkClosedError(_CLOSED)
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise LocalError("what is called by the client cannot wait for it: use a thread")
        future = None
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, loop)
            return future.result()
        except CancelledError:
            raise LinkClosedError(_CLOSED) from None
        except BaseException:
            if future is not None:
                future.cancel()
            raise

    def _run(self) -> None:
        # asyncio's own loop: uvloop's has hung now and then when a script was ended by Ctrl-C
        asyncio.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._started.set()
        await self._stop.wait()


class Submission:
    """A message that the SMSC has accepted, in one part or several."""

    def __init__(self, loop: _Loop, submission: smpp_message.Submission) -> None:
        self._loop = loop
        self._submission = submission

    @property
    def message_id(self) -> str:
        """The id of the message, of its first part."""
        return self._submission.message_id

    @property
    def message_ids(self) -> list[str]:
        """The id of each part."""
        return self._submission.message_ids

    @property
    def responses(self) -> list[MessageResp]:
        """The responses to its parts, in order."""
        return list(self._submission.responses)

    def receipt(self, timeout: float | None = None) -> DeliveryReceipt:
        """Wait for the last state of every part; return the first part's that was not delivered.

        Raises `TimeoutError` after so many seconds, `LocalError` if no receipt was asked for.
        """
        return self._loop.wait(self._submission.receipt(timeout))

    def updates(self) -> Iterator[DeliveryReceipt]:
        """Yield every receipt as it comes, up to the last one."""
        return _iterate(self._loop, self._submission.updates())


class Delivery:
    """A message of a user or a `receipt`; the SMSC keeps it until it is accepted."""

    def __init__(self, loop: _Loop, delivery: smpp_message.Delivery) -> None:
        self._loop = loop
        self._delivery = delivery

    @property
    def receipt(self) -> DeliveryReceipt | None:
        """What it tells, if it is a receipt."""
        return self._delivery.receipt

    @property
    def requests(self) -> list[DeliverSm | DataSm]:
        """What the SMSC has sent, all parts in order."""
        return self._delivery.requests

    @property
    def source(self) -> str:
        """Who sent it."""
        return self._delivery.source

    @property
    def destination(self) -> str:
        """Whom it is for."""
        return self._delivery.destination

    @property
    def user_data(self) -> UserData:
        """What it carries; raises `PduError` if that cannot be read."""
        return self._delivery.user_data

    @property
    def text(self) -> str:
        """Its text; raises `PduError` if it cannot be read."""
        return self._delivery.text

    def accept(self) -> None:
        """Tell the SMSC that it has arrived."""
        self._loop.wait(self._delivery.accept())

    def reject(self, *command_status: int) -> None:
        """Tell the SMSC that it cannot be taken, by default for the time being."""
        self._loop.wait(self._delivery.reject(*command_status))


def _waiting(
    call: Callable[Concatenate[smpp_client.Esme, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate["Esme", P], R]:
    """Make a method of the client below one that waits."""

    def wait(self: "Esme", /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.loop.wait(call(self.client, *args, **kwargs))

    update_wrapper(wait, call)
    return wait


def _submitting(
    call: Callable[Concatenate[smpp_client.Esme, P], Coroutine[Any, Any, smpp_message.Submission]],
) -> Callable[Concatenate["Esme", P], Submission]:
    def submit(self: "Esme", /, *args: P.args, **kwargs: P.kwargs) -> Submission:
        return Submission(self.loop, self.loop.wait(call(self.client, *args, **kwargs)))

    update_wrapper(submit, call)
    return submit


class Esme:
    """A client of an SMSC, as a context: entered it is bound, left it is unbound.

    `client` is the one that works for it, in the thread of its `loop`.
    """

    def __init__(self, make: Callable[[], smpp_client.Esme]) -> None:
        self.loop = _Loop()
        self.client = make()

    def __enter__(self) -> Self:
        """Connect and bind."""
        self.loop.start()
        try:
            self.loop.wait(self.client.__aenter__())
        except BaseException:
            self.loop.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Unbind and disconnect."""
        self.close()

    def close(self) -> None:
        """Unbind in good order if that can be done in time, and disconnect."""
        if not self.loop.runs:
            return
        try:
            self.loop.wait(self.client.close())
        finally:
            self.loop.stop()

    @property
    def is_bound(self) -> bool:
        """Whether it is bound at the moment."""
        return self.client.is_bound

    @property
    def version(self) -> InterfaceVersion | None:
        """What it and the SMSC speak; None before it was ever bound."""
        return self.client.version

    submit = _submitting(smpp_client.Esme.submit)
    data = _submitting(smpp_client.Esme.data)
    submit_multi = _waiting(smpp_client.Esme.submit_multi)
    query = _waiting(smpp_client.Esme.query)
    cancel = _waiting(smpp_client.Esme.cancel)
    replace = _waiting(smpp_client.Esme.replace)
    broadcast = _waiting(smpp_client.Esme.broadcast)
    query_broadcast = _waiting(smpp_client.Esme.query_broadcast)
    cancel_broadcast = _waiting(smpp_client.Esme.cancel_broadcast)
    request = _waiting(smpp_client.Esme.request)
    bound = _waiting(smpp_client.Esme.bound)

    def deliveries(self, timeout: float | None = None) -> Iterator[Delivery]:
        """Yield what the SMSC delivers, until none has come for so many seconds."""
        while True:
            try:
                delivery = self.loop.wait(self.client.delivery(timeout))
            except (TimeoutError, LinkClosedError):
                return
            yield Delivery(self.loop, delivery)


def _iterate(loop: _Loop, iterator: AsyncIterator[T]) -> Iterator[T]:
    async def following() -> tuple[T, ...]:
        async for each in iterator:
            return (each,)
        return ()

    while found := loop.wait(following()):
        yield found[0]


def _of(make: Callable[P, smpp_client.Esme]) -> Callable[P, Esme]:
    """Make what returns a client one that returns a client that waits."""

    @wraps(make)
    def connect(*args: P.args, **kwargs: P.kwargs) -> Esme:
        return Esme(lambda: make(*args, **kwargs))

    return connect


connect = _of(telecom.connect)
await_outbind = _of(telecom.await_outbind)
