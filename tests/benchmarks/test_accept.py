"""What is said of the servers that are loaded."""

import pytest

from benchmarks.accept import _SHAPES, Measured, _caveats, _cells
from benchmarks.smpp_load import Load

TIMES = [number / 1000 for number in range(1, 101)]


def load(accepted: int, *, refused: int = 0, unfinished: int = 0) -> Load:
    return Load(2.0, accepted=accepted, refused=refused, unfinished=unfinished, answer_times=TIMES)


def test_half_load_is_beside_full_load() -> None:
    cells = _cells(Measured([load(2000)], [load(1000)], rate=500.0))
    assert [cell.median for cell in cells] == pytest.approx([1000.0, 51.0, 100.0, 51.0, 100.0])


def test_a_figure_that_is_not_what_it_seems_is_told() -> None:
    good = Measured([load(2000)], [load(1000)], rate=500.0)
    slow = Measured([load(2000)], [load(900)], rate=500.0)
    partial = Measured([load(2000, refused=3)], [load(1000, unfinished=2)], rate=500.0)
    assert len(_SHAPES) == 3
    assert list(_caveats("x", [good] * 3)) == []
    assert list(_caveats("x", [good, partial, slow])) == [
        "x: 3 refused, 2 not answered",
        "x, 8 x 50: half load was 90% of what it should be",
    ]
