"""Generates, from the declarations, the functions that encode and decode a MAP type.

It writes the Python that one would write by hand for each type, and compiles all of it once. For
a SEQUENCE X: `encode_X(m, version)` returns its contents, `decode_X(data, offset, end, version)`
reads them, and `write_X(m, version)` and `read_X(data, version)` do so for the whole parameter. A
CHOICE has no contents of its own: `encode_X` returns a whole value.
"""

from collections.abc import Callable, Iterable, Iterator
from inspect import Parameter, signature
from itertools import groupby
from typing import Any, Final

from telecom.ss7 import ber
from telecom.ss7.map import values
from telecom.ss7.map.declarations import LATEST_VERSION, Choice, Kind, Primitive, Sequence
from telecom.ss7.map.elements import Declared, Element, context_tag, elements
from telecom.ss7.map.errors import LocalError, ParameterError
from telecom.wire import encode_semi_octets

_WRITE: Final = {
    Kind.ADDRESS: "address({})",
    Kind.DIGITS: "digits({})",
    Kind.OCTETS: "{}",
    Kind.INTEGER: "integer({})",
    Kind.BITS: "mw_status({})",
    Kind.OID: "oid({})",
}
"""How the value of a variable becomes contents octets."""

_READ: Final = {
    Kind.ADDRESS: "read_address(data, start, stop)",
    Kind.DIGITS: "read_digits(data[start:stop])",
    Kind.OCTETS: "data[start:stop]",
    Kind.INTEGER: "read_integer(data, start, stop)",
    Kind.BOOLEAN: "read_boolean(data, start, stop)",
    Kind.PRESENCE: "True",
    Kind.BITS: "read_mw_status(data, start, stop)",
    Kind.OID: "read_oid(data, start, stop)",
}
"""How contents octets become a value."""

_SIZED: Final = frozenset({Kind.DIGITS, Kind.OCTETS, Kind.BITS})
"""Kinds whose size is looked at when read; the functions of the others do it themselves."""

_TABLED: Final = 256
"""Headers of values shorter than this are kept ready."""


def compile_types(types: Iterable[Declared]) -> dict[str, Any]:
    """Generate the functions for these types and all they hold; returns them by name."""
    found: dict[Declared, tuple[Element, ...]] = {}
    for declared in types:
        _collect(declared, found)
    namespace = _environment(found)
    source = "\n".join(line for declared in found for line in _functions(declared, found[declared]))
    exec(compile(source, "<MAP declarations>", "exec"), namespace)  # noqa: S102
    return namespace


def _collect(declared: Declared, found: dict[Declared, tuple[Element, ...]]) -> None:
    if declared in found:
        return
    found[declared] = elements(declared)
    for element in found[declared]:
        if not isinstance(element.type, Primitive):
            _collect(element.type, found)


def _environment(found: dict[Declared, tuple[Element, ...]]) -> dict[str, Any]:
    """Name everything that generated code refers to."""
    tags = {ber.SEQUENCE}.union(*(element.tags for group in found.values() for element in group))
    return {
        **{declared.__name__: declared for declared in found},
        **{f"header_{tag:x}": _headers(tag) for tag in tags},
        "tlv": ber.encode,
        "read": ber.read,
        "explicit": _explicit,
        "address": values.encode_address,
        "digits": encode_semi_octets,
        "integer": ber.encode_integer,
        "mw_status": values.encode_mw_status,
        "oid": ber.encode_oid,
        "read_address": values.decode_address,
        "read_digits": values.decode_digits,
        "read_integer": ber.decode_integer,
        "read_boolean": ber.decode_boolean,
        "read_mw_status": values.decode_mw_status,
        "read_oid": ber.decode_oid,
        "LocalError": LocalError,
        "ParameterError": ParameterError,
    }


def _headers(tag: int) -> tuple[bytes, ...]:
    identifier = ber.encode_tag(tag)
    return tuple(identifier + ber.encode_length(length) for length in range(_TABLED))


def _explicit(decode: Callable[..., Any], data: bytes, start: int, stop: int, version: int) -> Any:
    """Decode the CHOICE that is all there is in an explicitly tagged element."""
    tag, inner, inner_stop, following = ber.read(data, start, stop)
    if following != stop:
        raise ParameterError(f"octets after the value at octet {start}")
    return decode(tag, data, inner, inner_stop, version)


