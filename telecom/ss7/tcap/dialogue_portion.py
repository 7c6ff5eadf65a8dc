"""The dialogue portion of a TCAP message, Q.773 3.2: dialogue control PDUs to octets and back.

Most dialogue portions repeat: both directions remember the last ones.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from telecom.ss7.ber import (
    EXTERNAL,
    INTEGER,
    OBJECT_IDENTIFIER,
    BerError,
    ObjectIdentifier,
    decode_integer,
    decode_oid,
    encode,
    encode_integer,
    encode_oid,
    read,
)
from telecom.ss7.tcap.errors import DialoguePortionError
from telecom.ss7.tcap.messages import (
    DialogueAbort,
    DialoguePdu,
    DialogueRequest,
    DialogueResponse,
    UnidirectionalDialogue,
)
from telecom.ss7.tcap.primitives import External

DIALOGUE_PORTION: Final = 0x6B
DIALOGUE_AS: Final[ObjectIdentifier] = (0, 0, 17, 773, 1, 1, 1)
UNIDIALOGUE_AS: Final[ObjectIdentifier] = (0, 0, 17, 773, 1, 2, 1)

_REQUEST: Final = 0x60
_RESPONSE: Final = 0x61
_ABORT: Final = 0x64
_PROTOCOL_VERSION: Final = 0x80
_SOURCE: Final = 0x80
_CONTEXT_NAME: Final = 0xA1
_RESULT: Final = 0xA2
_DIAGNOSTIC: Final = 0xA3
_USER_INFORMATION: Final = 0xBE

_SINGLE_ASN1_TYPE: Final = 0xA0
_ENCODINGS: Final = (_SINGLE_ASN1_TYPE, 0x81, 0x82)
_SKIPPED_IN_EXTERNAL: Final = (INTEGER, 0x07)
"""The indirect reference and the data value descriptor, which say nothing here."""

_REMEMBERED: Final = 512

Elements = dict[int, bytes]
"""The contents of each element of a PDU by its tag, in the order in which they came."""


@lru_cache(maxsize=_REMEMBERED)
def decode_dialogue_portion(octets: bytes) -> DialoguePdu:
    """Decode the contents of a dialogue portion (tag 0x6B); raises `DialoguePortionError`."""
    try:
        abstract_syntax, value = _decode_external(_only(octets, EXTERNAL))
        tag, start, end, _ = read(value, 0, len(value))
        decoder = _DECODERS.get((abstract_syntax, tag))
        if decoder is None:
            raise DialoguePortionError(f"no dialogue PDU: {abstract_syntax}, tag {tag:#x}")
        return decoder(_elements(value, start, end))
    except BerError as error:
        raise DialoguePortionError(str(error)) from error
    except KeyError as error:
        raise DialoguePortionError(f"element {error.args[0]:#x} is missing") from error


def _only(octets: bytes, expected: int) -> bytes:
    """Return the contents of the one value that these octets are."""
    tag, start, end, following = read(octets, 0, len(octets))
    if tag != expected or following != len(octets):
        raise DialoguePortionError(f"one value of tag {expected:#x} wanted, tag {tag:#x} found")
    return octets[start:end]


def _elements(data: bytes, start: int, end: int) -> Elements:
    """Read the elements of a PDU; all dialogue PDUs have theirs in ascending order of tags."""
    elements: Elements = {}
    previous = 0
    while start < end:
        tag, value, stop, start = read(data, start, end)
        if tag <= previous:
            raise DialoguePortionError(f"element {tag:#x} comes too late or twice")
        elements[tag] = data[value:stop]
        previous = tag
    return elements


def _decode_external(octets: bytes) -> tuple[ObjectIdentifier, bytes]:
    external = _decode_user_external(octets)
    if external.encoding != _SINGLE_ASN1_TYPE:
        raise DialoguePortionError("a dialogue PDU is a single ASN.1 type")
    return external.direct_reference, external.data


def _decode_user_external(octets: bytes) -> External:
    tag, start, end, offset = read(octets, 0, len(octets))
    if tag != OBJECT_IDENTIFIER:
        raise DialoguePortionError("an external has no direct reference")
    reference = decode_oid(octets, start, end)
    tag, start, end, offset = read(octets, offset, len(octets))
    while tag in _SKIPPED_IN_EXTERNAL:
        tag, start, end, offset = read(octets, offset, len(octets))
    if tag not in _ENCODINGS or offset != len(octets):
        raise DialoguePortionError(f"an external has no encoding of tag {tag:#x}")
    return External(reference, octets[start:end], tag)


def _context_name(elements: Elements) -> ObjectIdentifier:
    name = _only(elements[_CONTEXT_NAME], OBJECT_IDENTIFIER)
    return decode_oid(name, 0, len(name))


def _user_information(elements: Elements) -> tuple[External, ...]:
    octets = elements.get(_USER_INFORMATION, b"")
    externals = []
    offset = 0
    while offset < len(octets):
        tag, start, end, offset = read(octets, offset, len(octets))
        if tag != EXTERNAL:
            raise DialoguePortionError(f"user information has an element of tag {tag:#x}")
        externals.append(_decode_user_external(octets[start:end]))
    return tuple(externals)


def _decode_request(elements: Elements) -> DialogueRequest:
    return DialogueRequest(
        _context_name(elements), _user_information(elements), elements.get(_PROTOCOL_VERSION)
    )


def _decode_unidirectional(elements: Elements) -> UnidirectionalDialogue:
    return UnidirectionalDialogue(
        _context_name(elements), _user_information(elements), elements.get(_PROTOCOL_VERSION)
    )


def _decode_response(elements: Elements) -> DialogueResponse:
    result = _only(elements[_RESULT], INTEGER)
    octets = elements[_DIAGNOSTIC]
    source = octets[0] if octets else 0
    diagnostic = _only(_only(octets, source), INTEGER)
    code = decode_integer(diagnostic, 0, len(diagnostic))
    if source not in (0xA1, 0xA2) or code not in range(0x100):
        raise DialoguePortionError(f"the diagnostic {octets.hex()} is none")
    return DialogueResponse(
        _context_name(elements),
        decode_integer(result, 0, len(result)),
        source << 8 | code,
        _user_information(elements),
        elements.get(_PROTOCOL_VERSION),
    )


def _decode_abort(elements: Elements) -> DialogueAbort:
    source = elements[_SOURCE]
    return DialogueAbort(decode_integer(source, 0, len(source)), _user_information(elements))


_DECODERS: Final[dict[tuple[ObjectIdentifier, int], Callable[[Elements], DialoguePdu]]] = {
    (DIALOGUE_AS, _REQUEST): _decode_request,
    (DIALOGUE_AS, _RESPONSE): _decode_response,
    (DIALOGUE_AS, _ABORT): _decode_abort,
    (UNIDIALOGUE_AS, _REQUEST): _decode_unidirectional,
}


@lru_cache(maxsize=_REMEMBERED)
def encode_dialogue_portion(pdu: DialoguePdu) -> bytes:
    """Encode a dialogue portion with its tag."""
    abstract_syntax, tag, encoder = _ENCODERS[type(pdu)]
    value = encode(tag, encoder(pdu))
    external = _encode_external(External(abstract_syntax, value))
    return encode(DIALOGUE_PORTION, external)


def _encode_external(external: External) -> bytes:
    reference = encode(OBJECT_IDENTIFIER, encode_oid(external.direct_reference))
    return encode(EXTERNAL, reference + encode(external.encoding, external.data))


def _encode_user_information(user_information: tuple[External, ...]) -> bytes:
    if not user_information:
        return b""
    return encode(_USER_INFORMATION, b"".join(map(_encode_external, user_information)))


def _encode_version_and_context(
    pdu: DialogueRequest | DialogueResponse | UnidirectionalDialogue,
) -> bytes:
    version = pdu.protocol_version
    name = encode(OBJECT_IDENTIFIER, encode_oid(pdu.application_context))
    return (b"" if version is None else encode(_PROTOCOL_VERSION, version)) + encode(
        _CONTEXT_NAME, name
    )


def _encode_request(pdu: DialogueRequest | UnidirectionalDialogue) -> bytes:
    return _encode_version_and_context(pdu) + _encode_user_information(pdu.user_information)


def _encode_response(pdu: DialogueResponse) -> bytes:
    source, code = divmod(pdu.diagnostic, 0x100)
    diagnostic = encode(source, encode(INTEGER, encode_integer(code)))
    return (
        _encode_version_and_context(pdu)
        + encode(_RESULT, encode(INTEGER, encode_integer(pdu.result)))
        + encode(_DIAGNOSTIC, diagnostic)
        + _encode_user_information(pdu.user_information)
    )


def _encode_abort(pdu: DialogueAbort) -> bytes:
    source = encode(_SOURCE, encode_integer(pdu.source))
    return source + _encode_user_information(pdu.user_information)


_ENCODERS: Final[dict[type[DialoguePdu], tuple[ObjectIdentifier, int, Callable[[Any], bytes]]]] = {
    DialogueRequest: (DIALOGUE_AS, _REQUEST, _encode_request),
    DialogueResponse: (DIALOGUE_AS, _RESPONSE, _encode_response),
    DialogueAbort: (DIALOGUE_AS, _ABORT, _encode_abort),
    UnidirectionalDialogue: (UNIDIALOGUE_AS, _REQUEST, _encode_request),
}
