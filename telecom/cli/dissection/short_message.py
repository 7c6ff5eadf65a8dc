"""Short messages as trees: TPDUs, and the user data that TPDUs and SMPP carry."""

import re
from collections.abc import Iterator
from typing import Final

from telecom.cli.dissection.tree import (
    NO_MEANINGS,
    Branch,
    Meanings,
    branch_of,
    fault,
    fields,
    named,
    octets_of,
)
from telecom.sms.address import Address, NumberingPlanIndicator, TypeOfNumber
from telecom.sms.alphabets import Alphabet
from telecom.sms.data_coding import DataCoding, decode_data_coding
from telecom.sms.errors import FailureCause, SmsError
from telecom.sms.tpdu import Tpdu, TpduError, decode_tpdu, encode_tpdu
from telecom.sms.user_data import CONCATENATION_8, CONCATENATION_16, UserData

type_of_number: Final = named(TypeOfNumber)
numbering_plan: Final = named(NumberingPlanIndicator)

_MTI: Final = 0x03
_SUBMIT: Final = 1
_CONCATENATIONS: Final = (CONCATENATION_8, CONCATENATION_16)


def data_coding_meaning(dcs: int) -> str:
    """Say what a TP-DCS says, TS 23.038 4."""
    coding: DataCoding = decode_data_coding(dcs)
    said = [coding.alphabet.name]
    if coding.message_class is not None:
        said.append(f"class {coding.message_class}")
    if coding.compressed:
        said.append("compressed")
    if coding.waiting is not None:
        said.append(
            f"{coding.waiting.kind.name} waiting" if coding.waiting.active else "none waiting"
        )
    return ", ".join(said)


_MEANINGS: Final[Meanings] = {
    "failure_cause": named(FailureCause),
    "data_coding_scheme": data_coding_meaning,
}


def tpdu(octets: bytes, *, mobile_originated: bool) -> Branch:
    """Show a TPDU that goes in a known direction, TS 23.040 9.2.2."""
    try:
        message = decode_tpdu(octets, mobile_originated)
    except TpduError as error:
        return fault("TPDU", error, octets)
    return _shown(message)


def tpdu_of_either_direction(octets: bytes) -> Branch:
    """Show a TPDU that nothing tells the direction of.

    TP-MTI means SMS-DELIVER, SMS-SUBMIT or SMS-STATUS-REPORT, or what answers the opposite one:
    it is whichever all of the octets are, the first three before the others.
    """
    likely = octets[0] & _MTI == _SUBMIT
    directions = [each for each in (likely, not likely) if _fills(octets, each)]
    return tpdu(octets, mobile_originated=directions[0] if directions else likely)


def is_tpdu(octets: bytes) -> bool:
    """Say whether the octets can be a TPDU, and nothing else."""
    return _fills(octets, False) or _fills(octets, True)


def _fills(octets: bytes, mobile_originated: bool) -> bool:
    try:
        return len(encode_tpdu(decode_tpdu(octets, mobile_originated))) == len(octets)
    except SmsError:
        return False


def _shown(message: Tpdu) -> Branch:
    branches = [*fields(message, without=("user_data",), meanings=_MEANINGS)]
    user_data: UserData | None = getattr(message, "user_data", None)
    if user_data is not None:
        branches += user_data_branches(user_data)
    name = re.sub(r"(?<!^)([A-Z])", r"-\1", type(message).__name__).upper()
    return Branch(f"TPDU {name}", branches=tuple(branches))


def user_data_branches(user_data: UserData) -> Iterator[Branch]:
    """Show the header of a short message, its alphabet, and its text or octets."""
    concatenation = user_data.concatenation
    if concatenation is not None:
        yield branch_of(concatenation, "concatenation")
    for element in user_data.header:
        if concatenation is None or element.identifier not in _CONCATENATIONS:
            yield Branch(f"information_element 0x{element.identifier:02x}", element.data.hex())
    yield branch_of(user_data.alphabet, "alphabet")
    if user_data.alphabet == Alphabet.OCTETS:
        yield from octets_of("octets", user_data.payload)
    else:
        yield Branch("text", user_data.text)


@branch_of.register
def _(address: Address, name: str, _: Meanings = NO_MEANINGS) -> Branch:
    kind = type_of_number(address.ton) or f"type {address.ton}"
    plan = numbering_plan(address.npi) or f"plan {address.npi}"
    return Branch(name, address.digits, f"{kind}, {plan}")
