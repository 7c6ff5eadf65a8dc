"""What was measured, as tables: shown to people, or written as JSON."""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any, Self

import msgspec
from rich.console import Console
from rich.table import Table as RichTable


class Spread(msgspec.Struct, frozen=True):
    """Several runs of one measurement: the middle one, and between which they lie."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Sum up runs, of which there is at least one."""
        return cls(median(values), min(values), max(values))


class Row(msgspec.Struct, frozen=True):
    """What was measured of one thing; None where there is nothing to measure."""

    name: str
    cells: tuple[Spread | None, ...]


class Table(msgspec.Struct, frozen=True):
    """Measurements, with what a reader has to know about them; title or columns have the unit."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


def show(table: Table, console: Console) -> None:
    """Print a table: the median of each cell, and from where to where its runs went."""
    console.print(table.title, style="bold", highlight=False, markup=False)
    shown = RichTable()
    shown.add_column("", no_wrap=True)
    for column in table.columns:
        shown.add_column(column, justify="right", no_wrap=True)
    for row in table.rows:
        shown.add_row(row.name, *(_text(cell) for cell in row.cells))
    console.print(shown)
    for note in table.notes:
        console.print(note, style="dim", highlight=False, markup=False)
    console.print()


def as_plain(machine: dict[str, str], tables: Iterable[Table]) -> dict[str, Any]:
    """Make what is written as JSON."""
    return {"machine": machine, "tables": [_plain(table) for table in tables]}


def _plain(table: Table) -> dict[str, Any]:
    rows = {
        row.name: {
            column: msgspec.to_builtins(cell)
            for column, cell in zip(table.columns, row.cells, strict=True)
            if cell is not None
        }
        for row in table.rows
    }
    return {"title": table.title, "rows": rows, "notes": list(table.notes)}


def _text(cell: Spread | None) -> str:
    if cell is None:
        return "-"
    if cell.low == cell.high:
        return _number(cell.median)
    return f"{_number(cell.median)} [dim]({_number(cell.low)} - {_number(cell.high)})[/dim]"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:#.3g}".rstrip(".")
