"""The clients that are measured: ours submits to the sink, and a table compares what came of it."""

import shutil

import pytest

from benchmarks import client
from benchmarks.client import CLIENTS


@pytest.mark.parametrize("ours", CLIENTS[:2], ids=lambda each: each.command[-1])
async def test_ours_submits_to_the_sink(ours: client.Client) -> None:
    async with client._sink() as (name, port):
        told = await client._run(ours, port, 0.1)
    assert ("in C" in name) == (shutil.which("cc") is not None)
    assert told["accepted"] > 100
    assert told["seconds"] >= 0.1


async def test_without_a_compiler_the_sink_is_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    async with client._sink() as (name, _):
        assert name == "a sink in Python"


def test_each_run_is_compared_with_the_one_beside_it() -> None:
    def run(accepted: int) -> dict[str, float]:
        return {"accepted": accepted, "seconds": 2.0, "cpu": 1.0}

    runs = {"ours": [run(400), run(300)], "PyPI smpp34": [run(200), run(100)]}
    table = client._table(runs, [])
    rates, times, costs = table.rows[0].cells
    assert rates is not None
    assert times is not None
    assert costs is not None
    assert (rates.low, rates.high) == (150, 200)
    assert (times.low, times.high) == (2, 3)
    assert costs.low == 2500
    alone = client._table({"ours": [run(400)]}, [])
    assert alone.rows[0].cells[1] is None
