"""The file of mobile operators that gateway and simulators share."""

from pathlib import Path

import msgspec

from telecom.numbering.operators import Directory, Operator
from telecom.runtime.config import read_toml
from telecom.runtime.errors import ConfigError


class _OperatorsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    operators: tuple[Operator, ...]


def read_operators(path: Path) -> tuple[Operator, ...]:
    """Read the operators' file; raises `ConfigError` with one line: file, key, what is wrong."""
    try:
        operators = msgspec.convert(read_toml(path), _OperatorsFile).operators
        Directory(operators)  # no two of them may share a range, a network code or a global title
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None
    return operators
