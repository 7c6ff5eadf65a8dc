"""Every MAP type in every version, put together at random, against pycrate: the same octets.

What is compared is built from pycrate's own definitions of 3GPP TS 29.002 and of GSM 09.02, and an
element that is defined there and not here has to be named in `LEFT_OUT`.
"""

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.ss7.map import dialogue_pdus, messages
from telecom.ss7.map import error_parameters as errors
from telecom.ss7.map.codec import decode, encode
from telecom.ss7.map.declarations import Choice, Kind, Primitive
from telecom.ss7.map.elements import Element, elements
from telecom.ss7.map.enumerations import MwStatus
from telecom.ss7.map.errors import USER_ERRORS
from telecom.ss7.map.messages import AddressString
from telecom.ss7.map.operations import OPERATIONS

pycrate = pytest.importorskip("pycrate_asn1dir.TCAP_MAPv2v3")
SM, ER = pycrate.MAP_SM_DataTypes, pycrate.MAP_ER_DataTypes
SM2, ER2 = pycrate.MAPv2_SM_DataTypes, pycrate.MAPv2_ER_DataTypes
COMMON2 = pycrate.MAPv2_CommonDataTypes

CASES: list[tuple[type, int, Any]] = [
    (messages.RoutingInfoForSmArg, 3, SM.RoutingInfoForSM_Arg),
    (messages.RoutingInfoForSmArg, 2, SM2.RoutingInfoForSM_Arg),
    (messages.RoutingInfoForSmArg, 1, SM2.RoutingInfoForSM_Arg),
    (messages.RoutingInfoForSmRes, 3, SM.RoutingInfoForSM_Res),
    (messages.RoutingInfoForSmRes, 2, SM2.RoutingInfoForSM_Res),
    (messages.RoutingInfoForSmRes, 1, SM2.RoutingInfoForSM_Res),
    (messages.MtForwardSmArg, 3, SM.MT_ForwardSM_Arg),
    (messages.MtForwardSmArg, 2, SM2.ForwardSM_Arg),
    (messages.MtForwardSmArg, 1, SM2.ForwardSM_Arg),
    (messages.MtForwardSmRes, 3, SM.MT_ForwardSM_Res),
    (messages.MoForwardSmArg, 3, SM.MO_ForwardSM_Arg),
    (messages.MoForwardSmArg, 2, SM2.ForwardSM_Arg),
    (messages.MoForwardSmArg, 1, SM2.ForwardSM_Arg),
    (messages.MoForwardSmRes, 3, SM.MO_ForwardSM_Res),
    (messages.ForwardSmArg, 2, SM2.ForwardSM_Arg),
    (messages.ForwardSmArg, 1, SM2.ForwardSM_Arg),
    (messages.ReportSmDeliveryStatusArg, 3, SM.ReportSM_DeliveryStatusArg),
    (messages.ReportSmDeliveryStatusArg, 2, SM2.ReportSM_DeliveryStatusArg),
    (messages.ReportSmDeliveryStatusArg, 1, SM2.ReportSM_DeliveryStatusArg),
    (messages.ReportSmDeliveryStatusRes, 3, SM.ReportSM_DeliveryStatusRes),
    (messages.ReportSmDeliveryStatusRes, 2, COMMON2.ISDN_AddressString),
    (messages.AlertServiceCentreArg, 2, SM.AlertServiceCentreArg),
    (messages.AlertServiceCentreArg, 1, SM2.AlertServiceCentreArg),
    (messages.InformServiceCentreArg, 3, SM.InformServiceCentreArg),
    (messages.InformServiceCentreArg, 2, SM2.InformServiceCentreArg),
    (messages.ReadyForSmArg, 3, SM.ReadyForSM_Arg),
    (messages.ReadyForSmArg, 2, SM2.ReadyForSM_Arg),
    (messages.ReadyForSmRes, 3, SM.ReadyForSM_Res),
    (messages.NoteSubscriberPresentArg, 1, COMMON2.IMSI),
    (errors.SystemFailureParam, 3, ER.SystemFailureParam),
    (errors.SystemFailureParam, 2, COMMON2.NetworkResource),
    (errors.SystemFailureParam, 1, COMMON2.NetworkResource),
    (errors.DataMissingParam, 3, ER.DataMissingParam),
    (errors.UnexpectedDataParam, 3, ER.UnexpectedDataParam),
    (errors.FacilityNotSupParam, 3, ER.FacilityNotSupParam),
    (errors.UnknownSubscriberParam, 3, ER.UnknownSubscriberParam),
    (errors.UnidentifiedSubParam, 3, ER.UnidentifiedSubParam),
    (errors.IllegalSubscriberParam, 3, ER.IllegalSubscriberParam),
    (errors.IllegalEquipmentParam, 3, ER.IllegalEquipmentParam),
    (errors.TeleservNotProvParam, 3, ER.TeleservNotProvParam),
    (errors.AbsentSubscriberParam, 3, ER.AbsentSubscriberParam),
    (errors.AbsentSubscriberParam, 1, pycrate.MAPv2_Errors.Mwd_Set),
    (errors.AbsentSubscriberSmParam, 3, ER.AbsentSubscriberSM_Param),
    (errors.CallBarredParam, 3, ER.CallBarredParam),
    (errors.CallBarredParam, 2, ER2.CallBarringCause),
    (errors.CallBarredParam, 1, ER2.CallBarringCause),
    (errors.SubBusyForMtSmsParam, 3, ER.SubBusyForMT_SMS_Param),
    (errors.SmDeliveryFailureCause, 3, ER.SM_DeliveryFailureCause),
    (errors.SmDeliveryFailureCause, 2, ER2.SM_DeliveryFailureCause),
    (errors.SmDeliveryFailureCause, 1, ER2.SM_DeliveryFailureCause),
    (errors.MessageWaitListFullParam, 3, ER.MessageWaitListFullParam),
    (dialogue_pdus.MapDialoguePdu, 3, pycrate.MAP_DialogueInformation.MAP_DialoguePDU),
]
LEFT_OUT = re.compile("extensioncontainer|smsf.*")
"""Elements of the peer's definitions that are skipped here: release 16's SMS function."""

