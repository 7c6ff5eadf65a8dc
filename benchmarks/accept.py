"""submit_sm accepted per second: the gateway, our server alone, and the servers of others."""

from collections.abc import Callable, Iterable
from typing import Final

from benchmarks.lab import running_lab
from benchmarks.results import Row, Spread, Table
from benchmarks.servers import SERVERS, running
from benchmarks.smpp_load import Load, Plan, percentile, smpp_load

_SHAPES: Final = ((1, 1), (1, 100), (8, 50))
"""Binds, and the window of each."""
_COLUMNS: Final = ("accepted a second", "p50 ms", "p99 ms")
_RUNS: Final = 3
_NOTES: Final = (
    "The gateway answers once Redis holds the message (its append-only file is forced to disk",
    "every second); the other servers keep nothing. The load generator shares the machine.",
)

Loads = list[list[Load]]
"""The runs of each shape."""


async def measure(seconds: float, say: Callable[[str], None]) -> list[Table]:
    """Load every server in every shape, each in a process of its own."""
    loads: dict[str, Loads] = {}
    notes = list(_NOTES)
    for name, delivering in (("delivery running", True), ("delivery paused", False)):
        say(f"accept: the gateway, {name}")
        async with running_lab(delivering=delivering) as lab:
            loads[f"gateway, {name}"] = await _loads(lab.smpp_port, seconds)
    for server in SERVERS:
        if why := server.missing():
            notes.append(f"{server.name}: skipped, {why}")
            continue
        say(f"accept: {server.name}")
        async with running(server) as port:
            loads[server.name] = await _loads(port, seconds)
    notes += _refusals(loads)
    return [_table(index, loads, notes) for index in range(len(_SHAPES))]


async def _loads(port: int, seconds: float) -> Loads:
    plans = [Plan(binds, window, seconds) for binds, window in _SHAPES]
    return [[await smpp_load("127.0.0.1", port, plan) for _ in range(_RUNS)] for plan in plans]


def _table(index: int, loads: dict[str, Loads], notes: Iterable[str]) -> Table:
    binds, window = _SHAPES[index]
    title = f"submit_sm, {binds} bind{'s' * (binds > 1)} x window {window}"
    rows = tuple(Row(name, _cells(shapes[index])) for name, shapes in loads.items())
    is_last = index == len(_SHAPES) - 1
    return Table(title, _COLUMNS, rows, tuple(notes) if is_last else ())


def _cells(runs: Iterable[Load]) -> tuple[Spread, ...]:
    return (
        Spread.of([load.accepted / load.seconds for load in runs]),
        *(
            Spread.of([percentile(load.answer_times, share) * 1000 for load in runs])
            for share in (0.5, 0.99)
        ),
    )


def _refusals(loads: dict[str, Loads]) -> list[str]:
    """Say where a figure is not what it seems: messages refused, or never answered."""
    found = []
    for name, shapes in loads.items():
        every = [load for runs in shapes for load in runs]
        refused = sum(load.refused for load in every)
        unfinished = sum(load.unfinished for load in every)
        if refused or unfinished:
            found.append(f"{name}: {refused} refused, {unfinished} not answered")
    return found
