import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.router.failures import (
    Cause,
    DeliveryOutcome,
    Failure,
    FailureClass,
    Stage,
    classify,
)

ROWS = [
    # stage, cause, number, detail -> class, name, err
    ("sri", "error", 1, None, "permanent", "unknownSubscriber", "001"),
    ("sri", "error", 6, None, "absent", "absentSubscriberSM", "006"),
    ("sri", "error", 11, None, "permanent", "teleserviceNotProvisioned", "011"),
    ("sri", "error", 13, None, "permanent", "callBarred", "013"),
    ("sri", "error", 21, None, "permanent", "facilityNotSupported", "021"),
    ("sri", "error", 27, None, "absent", "absentSubscriber", "027"),
    ("sri", "error", 34, None, "temporary", "systemFailure", "034"),
    ("sri", "error", 35, None, "permanent", "dataMissing", "035"),
    ("sri", "error", 36, None, "permanent", "unexpectedDataValue", "036"),
    ("sri", "error", 250, None, "temporary", "MAP error 250", "250"),
    ("sri", "error", -1, None, "temporary", "MAP error 0", "000"),
    ("sri", "error", 2**127 - 1, None, "temporary", "MAP error 999", "999"),
    ("sri", "timeout", None, None, "no_answer", "no answer from the HLR", "400"),
    ("sri", "notice", 1, None, "temporary", "returned by SCCP", "501"),
    ("mt", "error", 5, None, "absent", "unidentifiedSubscriber", "005"),
    ("mt", "error", 6, 1, "absent", "absentSubscriberSM", "006"),
    ("mt", "error", 9, None, "permanent", "illegalSubscriber", "009"),
    ("mt", "error", 12, None, "permanent", "illegalEquipment", "012"),
    ("mt", "error", 31, None, "temporary", "subscriberBusyForMT-SMS", "031"),
    ("mt", "error", 32, 0, "memory_full", "memoryCapacityExceeded", "320"),
    ("mt", "error", 32, 1, "permanent", "equipmentProtocolError", "321"),
    ("mt", "error", 32, 4, "temporary", "sc-Congestion", "324"),
    ("mt", "error", 32, 6, "permanent", "subscriberNotSC-Subscriber", "326"),
    ("mt", "error", 32, 77, "permanent", "sm-DeliveryFailure", "032"),
    ("mt", "error", 32, None, "permanent", "sm-DeliveryFailure", "032"),
    ("mt", "timeout", None, None, "no_answer", "no answer from the serving node", "410"),
    ("mt", "aborted", None, None, "temporary", "dialogue aborted by the serving node", "411"),
    ("mt", "refused", None, None, "permanent", "dialogue refused by the serving node", "412"),
    ("mt", "notice", 2, None, "temporary", "subsystem congestion", "502"),
    ("mt", "notice", 13, None, "permanent", "segmentation not supported", "513"),
    ("mt", "gate", None, None, "temporary", "held back by the GT rule", "419"),
    ("upstream", "error", 0x58, None, "temporary", "ESME_RTHROTTLED", "688"),
    ("upstream", "error", 0x0B, None, "permanent", "command_status 0x0000000b", "611"),
    ("upstream", "error", 0x4FF, None, "permanent", "command_status 0x000004ff", "999"),
    ("upstream", "timeout", None, None, "no_answer", "no answer from the upstream", "420"),
    ("upstream", "gate", None, None, "temporary", "upstream gate", "499"),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: tuple[str, str, int | None, int | None, str, str, str]) -> None:
    stage, cause, number, detail, *expected = row
    failure = classify(Stage(stage), Cause(cause), number=number, detail=detail)
    assert [failure.kind, failure.name, failure.err] == expected


def test_the_final_state_follows_from_the_class() -> None:
    for row in ROWS:
        failure = classify(Stage(row[0]), Cause(row[1]), number=row[2], detail=row[3])
        permanent = failure.kind is FailureClass.PERMANENT
        assert failure.state == ("UNDELIV" if permanent else "EXPIRED")


def test_a_peer_s_code_is_of_the_network_that_the_peer_says() -> None:
    theirs = Failure(FailureClass.PERMANENT, 27, "told", network=8)
    assert (theirs.network_error_code, theirs.error_code) == (b"\x08\x00\x1b", 255)
    gsm = Failure(FailureClass.PERMANENT, 27, "told", network=3)
    assert (gsm.network_error_code, gsm.error_code) == (b"\x03\x00\x1b", 27)


def test_network_error_code_is_the_tlv_of_a_gsm_network() -> None:
    assert classify(Stage.MT, Cause.ERROR, number=6).network_error_code == b"\x03\x00\x06"
    full = classify(Stage.MT, Cause.ERROR, number=32, detail=0)
    assert full.network_error_code == b"\x03\x00\x20"


def test_an_absent_subscriber_is_reported_with_the_diagnostic_of_the_error() -> None:
    failure = classify(Stage.MT, Cause.ERROR, number=6, detail=1)
    assert failure.report is DeliveryOutcome.ABSENT_SUBSCRIBER
    assert (failure.diagnostic, failure.waits_for_alert) == (1, True)
    assert classify(Stage.MT, Cause.ERROR, number=6).diagnostic is None


def test_an_unidentified_subscriber_is_reported_as_absent() -> None:
    failure = classify(Stage.MT, Cause.ERROR, number=5)
    assert failure.report is DeliveryOutcome.ABSENT_SUBSCRIBER
    assert failure.diagnostic == 9


def test_a_full_memory_is_reported_and_awaited() -> None:
    failure = classify(Stage.MT, Cause.ERROR, number=32, detail=0)
    assert failure.report is DeliveryOutcome.MEMORY_CAPACITY_EXCEEDED
    assert failure.waits_for_alert


def test_an_hlr_that_says_absent_needs_no_report() -> None:
    failure = classify(Stage.SRI, Cause.ERROR, number=6)
    assert failure.report is None
    assert failure.waits_for_alert


@settings(derandomize=True, max_examples=300, deadline=None)
@given(
    stage=st.sampled_from(Stage),
    cause=st.sampled_from(Cause),
    number=st.none() | st.integers(-(2**127), 2**127 - 1),
    detail=st.none() | st.integers(-(2**127), 2**127 - 1),
)
def test_every_failure_has_a_row(
    stage: Stage, cause: Cause, number: int | None, detail: int | None
) -> None:
    failure = classify(stage, cause, number=number, detail=detail)
    assert len(failure.err) == 3
    assert len(failure.network_error_code) == 3
    assert len(failure.name) < 50
    assert failure.diagnostic is None or 0 <= failure.diagnostic <= 255
    assert failure.waits_for_alert == (
        failure.kind in {FailureClass.ABSENT, FailureClass.MEMORY_FULL}
    )
