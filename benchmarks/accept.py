"""submit_sm accepted per second: the gateway, our server alone, and the servers of others."""

from collections.abc import Callable, Iterable, Iterator
from statistics import median
from typing import Final

import msgspec

from benchmarks.lab import running_lab
from benchmarks.results import Row, Spread, Table
from benchmarks.servers import SERVERS, running
from benchmarks.smpp_load import Load, Plan, percentile, smpp_load

_SHAPES: Final = ((1, 1), (1, 100), (8, 50))
"""Binds, and the window of each."""
_COLUMNS: Final = ("accepted a second", "p50 ms", "p99 ms", "half load p50 ms", "half load p99 ms")
_RUNS: Final = 3
_NOTES: Final = (
    "The gateway answers once Redis holds the message (its append-only file is forced to disk",
    "every second); the other servers keep nothing. The load generator shares the machine.",
    "Half load is half of what the same server has accepted just before, sent evenly.",
)
_SLOWER: Final = 0.95
"""Less of half load than this is told: then its answer times are those of another load."""


class Measured(msgspec.Struct, frozen=True):
    """One server in one shape: its runs as fast as it goes, then at half of that."""

    full: list[Load]
    half: list[Load]
    rate: float
    """Messages a second of half load."""


async def measure(seconds: float, say: Callable[[str], None]) -> list[Table]:
    """Load every server in every shape, each in a process of its own."""
    found: dict[str, list[Measured]] = {}
    notes = list(_NOTES)
    for name, delivering in (("delivery running", True), ("delivery paused", False)):
        say(f"accept: the gateway, {name}")
        async with running_lab(delivering=delivering) as lab:
            found[f"gateway, {name}"] = await _measured(lab.smpp_port, seconds)
    for server in SERVERS:
        if why := server.missing():
            notes.append(f"{server.name}: skipped, {why}")
            continue
        say(f"accept: {server.name}")
        async with running(server) as port:
            found[server.name] = await _measured(port, seconds)
    notes += [note for name, shapes in found.items() for note in _caveats(name, shapes)]
    return [_table(index, found, notes) for index in range(len(_SHAPES))]


async def _measured(port: int, seconds: float) -> list[Measured]:
    found = []
    for binds, window in _SHAPES:
        plan = Plan(binds, window, seconds)
        full = [await smpp_load("127.0.0.1", port, plan) for _ in range(_RUNS)]
        rate = median(_accepted(full)) / 2
        paced = msgspec.structs.replace(plan, rate=rate)
        half = [await smpp_load("127.0.0.1", port, paced) for _ in range(_RUNS)]
        found.append(Measured(full, half, rate))
    return found


def _accepted(loads: Iterable[Load]) -> list[float]:
    return [load.accepted / load.seconds for load in loads]


def _table(index: int, found: dict[str, list[Measured]], notes: Iterable[str]) -> Table:
    binds, window = _SHAPES[index]
    title = f"submit_sm, {binds} bind{'s' * (binds > 1)} x window {window}"
    rows = tuple(Row(name, _cells(shapes[index])) for name, shapes in found.items())
    is_last = index == len(_SHAPES) - 1
    return Table(title, _COLUMNS, rows, tuple(notes) if is_last else ())


def _cells(measured: Measured) -> tuple[Spread, ...]:
    return (
        Spread.of(_accepted(measured.full)),
        *(
            Spread.of([percentile(load.answer_times, share) * 1000 for load in loads])
            for loads in (measured.full, measured.half)
            for share in (0.5, 0.99)
        ),
    )


def _caveats(name: str, shapes: Iterable[Measured]) -> Iterator[str]:
    """Say where a figure is not what it seems: messages refused, not answered, sent too slowly."""
    every = [load for shape in shapes for load in (*shape.full, *shape.half)]
    refused = sum(load.refused for load in every)
    unfinished = sum(load.unfinished for load in every)
    if refused or unfinished:
        yield f"{name}: {refused} refused, {unfinished} not answered"
    for (binds, window), shape in zip(_SHAPES, shapes, strict=True):
        kept = median(_accepted(shape.half)) / shape.rate
        if kept < _SLOWER:
            yield f"{name}, {binds} x {window}: half load was {kept:.0%} of what it should be"
