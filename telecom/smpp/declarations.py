"""How a structure of octets is declared: a class with a line for each field, made anew."""

from typing import Final, TypeVar, get_type_hints

import msgspec

from telecom.smpp.fields import Field

DECLARATIONS: Final[dict[type, dict[str, Field]]] = {}
"""The fields of each declared class."""

S = TypeVar("S", bound=msgspec.Struct)


class Part(msgspec.Struct, frozen=True, gc=False):
    """A structure inside a PDU's body, or inside an optional parameter."""


def declared(cls: type[S]) -> type[S]:
    """Make the class anew, as dataclasses do, with defaults in the place of declarations."""
    own = {
        name: field
        for name, field in zip(cls.__struct_fields__, cls.__struct_defaults__, strict=True)
        if isinstance(field, Field)
    }
    types = get_type_hints(cls)
    made = msgspec.defstruct(
        cls.__name__,
        [(name, types[name], field.default) for name, field in own.items()],
        bases=cls.__bases__,
        module=cls.__module__,
        namespace={"__doc__": cls.__doc__},
        frozen=True,
        gc=False,
    )
    inherited = [DECLARATIONS[base] for base in cls.__mro__[1:] if base in DECLARATIONS]
    DECLARATIONS[made] = {**(inherited[0] if inherited else {}), **own}
    return made  # type: ignore[return-value]
