from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.router.gt_rule import (
    RECORDS_PER_IMSI,
    Correlation,
    FsmRecord,
    SriRecord,
    Verdict,
    judge,
)

A, B, C = "38591000001", "38591000002", "38599000009"
T1 = 30.0
SRI = {"msisdn": "447700900123", "imsi": "234900000000123", "node": "447700900001", "at": 100.0}
FSM = {"imsi": "234900000000123", "node": "447700900001", "at": 101.0}


def sri(sccp_gt: str = A, map_gt: str = A, **fields: Any) -> SriRecord:
    return SriRecord(**{**SRI, "sccp_gt": sccp_gt, "map_gt": map_gt, **fields})


def fsm(sccp_gt: str = A, map_gt: str = A, **fields: Any) -> FsmRecord:
    return FsmRecord(**{**FSM, "sccp_gt": sccp_gt, "map_gt": map_gt, **fields})


@pytest.mark.parametrize(
    ("asked", "sent", "verdict"),
    [
        # SCCP calling GT and MAP service centre address: of the SRI, of the FSM
        ((A, A), (A, A), Verdict.MATCH),
        ((A, A), (B, A), Verdict.SCCP_MISMATCH),
        ((A, A), (B, B), Verdict.SCCP_MISMATCH),
        ((A, A), (A, B), Verdict.MAP_MISMATCH),
        ((A, A), (A, ""), Verdict.MAP_MISMATCH),
        ((A, A), (B, C), Verdict.FSM_CONFLICT),
        ((A, B), (A, B), Verdict.SRI_CONFLICT),
        ((A, B), (A, A), Verdict.SRI_CONFLICT),
        ((A, B), (B, B), Verdict.SRI_CONFLICT),
    ],
)
def test_four_comparisons(asked: tuple[str, str], sent: tuple[str, str], verdict: Verdict) -> None:
    assert judge(sri(*asked), fsm(*sent), T1) is verdict


def test_no_request_is_unsolicited() -> None:
    assert judge(None, fsm(), T1) is Verdict.UNSOLICITED


@pytest.mark.parametrize(
    "fields", [{"imsi": "234900000000124"}, {"node": "447700900002"}, {"imsi": None, "node": None}]
)
def test_another_imsi_or_node_is_unsolicited(fields: dict[str, Any]) -> None:
    assert judge(sri(**fields), fsm(), T1) is Verdict.UNSOLICITED


def test_t1_ends_a_request() -> None:
    assert judge(sri(), fsm(at=129.999), T1) is Verdict.MATCH
    assert judge(sri(), fsm(at=130.0), T1) is Verdict.EXPIRED


GTS = st.sampled_from([A, B, C])


@settings(derandomize=True, max_examples=300, deadline=None)
@given(
    gts=st.tuples(GTS, GTS, GTS, GTS),
    imsi=st.sampled_from(["1", "2", None]),
    node=st.sampled_from(["n", "m", None]),
    age=st.floats(0, 2 * T1),
)
def test_only_the_same_gt_on_all_four_sides_matches(
    *, gts: tuple[str, str, str, str], imsi: str | None, node: str | None, age: float
) -> None:
    asked = sri(gts[0], gts[1], imsi=imsi, node=node, at=0.0)
    sent = fsm(gts[2], gts[3], imsi="1", node="n", at=age)
    same = len(set(gts)) == 1 and (imsi, node) == ("1", "n") and age < T1
    assert (judge(asked, sent, T1) is Verdict.MATCH) == same


class TestCorrelation:
    def test_one_request_lets_one_dialogue_through(self) -> None:
        firewall = Correlation(t1=T1)
        firewall.sri_answered(sri())
        assert firewall.fsm_received(fsm()) is Verdict.MATCH
        assert firewall.fsm_received(fsm()) is Verdict.UNSOLICITED
        assert firewall.counts == {Verdict.MATCH: 1, Verdict.UNSOLICITED: 1}
        assert firewall.counts[Verdict.EXPIRED] == 0
        assert len(firewall) == 0

    def test_a_stranger_does_not_spoil_an_honest_sender(self) -> None:
        firewall = Correlation(t1=T1)
        firewall.sri_answered(sri())
        assert firewall.fsm_received(fsm(B, B)) is Verdict.SCCP_MISMATCH
        assert firewall.fsm_received(fsm()) is Verdict.MATCH

    def test_two_senders_to_one_subscriber(self) -> None:
        firewall = Correlation(t1=T1)
        firewall.sri_answered(sri(A, A))
        firewall.sri_answered(sri(B, B))
        assert firewall.fsm_received(fsm(B, B)) is Verdict.MATCH
        assert firewall.fsm_received(fsm(A, A)) is Verdict.MATCH

    def test_an_old_request_is_no_match_beside_a_new_one(self) -> None:
        firewall = Correlation(t1=T1)
        firewall.sri_answered(sri(at=0.0))
        assert firewall.fsm_received(fsm()) is Verdict.EXPIRED
        firewall.sri_answered(sri(at=100.0))
        assert firewall.fsm_received(fsm()) is Verdict.MATCH
        assert firewall.fsm_received(fsm()) is Verdict.EXPIRED

    def test_an_unanswered_request_is_not_for_it(self) -> None:
        with pytest.raises(ValueError, match="has an IMSI"):
            Correlation(t1=T1).sri_answered(sri(imsi=None, node=None))

    def test_the_oldest_goes_first_when_it_is_full(self) -> None:
        firewall = Correlation(t1=T1, limit=2)
        for imsi in "123":
            firewall.sri_answered(sri(imsi=imsi))
        assert len(firewall) == 2
        verdicts = [firewall.fsm_received(fsm(imsi=imsi)) for imsi in "123"]
        assert verdicts == [Verdict.UNSOLICITED, Verdict.MATCH, Verdict.MATCH]

    def test_a_window_full_of_messages_for_one_subscriber_is_remembered(self) -> None:
        firewall = Correlation(t1=T1)
        for _ in range(200):
            firewall.sri_answered(sri())
        assert {firewall.fsm_received(fsm()) for _ in range(200)} == {Verdict.MATCH}

    def test_one_subscriber_cannot_fill_it(self) -> None:
        firewall = Correlation(t1=T1)
        for _ in range(RECORDS_PER_IMSI + 5):
            firewall.sri_answered(sri())
        assert len(firewall) == RECORDS_PER_IMSI

    @settings(derandomize=True, max_examples=100, deadline=None)
    @given(
        steps=st.lists(
            st.tuples(st.booleans(), st.sampled_from("12"), GTS, st.floats(0, T1)), max_size=60
        )
    )
    def test_never_more_matches_than_requests(
        self, steps: list[tuple[bool, str, str, float]]
    ) -> None:
        firewall = Correlation(t1=T1, limit=10)
        asked: Counter[tuple[str, str]] = Counter()
        now = 0.0
        for is_request, imsi, gt, wait in steps:
            now += wait
            if is_request:
                firewall.sri_answered(sri(gt, gt, imsi=imsi, at=now))
                asked[imsi, gt] += 1
            elif firewall.fsm_received(fsm(gt, gt, imsi=imsi, at=now)) is Verdict.MATCH:
                asked[imsi, gt] -= 1
                assert asked[imsi, gt] >= 0
            assert len(firewall) <= 10
