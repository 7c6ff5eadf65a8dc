"""Tables as people see them, and as JSON."""

from io import StringIO

from rich.console import Console

from benchmarks.results import Row, Spread, Table, as_plain, show

TABLE = Table(
    "PDUs, µs",
    ("encode", "decode"),
    (
        Row("submit_sm", (Spread.of([2.0, 1.5, 1.0]), None)),
        Row("unbind", (None, Spread(1234, 1, 2))),
    ),
    ("A - is nothing.",),
)


def test_a_table_shows_medians_and_ranges() -> None:
    shown = StringIO()
    show(TABLE, Console(file=shown, width=100))
    for text in ("PDUs, µs", "1.50 (1.00 - 2.00)", "1,234 (1.00 - 2.00)", "A - is nothing."):
        assert text in shown.getvalue()


def test_json_leaves_out_what_was_not_measured() -> None:
    plain = as_plain({"machine": "here"}, [TABLE])
    assert plain["machine"] == {"machine": "here"}
    assert plain["tables"][0]["rows"] == {
        "submit_sm": {"encode": {"median": 1.5, "low": 1.0, "high": 2.0}},
        "unbind": {"decode": {"median": 1234, "low": 1, "high": 2}},
    }