OF_VERSION_2 = {"networknodenumber": "locationInfo"}
"""What an element of version 3 is called in version 2, where it is a CHOICE."""

RANGES = {
    "minimum_delivery_time_value": (30, 600),
    "recommended_delivery_time_value": (30, 600),
    "sm_delivery_timer": (30, 600),
    "sm_rp_mti": (0, 10),
}
LARGEST_DIAMETER_IDENTITY = 60
DIGITS = "0123456789012345678901234567890123456789*#abc"
NAMES = [f"{declared.__name__}-v{version}" for declared, version, _ in CASES]


def plain(text: str) -> str:
    return re.sub("[-_]", "", text).lower()


def is_in(element: Element, version: int) -> bool:
    return element.versions.first <= version <= element.versions.last


def is_demanded(element: Element, version: int) -> bool:
    since = element.mandatory_since
    return not element.optional if since is None else version >= since


def theirs_of(name: str, peer: Any) -> Any:
    """Return the peer's definition of an element."""
    for found, definition in peer._cont.items():
        if plain(found) == plain(name) or OF_VERSION_2.get(plain(name)) == found:
            return definition
    raise AssertionError(f"{peer._name} has no {name}")


def digits(smallest: int, largest: int) -> st.SearchStrategy[str]:
    """Make digits that fill so many octets."""
    return st.text(DIGITS, min_size=smallest * 2 - 1, max_size=largest * 2)


