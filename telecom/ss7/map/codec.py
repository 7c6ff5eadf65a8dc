"""MAP parameters to octets and back: any basic encoding is understood, the shortest is written.

`version` is the MAP version of the dialogue: elements it does not have are left out when writing,
so that the argument of a later version serves an earlier one. What is read may have the form of
any version; elements nobody knows are skipped.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from telecom.ss7.ber import BerError
from telecom.ss7.map.compiler import compile_types
from telecom.ss7.map.declarations import Choice, Sequence
from telecom.ss7.map.dialogue_pdus import MapDialoguePdu
from telecom.ss7.map.elements import Declared
from telecom.ss7.map.errors import USER_ERRORS, LocalError, ParameterError
from telecom.ss7.map.operations import OPERATIONS

DeclaredT = TypeVar("DeclaredT", bound=Sequence | Choice)

Reader = Callable[[bytes, int], Any]

_PARAMETERS: Final = (
    {row.argument for row in OPERATIONS}
    | {argument for row in OPERATIONS for argument in row.writes}
    | {row.result for row in OPERATIONS if row.result}
    | {row.parameter for row in USER_ERRORS.values()}
)
_TYPES: Final[tuple[Declared, ...]] = (*_PARAMETERS, MapDialoguePdu)
_GENERATED: Final = compile_types(_TYPES)
_WRITERS: Final = {declared: _GENERATED[f"write_{declared.__name__}"] for declared in _TYPES}
_READERS: Final[dict[type, Reader]] = {
    declared: _GENERATED[f"read_{declared.__name__}"] for declared in _TYPES
}


def encode(message: Sequence | Choice, version: int) -> bytes | None:
    """Encode a whole parameter; None where this version has no such parameter.

    Raises `LocalError` when the message cannot be written as it is; it says nothing of what is
    in the message, subscribers' numbers and texts.
    """
    try:
        octets: bytes | None = _WRITERS[type(message)](message, version)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise LocalError(f"{type(message).__name__} cannot be written: {error}") from error
    return octets


def decode(declared: type[DeclaredT], octets: bytes, version: int) -> DeclaredT:
    """Decode a whole parameter of the declared type; raises `ParameterError`."""
    try:
        message: Any = _READERS[declared](octets, version)
    except BerError as error:
        raise ParameterError(f"{declared.__name__}: {error}") from error
    return message  # type: ignore[no-any-return]
