"""TPDUs to octets and back, 3GPP TS 23.040 9.2.2, by their layouts."""

from typing import Final

from telecom.sms.data_coding import ALPHABET_OF_DCS
from telecom.sms.errors import FailureCause, SmsError
from telecom.sms.tpdu.errors import TpduError
from telecom.sms.tpdu.layouts import FROM_MOBILE, LAYOUTS, TO_MOBILE, Layout
from telecom.sms.tpdu.messages import SmsCommand, Tpdu
from telecom.sms.tpdu.parameters import OCTETS, Cursor
from telecom.wire import WireError

_MTI: Final = 0x03
_EXTENSION: Final = 0x80


def encode_tpdu(tpdu: Tpdu) -> bytes:
    """Return the octets of a TPDU; raises an `SmsError` for what no TPDU carries."""
    _check_alphabet(tpdu)
    layout = LAYOUTS[type(tpdu)]
    first = layout.mti
    for name, mask, sense in layout.flags:
        if getattr(tpdu, name) is sense:
            first |= mask
    parts = [b""]
    for name, (encode, _, bits), _ in layout.parameters:
        value = getattr(tpdu, name)
        parts.append(encode(value))
        if bits is not None:
            first |= bits(value)
    if layout.indicated:
        first |= _encode_indicated(tpdu, layout, parts)
    parts[0] = OCTETS[first]
    return b"".join(parts)


def _check_alphabet(tpdu: Tpdu) -> None:
    if isinstance(tpdu, SmsCommand) or tpdu.user_data is None:
        return
    dcs = tpdu.data_coding_scheme or 0
    if not 0 <= dcs <= 0xFF or ALPHABET_OF_DCS[dcs] != tpdu.user_data.alphabet:
        raise TpduError(f"TP-DCS {dcs:#04x} does not mean alphabet {tpdu.user_data.alphabet}")


def _encode_indicated(tpdu: Tpdu, layout: Layout, parts: list[bytes]) -> int:
    """Append TP-PI and what it announces to the parts; return the bits for the first octet."""
    first = indicator = 0
    following = []
    for name, kind, mask in layout.indicated:
        value = getattr(tpdu, name)
        if value is not None:
            indicator |= mask
            following.append(kind.encode(value))
            if kind.bits is not None:
                first |= kind.bits(value)
    if indicator or not layout.plain_end:
        parts += (OCTETS[indicator], *following)
    return first


def decode_tpdu(octets: bytes, mobile_originated: bool) -> Tpdu:
    """Return the TPDU that the octets begin with; `mobile_originated` tells its direction.

    What follows it is left alone. Raises nothing but `TpduError`.
    """
    try:
        cursor = Cursor(octets)
        return _decode(
            cursor, (FROM_MOBILE if mobile_originated else TO_MOBILE)[cursor.first & _MTI]
        )
    except TpduError:
        raise
    except SmsError as error:
        raise TpduError(str(error), error.failure_cause) from None
    except WireError as error:
        raise TpduError(str(error)) from None


def _decode(cursor: Cursor, layout: Layout | None) -> Tpdu:
    if layout is None:
        raise TpduError("a reserved message type", FailureCause.TPDU_NOT_SUPPORTED)
    found = cursor.parameters
    for name, mask, sense in layout.flags:
        found[name] = bool(cursor.first & mask) is sense
    for name, kind, _ in layout.parameters:
        found[name] = kind.read(cursor)
    if layout.indicated:
        indicator = _read_indicator(cursor)
        for name, kind, mask in layout.indicated:
            if indicator & mask or not mask:
                found[name] = kind.read(cursor)
    return layout.message(**found)


def _read_indicator(cursor: Cursor) -> int:
    """Read TP-PI and skip its extensions (9.2.3.27); it is 0 where the TPDU ends before it."""
    indicator = following = cursor.u8() if cursor.remaining else 0
    while following & _EXTENSION:
        following = cursor.u8()
    return indicator