def primitive(element: Element, peer: Any) -> st.SearchStrategy[Any]:
    declared = element.type
    assert isinstance(declared, Primitive)
    smallest, largest = max(declared.smallest, 1), declared.largest
    if peer.TYPE == "ENUMERATED":
        return st.sampled_from(sorted(peer._cont.values()))
    if "diameter" in element.name or "uri" in element.name:
        smallest, largest = 9, LARGEST_DIAMETER_IDENTITY
    return {
        Kind.ADDRESS: st.builds(
            AddressString,
            st.just("") | digits(1, largest - 1),
            st.integers(0, 7),
            st.integers(0, 15),
        ),
        Kind.DIGITS: digits(smallest, largest),
        Kind.OCTETS: st.binary(min_size=smallest, max_size=largest),
        Kind.INTEGER: st.integers(*RANGES.get(element.name, (0, 255))),
        Kind.BOOLEAN: st.booleans(),
        Kind.PRESENCE: st.just(True),
        Kind.BITS: st.integers(0, 2 ** (16 if "mnrg-Set" in (peer._cont or {}) else 6) - 1).map(
            MwStatus
        ),
        Kind.OID: st.lists(st.integers(0, 5), min_size=1, max_size=6).map(
            lambda arcs: (0, 4, *arcs)
        ),
    }[declared.kind]


def value_of(element: Element, version: int, peer: Any) -> st.SearchStrategy[Any]:
    if isinstance(element.type, Primitive):
        found = peer
        if found.TYPE == "CHOICE":
            found = next(iter(found._cont.values()))
        return primitive(element, found)
    return message(element.type, version, peer)


def message(declared: Any, version: int, peer: Any) -> st.SearchStrategy[Any]:
    """Make messages of a type with all that this version has of it."""
    if issubclass(declared, Choice):
        return choice(declared, version, peer)
    required, optional = {}, {}
    peer = of_version(declared, version, peer)
    for element in elements(declared):
        if peer._cont is None or peer.TYPE == "ENUMERATED":
            if version in element.bare:
                required[element.name] = value_of(element, version, peer)
        elif is_in(element, version):
            strategy = value_of(element, version, theirs_of(element.name, peer))
            (required if is_demanded(element, version) else optional)[element.name] = strategy
    return st.fixed_dictionaries(required, optional=optional).map(lambda fields: declared(**fields))


def choice(declared: Any, version: int, peer: Any) -> st.SearchStrategy[Any]:
    arms = [
        value_of(element, version, theirs_of(element.name, peer)).map(
            lambda value, name=element.name: declared(**{name: value})
        )
        for element in elements(declared)
        if is_in(element, version)
    ]
    none_set = declared.NONE_SET
    if none_set is not None and version >= none_set[1].first:
        arms.append(st.just(declared()))
    return st.one_of(arms)


def of_version(declared: Any, version: int, peer: Any) -> Any:
    """Pick the alternative for this version where the peer has a CHOICE between versions."""
    if peer.TYPE != "CHOICE" or issubclass(declared, Choice):
        return peer
    bare = any(version in element.bare for element in elements(declared))
    return next(arm for arm in peer._cont.values() if (arm.TYPE != "SEQUENCE") == bare)


def as_theirs(value: Any, version: int, peer: Any) -> Any:
    """Turn a value of ours into the peer's."""
    if isinstance(value, Choice):
        return alternative_as_theirs(value, version, peer)
    if isinstance(value, msgspec.Struct) and not isinstance(value, AddressString):
        found = of_version(type(value), version, peer)
        inner = sequence_as_theirs(value, version, found)
        return inner if found is peer else (found._name, inner)
    if peer.TYPE == "CHOICE":
        arm = peer._cont["msc-Number"]
        return arm._name, as_theirs(value, version, arm)
    if isinstance(value, AddressString):
        return bytes([0x80 | value.nai << 4 | value.npi]) + semi_octets(value.digits)
    return primitive_as_theirs(value, peer)


def primitive_as_theirs(value: Any, peer: Any) -> Any:
    match peer.TYPE:
        case "ENUMERATED":
            return next(name for name, number in peer._cont.items() if number == value)
        case "BIT STRING":
            size = max(6, int(value).bit_length())
            return int(f"{value:0{size}b}"[::-1], 2), size
        case "NULL":
            return 0
    return semi_octets(value) if isinstance(value, str) else value


