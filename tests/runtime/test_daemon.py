import asyncio
import gc
import json
from collections.abc import Iterator

import pytest

from telecom.runtime.daemon import Daemon, serve
from telecom.runtime.errors import ConnectionFailed


@pytest.fixture(autouse=True)
def _collector_as_it_was() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


class Recorder(Daemon):
    def __init__(self, *, fails: bool = False) -> None:
        super().__init__()
        self.fails = fails
        self.stopped: list[str] = []

    async def _start(self) -> None:
        self.running.callback(self.stopped.append, "first")
        if self.fails:
            raise ConnectionFailed("no port")
        self.running.callback(self.stopped.append, "second")
        self.addresses["here"] = "127.0.0.1:1"


@pytest.mark.parametrize(
    ("as_json", "line"),
    [(True, json.dumps({"here": "127.0.0.1:1"})), (False, "it ready: here 127.0.0.1:1")],
)
async def test_it_says_when_it_is_ready_and_stops_in_reverse_order(
    as_json: bool, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon, stop = Recorder(), asyncio.Event()
    stop.set()
    assert await serve(daemon, stop, what="it", as_json=as_json) == 0
    assert daemon.stopped == ["second", "first"]
    assert capsys.readouterr().out == line + "\n"


async def test_what_had_been_started_is_stopped_when_the_start_fails() -> None:
    daemon = Recorder(fails=True)
    with pytest.raises(ConnectionFailed):
        await serve(daemon, asyncio.Event(), what="it", as_json=True)
    assert daemon.stopped == ["first"]
