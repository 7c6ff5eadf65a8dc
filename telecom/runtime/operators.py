"""The file of mobile operators that gateway and simulators share."""

from pathlib import Path

import msgspec

from telecom.numbering.operators import Operator
from telecom.runtime.config import read_toml
from telecom.runtime.errors import ConfigError


class _OperatorsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    operators: tuple[Operator, ...]


def read_operators(path: Path) -> tuple[Operator, ...]:
    """Read the operators' file; raises `ConfigError` with one line: file, key, what is wrong."""
    try:
        return msgspec.convert(read_toml(path), _OperatorsFile).operators
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {error}") from None