def semi_octets(text: str) -> bytes:
    nibbles = [f"{'0123456789*#abc'.index(digit):x}" for digit in text] + ["f"] * (len(text) % 2)
    return bytes.fromhex("".join(b + a for a, b in zip(nibbles[::2], nibbles[1::2], strict=True)))


def sequence_as_theirs(value: msgspec.Struct, version: int, peer: Any) -> Any:
    found = {}
    for element in elements(type(value)):
        inner = getattr(value, element.name)
        if peer._cont is None or peer.TYPE == "ENUMERATED":
            if version in element.bare:
                return as_theirs(inner, version, peer)
        elif inner is not None and inner is not element.default:
            definition = theirs_of(element.name, peer)
            found[definition._name] = as_theirs(inner, version, definition)
    return found


def alternative_as_theirs(value: Choice, version: int, peer: Any) -> Any:
    for element in elements(type(value)):
        inner = getattr(value, element.name)
        if inner is not None:
            definition = theirs_of(element.name, peer)
            return definition._name, as_theirs(inner, version, definition)
    return next((name, 0) for name in peer._cont if name.startswith("noSM"))


@pytest.mark.parametrize(("declared", "version", "peer"), CASES, ids=NAMES)
@settings(derandomize=True, max_examples=12, database=None, deadline=None)
@given(data=st.data())
def test_the_octets_are_pycrates(declared: Any, version: int, peer: Any, data: Any) -> None:
    ours = data.draw(message(declared, version, peer))
    peer.set_val(as_theirs(ours, version, peer))
    octets = peer.to_ber()
    assert encode(ours, version) == octets
    assert decode(declared, octets, version) == ours


def is_extensible(declared: Any, version: int, peer: Any) -> bool:
    found = of_version(declared, version, peer)
    return found.TYPE == "SEQUENCE" and "extensionContainer" in found._cont


@pytest.mark.parametrize(
    ("declared", "version", "peer"), [case for case in CASES if is_extensible(*case)]
)
@settings(derandomize=True, max_examples=4, database=None, deadline=None)
@given(data=st.data())
def test_extension_containers_are_skipped(
    declared: Any, version: int, peer: Any, data: Any
) -> None:
    ours = data.draw(message(declared, version, peer))
    theirs = as_theirs(ours, version, peer)
    fields = theirs[1] if isinstance(theirs, tuple) else theirs
    fields["extensionContainer"] = {"pcs-Extensions": {}}
    peer.set_val(theirs)
    assert decode(declared, peer.to_ber(), version) == ours


@pytest.mark.parametrize(("declared", "version", "peer"), CASES, ids=NAMES)
def test_no_element_is_forgotten(declared: Any, version: int, peer: Any) -> None:
    if declared is not messages.MoForwardSmArg or version == 3:  # ForwardSM-Arg is for both ways
        check_complete(declared, version, peer)


def check_complete(declared: Any, version: int, peer: Any) -> None:
    found = of_version(declared, version, peer)
    if found._cont is None or found.TYPE == "ENUMERATED":
        return
    names = {plain(element.name) for element in elements(declared)}
    names |= {plain(OF_VERSION_2[name]) for name in names & OF_VERSION_2.keys()}
    if issubclass(declared, Choice) and declared.NONE_SET:
        names |= {"nosmrpda", "nosmrpoa"}
    missing = {plain(name) for name in found._cont} - names
    assert not [name for name in missing if not LEFT_OUT.fullmatch(name)]
    for element in elements(declared):
        if not isinstance(element.type, Primitive) and is_in(element, version):
            check_complete(element.type, version, theirs_of(element.name, found))


def test_every_type_is_compared() -> None:
    compared = {declared for declared, _, _ in CASES}
    assert compared >= {row.argument for row in OPERATIONS}
    assert compared >= {row.result for row in OPERATIONS if row.result}
    assert compared >= {row.parameter for row in USER_ERRORS.values()}