def _functions(declared: Declared, fields: tuple[Element, ...]) -> Iterator[str]:
    if issubclass(declared, Choice):
        yield from _choice_encoder(declared, fields)
        yield from _choice_decoder(declared, fields)
    else:
        yield from _sequence_encoder(declared, fields)
        yield from _sequence_decoder(declared, fields)
    yield from _parameter_writer(declared, fields)
    yield from _parameter_reader(declared, fields)


def _indented(lines: Iterable[str], levels: int = 1) -> Iterator[str]:
    return ("    " * levels + line for line in lines)


def _sequence_encoder(declared: Declared, fields: tuple[Element, ...]) -> Iterator[str]:
    yield f"def encode_{declared.__name__}(m, version):"
    yield "    out = b''"
    for condition, group in groupby(fields, key=_condition):
        if condition:
            yield f"    if {condition}:"
        for element in group:
            lines = _write_element(f"{declared.__name__}.{element.name}", element)
            yield from _indented(lines, 2 if condition else 1)
    yield "    return out"


def _condition(element: Element) -> str:
    """Spell out which versions have the element; an empty string is all of them."""
    first, last = element.versions.first, element.versions.last
    bounds = [f"version >= {first}"] * (first > 1)
    bounds += [f"version <= {last}"] * (last < LATEST_VERSION)
    return " and ".join(bounds)


def _write_element(name: str, element: Element) -> Iterator[str]:
    """Append an element to `out`, if it is there or has to be."""
    yield f"v = m.{element.name}"
    lines = _write_value(name, element, "out += ")
    if not element.optional:
        yield from lines
        return
    yield f"if v{'' if element.default is False else ' is not None'}:"
    yield from _indented(lines)
    if element.mandatory_since is not None:
        yield f"elif version >= {element.mandatory_since}:"
        yield f"    raise LocalError('{name} is not set')"


def _write_value(name: str, element: Element, put: str) -> Iterator[str]:
    """Put the encoded value `v`, with its tag, where `put` says."""
    tag, declared = element.tags[0], element.type
    if not isinstance(declared, Primitive):
        contents = f"encode_{declared.__name__}(v, version)"
        bare_choice = issubclass(declared, Choice) and element.number is None
        yield put + (contents if bare_choice else f"tlv({tag}, {contents})")
    elif declared.kind is Kind.PRESENCE:
        yield put + repr(ber.encode(tag, b""))
    elif declared.kind is Kind.BOOLEAN:
        true, false = (ber.encode(tag, ber.encode_boolean(value)) for value in (True, False))
        yield f"{put}{true!r} if v else {false!r}"
    else:
        yield f"x = {_WRITE[declared.kind].format('v')}"
        yield f"if not {declared.smallest} <= len(x) <= {declared.largest}:"
        yield f"    raise LocalError(f'{name} has {{len(x)}} octets')"
        yield f"{put}header_{tag:x}[len(x)] + x"


def _choice_encoder(declared: Declared, fields: tuple[Element, ...]) -> Iterator[str]:
    name = declared.__name__
    yield f"def encode_{name}(m, version):"
    given = " + ".join(f"(m.{element.name} is not None)" for element in fields)
    yield f"    if {given} > 1:"
    yield f"        raise LocalError('{name} has more than one alternative')"
    for element in fields:
        yield f"    v = m.{element.name}"
        condition = _condition(element)
        yield "    if v is not None" + (f" and {condition}:" if condition else ":")
        yield from _indented(_write_value(f"{name}.{element.name}", element, "return "), 2)
    none_set = declared.NONE_SET if issubclass(declared, Choice) else None
    if none_set is not None:
        yield f"    if {given} == 0 and version >= {none_set[1].first}:"
        yield f"        return {ber.encode(context_tag(none_set[0].number), b'')!r}"
    yield f"    raise LocalError(f'{name} has no alternative that version {{version}} has')"


def _sequence_decoder(declared: Declared, fields: tuple[Element, ...]) -> Iterator[str]:
    name = declared.__name__
    yield f"def decode_{name}(data, offset, end, version):"
    yield from _indented(f"{element.name} = {element.default!r}" for element in fields)
    yield "    while offset < end:"
    yield "        tag, start, stop, offset = read(data, offset, end)"
    for branch, element in enumerate(fields):
        test = f"not {element.name}" if element.default is False else f"{element.name} is None"
        yield f"        {'elif' if branch else 'if'} {_has_tag(element.tags)} and {test}:"
        yield from _indented(_size_check(f"{name}.{element.name}", element), 3)
        yield f"            {element.name} = {_read_value(element)}"
    if fields:
        known = sorted({tag for element in fields for tag in element.tags})
        yield f"        elif tag in {tuple(known)}:"
        yield f"            raise ParameterError(f'{name}: tag {{tag:#x}} twice or out of place')"
    yield from _indented(_demands(name, fields))
    yield f"    return {name}({_arguments(declared, fields)})"


