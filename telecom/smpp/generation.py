"""Functions made of declarations, once, at import: what reads and what writes one structure.

As dataclasses makes methods: what is declared is as fast as what is written by hand.
"""

from collections.abc import Callable
from typing import Any

from telecom.smpp.declarations import DECLARATIONS
from telecom.smpp.errors import LocalError, PduError
from telecom.smpp.fields import Field, Integer
from telecom.smpp.status import CommandStatus

Reader = Callable[[bytes, int, int], tuple[Any, int]]
"""Takes the octets, where to begin and the sequence number; gives the part and where it ends."""


def compiled(name: str, parameters: str, lines: list[str], names: dict[str, Any]) -> Any:
    """Make the function of these lines."""
    source = "".join([f"def {name}({parameters}):\n", *(f"    {line}\n" for line in lines)])
    exec(compile(source, f"<{name}>", "exec"), names)  # noqa: S102  the text is made of declarations
    return names[name]


def decoding(fields: dict[str, Field]) -> list[str]:
    """Return the lines that leave each field in a variable of its name."""
    lines: list[str] = []
    octets: list[str] = []
    for name, field in fields.items():
        if isinstance(field, Integer) and field.size == 1:
            octets.append(name)
            continue
        lines += [*_single_octets(octets), *field.decoding(name)]
        octets = []
    return lines + _single_octets(octets)


def _single_octets(names: list[str]) -> list[str]:
    """Move on once after fields of an octet each, not after each of them: a tenth of a decode."""
    if not names:
        return []
    first, *others = names
    lines = [f"{name} = frame[at + {offset}]" for offset, name in enumerate(others, 1)]
    return [f"{first} = frame[at]", *lines, f"at += {len(names)}"]


def encoding(fields: dict[str, Field], result: str) -> list[str]:
    """Return the lines that leave the octets of all fields in a variable."""
    lines = []
    for name, field in fields.items():
        lines += [f"{name} = value.{name}", *field.encoding(name)]
    layout = "".join(field.format for field in fields.values())
    values = "".join(f"{field.arguments(name)}, " for name, field in fields.items())
    return [*lines, f'{result} = b"{layout}" % ({values})']


def part_reader(part: type) -> Reader:
    """Make what reads a declared structure."""
    fields = DECLARATIONS[part]
    lines = [*decoding(fields), f"return cls({', '.join(fields)}), at"]
    names = {"cls": part, "cut": cut, "PduError": PduError}
    reader: Reader = compiled(f"read_{part.__name__}", "frame, at, sequence_number", lines, names)
    return reader


def part_writer(part: type) -> Callable[[Any], bytes]:
    """Make what writes a declared structure."""
    lines = [*encoding(DECLARATIONS[part], "octets"), "return octets"]
    writer: Callable[[Any], bytes] = compiled(
        f"write_{part.__name__}", "value", lines, {"bad": bad}
    )
    return writer


def bad(name: str, value: bytes) -> LocalError:
    """Name the field; what it has may be a password or a text, and errors are logged."""
    return LocalError(f"{name}: {len(value)} octets that do not fit, or with a NUL among them")


def cut(frame: bytes, at: int, error: int, sequence_number: int, name: str) -> PduError:
    """Tell a field that is too long from one that the PDU's end cuts off before `at`."""
    if at > len(frame):
        error = CommandStatus.ESME_RINVCMDLEN
    return PduError(error, sequence_number, name)
