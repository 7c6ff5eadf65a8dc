import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecom.numbering.prefixes import PrefixTable

digits = st.text(alphabet="012", max_size=6)


def test_the_longest_prefix_wins() -> None:
    table = PrefixTable([("44", "uk"), ("447700", "alba"), ("", "default")])
    assert [table.find(number) for number in ("447700900123", "4420", "49", "")] == [
        "alba",
        "uk",
        "default",
        "default",
    ]
    assert table.match("447700900123") == ("447700", "alba")
    assert len(table) == 3


def test_a_prefix_is_not_longer_than_the_digits() -> None:
    table = PrefixTable([("447700", 1)])
    assert table.find("44770") is None
    assert PrefixTable[int]().find("44770") is None


def test_one_prefix_leads_to_one_place() -> None:
    assert len(PrefixTable([("44", 1), ("44", 1)])) == 1
    with pytest.raises(ValueError, match="44"):
        PrefixTable([("44", 1), ("44", 2)])


@given(st.dictionaries(digits, st.integers()), digits)
def test_against_a_search_of_all(entries: dict[str, int], number: str) -> None:
    expected = max(
        (prefix for prefix in entries if number.startswith(prefix)), key=len, default=None
    )
    match = PrefixTable(entries.items()).match(number)
    assert match == (None if expected is None else (expected, entries[expected]))