def _has_tag(tags: tuple[int, ...]) -> str:
    return f"tag == {tags[0]}" if len(tags) == 1 else f"tag in {tags}"


def _size_check(name: str, element: Element) -> Iterator[str]:
    declared = element.type
    if isinstance(declared, Primitive) and declared.kind in _SIZED:
        yield f"if not {declared.smallest} <= stop - start <= {declared.largest}:"
        yield f"    raise ParameterError(f'{name} has {{stop - start}} octets')"


def _read_value(element: Element) -> str:
    declared = element.type
    if isinstance(declared, Primitive):
        return _READ[declared.kind]
    decode = f"decode_{declared.__name__}"
    if issubclass(declared, Sequence):
        return f"{decode}(data, start, stop, version)"
    if element.number is None:
        return f"{decode}(tag, data, start, stop, version)"
    return f"explicit({decode}, data, start, stop, version)"


def _demands(name: str, fields: tuple[Element, ...]) -> Iterator[str]:
    for element in fields:
        since = element.mandatory_since
        if since is not None or not element.optional:
            versions = f"version >= {since} and " if since is not None else ""
            yield f"if {versions}{element.name} is None:"
            yield f"    raise ParameterError('{name}.{element.name} is missing')"


def _arguments(declared: Declared, fields: tuple[Element, ...]) -> str:
    kinds = (parameter.kind for parameter in signature(declared).parameters.values())
    keywords = Parameter.KEYWORD_ONLY in kinds
    return ", ".join(f"{e.name}={e.name}" if keywords else e.name for e in fields)


def _choice_decoder(declared: Declared, fields: tuple[Element, ...]) -> Iterator[str]:
    name = declared.__name__
    yield f"def decode_{name}(tag, data, start, stop, version):"
    for element in fields:
        yield f"    if {_has_tag(element.tags)}:"
        yield from _indented(_size_check(f"{name}.{element.name}", element), 2)
        yield f"        return {name}({element.name}={_read_value(element)})"
    none_set = declared.NONE_SET if issubclass(declared, Choice) else None
    if none_set is not None:
        yield f"    if tag == {context_tag(none_set[0].number)}:"
        yield f"        return {name}()"
    yield f"    raise ParameterError(f'{name}: no alternative has tag {{tag:#x}}')"


def _parameter_writer(declared: Declared, fields: tuple[Element, ...]) -> Iterator[str]:
    """Generate the encoder of a whole parameter; None is that this version has none."""
    name = declared.__name__
    yield f"def write_{name}(m, version):"
    if issubclass(declared, Choice):
        yield f"    return encode_{name}(m, version)"
        return
    for element in fields:
        if element.bare:
            yield f"    if version in {element.bare}:"
            yield f"        v = m.{element.name}"
            yield "        if v is None:"
            yield "            return None"
            yield from _indented(_write_value(f"{name}.{element.name}", element, "return "), 2)
    yield f"    x = encode_{name}(m, version)"
    yield f"    return header_30[len(x)] + x if len(x) < {_TABLED} else tlv({ber.SEQUENCE}, x)"


def _parameter_reader(declared: Declared, fields: tuple[Element, ...]) -> Iterator[str]:
    """Generate the decoder of a whole parameter, which takes the forms of all versions."""
    name = declared.__name__
    yield f"def read_{name}(data, version):"
    yield "    tag, start, stop, following = read(data, 0, len(data))"
    yield "    if following != len(data):"
    yield f"        raise ParameterError('{name} has octets after it')"
    if issubclass(declared, Choice):
        yield f"    return decode_{name}(tag, data, start, stop, version)"
        return
    yield f"    if tag == {ber.SEQUENCE}:"
    yield f"        return decode_{name}(data, start, stop, version)"
    for element in fields:
        if element.bare:
            yield f"    if {_has_tag(element.tags)}:"
            yield from _indented(_size_check(f"{name}.{element.name}", element), 2)
            yield f"        return {name}({element.name}={_read_value(element)})"
    yield f"    raise ParameterError(f'{name} has tag {{tag:#x}}')"
