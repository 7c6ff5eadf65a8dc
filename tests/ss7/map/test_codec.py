"""Literal octets of what the vectors have not; what is tolerated, and what is not, both ways."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.ss7 import ber
from telecom.ss7.map import messages
from telecom.ss7.map.codec import decode, encode
from telecom.ss7.map.declarations import Choice
from telecom.ss7.map.dialogue_pdus import (
    MapDialoguePdu,
    MapRefuseInfo,
    MapUserAbortChoice,
    MapUserAbortInfo,
)
from telecom.ss7.map.enumerations import MwStatus, SmDeliveryOutcome
from telecom.ss7.map.error_parameters import (
    AbsentSubscriberParam,
    AbsentSubscriberSmParam,
    CallBarredParam,
    SmDeliveryFailureCause,
    SystemFailureParam,
)
from telecom.ss7.map.errors import USER_ERRORS, LocalError, ParameterError, error_name
from telecom.ss7.map.messages import AddressString, RoutingInfoForSmArg, SmRpDa, SmRpOa
from telecom.ss7.map.operations import OPERATIONS
from telecom.wire import WireError

MSISDN = AddressString("46701234567")
CENTRE = AddressString("46700000099")
ARGUMENT = RoutingInfoForSmArg(MSISDN, sm_rp_pri=True, service_centre_address=CENTRE)
ARGUMENT_OCTETS = "30158007916407214365f78101ff8207916407000090f9"
FORWARD = messages.MtForwardSmArg(
    SmRpDa(imsi="240011234567890"), SmRpOa(service_centre_address_oa=CENTRE), b"\x04"
)

LITERALS: list[tuple[Any, int, str]] = [
    (
        messages.ReportSmDeliveryStatusArg(
            MSISDN,
            CENTRE,
            SmDeliveryOutcome.ABSENT_SUBSCRIBER,
            absent_subscriber_diagnostic_sm=6,
            delivery_outcome_indicator=True,
        ),
        3,
        "301a0407916407214365f70407916407000090f90a01018001068300",
    ),
    (
        messages.ReportSmDeliveryStatusArg(MSISDN, CENTRE),
        1,
        "30120407916407214365f70407916407000090f9",
    ),
    (messages.ReportSmDeliveryStatusRes(MSISDN), 2, "0407916407214365f7"),
    (messages.NoteSubscriberPresentArg("240011234567890"), 1, "040842001132547698f0"),
    (messages.ReadyForSmRes(), 3, "3000"),
    (messages.MoForwardSmRes(b"\x01\x00"), 3, "300404020100"),
    (
        messages.ForwardSmArg(SmRpDa(), SmRpOa(), b"\x04", more_messages_to_send=True),
        2,
        "3009850085000401040500",
    ),
    (
        messages.ForwardSmArg(SmRpDa(lmsi=b"abcd"), SmRpOa(MSISDN), b""),
        1,
        "30118104616263648207916407214365f70400",
    ),
    (
        messages.InformServiceCentreArg(
            mw_status=MwStatus.SC_ADDRESS_NOT_INCLUDED | MwStatus.MCEF_SET | MwStatus(1 << 7)
        ),
        3,
        "3004030200a1",
    ),
    (AbsentSubscriberParam(mwd_set=False), 1, "010100"),
    (AbsentSubscriberParam(absent_subscriber_reason=2), 3, "3003800102"),
    (AbsentSubscriberSmParam(1, imsi="240011234567890"), 3, "300d020101810842001132547698f0"),
    (CallBarredParam(1), 2, "0a0101"),
    (CallBarredParam(unauthorised_message_originator=True), 3, "30028100"),
    (SystemFailureParam(1), 1, "0a0101"),
    (SystemFailureParam(additional_network_resource=7), 3, "3003800107"),
    (SmDeliveryFailureCause(4), 1, "0a0104"),
    (SmDeliveryFailureCause(4, b"\x00\xd3"), 2, "30070a0104040200d3"),
    (
        MapDialoguePdu(map_refuse=MapRefuseInfo(2, (0, 4, 0, 0, 1, 0, 25, 2))),
        3,
        "a30c0a0102060704000001001902",
    ),
    (
        MapDialoguePdu(map_user_abort=MapUserAbortInfo(MapUserAbortChoice(resource_unavailable=1))),
        3,
        "a403820101",
    ),
]
TYPES: list[Any] = sorted(
    {row.argument for row in OPERATIONS}
    | {row.result for row in OPERATIONS if row.result}
    | {row.parameter for row in USER_ERRORS.values()}
    | {MapDialoguePdu},
    key=lambda declared: declared.__name__,
)
SAMPLES = [bytes.fromhex(octets) for _, _, octets in LITERALS] + [bytes.fromhex(ARGUMENT_OCTETS)]


@pytest.mark.parametrize(("message", "version", "octets"), LITERALS)
def test_literal_octets(message: Any, version: int, octets: str) -> None:
    written = encode(message, version)
    assert written is not None
    assert written.hex() == octets
    assert decode(type(message), bytes.fromhex(octets), version) == message


@pytest.mark.parametrize("version", [1, 2])
def test_what_a_version_does_not_have_is_left_out(version: int) -> None:
    argument = RoutingInfoForSmArg(
        MSISDN,
        sm_rp_pri=True,
        service_centre_address=CENTRE,
        gprs_support_indicator=True,
        sm_rp_mti=0,
        imsi="240011234567890",
    )
    assert encode(argument, version) == bytes.fromhex(ARGUMENT_OCTETS)


def test_a_version_without_the_parameter_writes_none() -> None:
    assert encode(CallBarredParam(anonymous_call_rejection=True), 2) is None
    assert encode(messages.ReportSmDeliveryStatusRes(), 2) is None


def test_a_long_parameter_has_a_long_length() -> None:
    argument = messages.MtForwardSmArg(
        SmRpDa(imsi="240011234567890"),
        SmRpOa(service_centre_address_oa=AddressString("1" * 38)),
        bytes(200),
        correlation_id=messages.CorrelationId(sip_uri_b=bytes(200)),
    )
    octets = encode(argument, 3)
    assert octets is not None
    assert octets[:4].hex() == "308201b9"
    assert decode(messages.MtForwardSmArg, octets, 3) == argument


@pytest.mark.parametrize(
    "skipped",
    [
        "8600",  # extensionContainer
        "a609a1073005a0030a0101",
        "9f1f0101",  # [31]
        "d20142",  # [PRIVATE 18]
        "04021234",  # an element of no context
        "bf8148800401000000",  # [200], of indefinite length
    ],
)
def test_unknown_elements_are_skipped(skipped: str) -> None:
    extra = bytes.fromhex(skipped)
    octets = ber.encode(0x30, bytes.fromhex(ARGUMENT_OCTETS)[2:] + extra)
    assert decode(RoutingInfoForSmArg, octets, 3) == ARGUMENT


def test_an_isdn_address_may_be_longer_than_the_specification_has_it() -> None:
    octets = ber.encode(0x30, ber.encode(0x04, b"\x91" + bytes(10)))
    decoded = decode(messages.ReportSmDeliveryStatusRes, octets, 3)
    assert decoded == messages.ReportSmDeliveryStatusRes(AddressString("0" * 20))
    with pytest.raises(LocalError):
        encode(decoded, 3)


def test_the_roaming_number_of_version_1_stands_for_the_node() -> None:
    octets = bytes.fromhex("3015040842001132547698f0a0098007916407000020f0")
    decoded = decode(messages.RoutingInfoForSmRes, octets, 1)
    assert decoded.location_info_with_lmsi.network_node_number == AddressString("46700000020")


@pytest.mark.parametrize(
    "octets",
    [
        "",
        "30",
        "3000",  # nothing in it
        "0500",
        ARGUMENT_OCTETS[:-2],  # cut short
        ARGUMENT_OCTETS + "00",  # an octet too many
        "300c8007916407214365f78101ff",  # no service centre address
    ],
)
def test_bad_arguments(octets: str) -> None:
    with pytest.raises(ParameterError):
        decode(RoutingInfoForSmArg, bytes.fromhex(octets), 3)


@pytest.mark.parametrize(
    "element",
    [
        "8101ff",  # sm-RP-PRI for the second time
        "8900",  # an SM-RP-SMEA without octets
        "890d0b916407896745f30000000000",  # and one of thirteen
        "8c024200",  # an IMSI of two octets
        "8c0642001132",  # one that is cut short
        "8c08ffffffffffffffff",  # one that is all fillers
        "8c0312ffff",  # one of two digits, which no three octets can say again
        "8800",  # an INTEGER without octets
        "af00",  # a correlation id without what it must have
    ],
)
def test_bad_elements(element: str) -> None:
    contents = bytes.fromhex(ARGUMENT_OCTETS)[2:] + bytes.fromhex(element)
    with pytest.raises(ParameterError):
        decode(RoutingInfoForSmArg, ber.encode(0x30, contents), 3)


@pytest.mark.parametrize(
    ("declared", "octets"),
    [
        (messages.MtForwardSmArg, "30058500840004"),  # cut short
        (messages.MtForwardSmArg, "300787008500040104"),  # no alternative of SM-RP-DA
        (messages.MtForwardSmArg, "300784008500040104"),  # an address without octets
        (messages.InformServiceCentreArg, "30040302ff00"),  # 255 unused bits
        (messages.ReportSmDeliveryStatusArg, "30120407916407214365f70407916407000090f9"),
        (messages.RoutingInfoForSmRes, "300a040842001132547698f0"),
        (
            messages.RoutingInfoForSmRes,  # two values in the additional number
            "3022040842001132547698f0a0168107916407000020f0a60b8107916407000030f00500",
        ),
        (MapDialoguePdu, "a600"),  # no alternative of the CHOICE
        (MapDialoguePdu, "a400"),
        (CallBarredParam, "0a00"),  # an ENUMERATED without octets
    ],
)
def test_bad_parameters(declared: Any, octets: str) -> None:
    with pytest.raises(ParameterError):
        decode(declared, bytes.fromhex(octets), 3)


@pytest.mark.parametrize(
    ("message", "version"),
    [
        (messages.ReportSmDeliveryStatusArg(MSISDN, CENTRE), 3),  # the outcome is mandatory
        (messages.ForwardSmArg(SmRpDa(), SmRpOa(MSISDN), b"\x04"), 1),  # no noSM-RP-DA
        (messages.ForwardSmArg(SmRpDa(roaming_number=MSISDN), SmRpOa(), b"\x04"), 2),
        (messages.ForwardSmArg(SmRpDa("240011234567890", b"abcd"), SmRpOa(), b"\x04"), 2),
        (messages.ForwardSmArg(SmRpDa("2400"), SmRpOa(), b"\x04"), 2),
        (messages.ForwardSmArg(SmRpDa(lmsi=b"abc"), SmRpOa(), b"\x04"), 2),
        (messages.ForwardSmArg(SmRpDa(), SmRpOa(), bytes(201)), 2),
        (messages.ForwardSmArg(SmRpDa(), SmRpOa(AddressString("46 70")), b"\x04"), 2),
        (messages.ForwardSmArg(SmRpDa(), SmRpOa(AddressString("4670", nai=8)), b"\x04"), 2),
        (messages.ForwardSmArg(SmRpDa(), SmRpOa(), None), 2),  # type: ignore[arg-type]
        (MapDialoguePdu(), 3),
    ],
)
def test_what_cannot_be_written(message: Any, version: int) -> None:
    with pytest.raises(LocalError):
        encode(message, version)


def test_an_error_has_its_name() -> None:
    assert error_name(31) == "subscriberBusyForMT-SMS"
    assert error_name(99) == "error 99"


def decodes_or_says_why(declared: Any, octets: bytes) -> None:
    for version in (1, 2, 3):
        try:
            message = decode(declared, octets, version)
        except ParameterError:
            continue
        try:
            written = encode(message, version)
        except (LocalError, WireError):
            continue  # more than the specification allows, which is understood all the same
        if written is not None and not isinstance(message, Choice):
            decode(declared, written, version)


@pytest.mark.parametrize("declared", TYPES)
@settings(derandomize=True, max_examples=40, database=None, deadline=None)
@given(octets=st.binary(max_size=60))
def test_any_octets(declared: Any, octets: bytes) -> None:
    decodes_or_says_why(declared, octets)
    decodes_or_says_why(declared, ber.encode(0x30, octets))


@pytest.mark.parametrize("declared", TYPES)
@settings(derandomize=True, max_examples=40, database=None, deadline=None)
@given(data=st.data())
def test_damaged_octets(declared: Any, data: Any) -> None:
    octets = bytearray(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(1, 3))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    decodes_or_says_why(declared, bytes(octets))


def test_an_error_of_ours_does_not_show_what_the_message_carries() -> None:
    argument = messages.MtForwardSmArg(
        sm_rp_da=SmRpDa(imsi="1234567x"), sm_rp_oa=SmRpOa(), sm_rp_ui=b"the text of a subscriber"
    )
    with pytest.raises(LocalError) as raised:
        encode(argument, 3)
    said = str(raised.value)
    assert said.startswith("MtForwardSmArg cannot be written: ")
    assert "123456" not in said
    assert "text" not in said
