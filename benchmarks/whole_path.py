"""From submit_sm to the receipt: SRI-SM, GT gate, MT-ForwardSM, ledger, in the running lab."""

from collections.abc import Callable
from typing import Final

from benchmarks.lab import Lab, running_lab
from benchmarks.processes import Usage
from benchmarks.results import Row, Spread, Table
from benchmarks.smpp_load import Load, Plan, percentile, smpp_load

_BINDS, _WINDOW = 4, 250
_MODERATE: Final = 200.0
"""Messages a second."""
_RUNS: Final = 3
_MEGABYTE: Final = 1 << 20


async def measure(seconds: float, say: Callable[[str], None]) -> list[Table]:
    """Load the lab with messages that want receipts: as fast as it goes, and moderately."""
    async with running_lab() as lab:
        say(f"whole path at {_MODERATE:g} a second")
        plan = Plan(2, 1000, seconds, receipts=True, rate=_MODERATE)
        moderate = [await smpp_load("127.0.0.1", lab.smpp_port, plan) for _ in range(_RUNS)]
        say("whole path as fast as it goes")
        fast, costs = await _as_fast_as_it_goes(lab, seconds)
        memory = lab.usage()
    return [_throughput(fast), _costs(costs), _latency(moderate), _memory(memory)]


async def _as_fast_as_it_goes(
    lab: Lab, seconds: float
) -> tuple[list[Load], dict[str, list[float]]]:
    """Return the loads, and processor seconds per message of each part of the lab."""
    plan = Plan(_BINDS, _WINDOW, seconds, receipts=True)
    loads: list[Load] = []
    costs: dict[str, list[float]] = {name: [] for name in lab.parts}
    for _ in range(_RUNS):
        before = lab.usage()
        load = await smpp_load("127.0.0.1", lab.smpp_port, plan)
        for name, usage in lab.usage().items():
            # what was under way when the time was over has been delivered by now, too
            costs[name].append((usage.cpu - before[name].cpu) / max(1, load.sent - load.unfinished))
        loads.append(load)
    return loads, costs


def _throughput(loads: list[Load]) -> Table:
    rates = Spread.of([len(load.receipt_times) / load.seconds for load in loads])
    notes = [
        f"{_BINDS} binds; {_WINDOW} messages without their receipt on each.",
        *(
            f"a run had {load.refused} refused, {load.undelivered} undelivered,"
            f" {load.unfinished} without receipt"
            for load in loads
            if load.refused or load.undelivered or load.unfinished
        ),
    ]
    rows = (Row("submit_sm to receipt", (rates,)),)
    return Table("Whole path", ("messages a second",), rows, tuple(notes))


def _costs(costs: dict[str, list[float]]) -> Table:
    rows = tuple(
        Row(name, (Spread.of([value * 1e6 for value in values]),)) for name, values in costs.items()
    )
    return Table("Whole path, processor time of a message", ("µs",), rows)


def _latency(loads: list[Load]) -> Table:
    shares = {"p50": 0.5, "p99": 0.99}
    times = {
        "submit_sm to submit_sm_resp": [load.answer_times for load in loads],
        "submit_sm to receipt": [load.receipt_times for load in loads],
    }
    rows = tuple(
        Row(
            name,
            tuple(
                Spread.of([percentile(values, share) * 1000 for values in runs])
                for share in shares.values()
            ),
        )
        for name, runs in times.items()
    )
    return Table(f"Whole path at {_MODERATE:g} messages a second, ms", tuple(shares), rows)


def _memory(usages: dict[str, Usage]) -> Table:
    rows = tuple(
        Row(name, tuple(Spread.of([size / _MEGABYTE]) for size in (usage.resident, usage.peak)))
        for name, usage in usages.items()
    )
    return Table("Whole path, resident memory, MB", ("after it", "at its peak"), rows)
