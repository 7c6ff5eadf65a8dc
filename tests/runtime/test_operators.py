from pathlib import Path

import pytest

from telecom.runtime.errors import ConfigError
from telecom.runtime.operators import read_operators

OPERATORS = (Path(__file__).parents[2] / "configs" / "operators.toml").read_text()


@pytest.mark.parametrize(
    ("said", "instead", "line"),
    [
        ('ranges = ["4915559"]', 'ranges = ["4477009"]', "the prefix '4477009' leads to two"),
        ('mccmnc = "26290"', 'mccmnc = "23490"', "the prefix '23490' leads to two"),
        ("number_length = 13", 'number_length = "x"', "number_length"),
        ('country = "ID"', 'land = "ID"', "missing required field `country`"),
    ],
)
def test_an_error_is_one_line(tmp_path: Path, said: str, instead: str, line: str) -> None:
    path = tmp_path / "operators.toml"
    assert said in OPERATORS
    path.write_text(OPERATORS.replace(said, instead))
    with pytest.raises(ConfigError) as caught:
        read_operators(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
