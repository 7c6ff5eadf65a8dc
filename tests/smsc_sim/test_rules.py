"""Rules together: order, what they add up to, what they count and draw."""

from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from smsc_sim.actions import AS_USUAL, Action, Form, IdForm, Response
from smsc_sim.draws import Exponential, LogNormal, Uniform, drawn
from smsc_sim.matching import Subject
from smsc_sim.rules import MOST_REMEMBERED, Rule, Rules
from telecom.smpp.pdus import SubmitSm
from telecom.smpp.status import CommandStatus
from telecom.sms.receipt import MessageState

BUSY = {"status": "ESME_RMSGQFUL"}


def rules(*rows: dict[str, Any], seed: int = 0) -> Rules:
    return Rules([Rule.model_validate(row) for row in rows], seed=seed)


def subject(account: str = "demo", to: str = "44", session: int = 1, source: str = "1") -> Subject:
    pdu = SubmitSm(source_addr=source.encode(), destination_addr=to.encode())
    return Subject(pdu, SubmitSm, account, session)


def statuses(tried: Rules, *subjects: Subject) -> list[int]:
    return [int(tried.decide(each, 0.0).status) for each in subjects]


def test_the_first_rule_that_fits_holds() -> None:
    one = {"match": {"destination": {"ending": "1"}}, "action": BUSY}
    other = {"match": {"destination": {"ending": "01"}}, "action": {"delay": 1}}
    assert rules(one, other).decide(subject(to="4401"), 0.0).status == CommandStatus.ESME_RMSGQFUL
    assert rules(other, one).decide(subject(to="4401"), 0.0).delay == 1
    assert rules(other).decide(subject(to="44"), 0.0) is AS_USUAL


def test_a_rule_that_goes_on_lets_others_add_what_it_leaves_out() -> None:
    tried = rules(
        {"action": {"delay": 1, "receipt": {"message_id": {"form": "hex"}}}, "goes_on": True},
        {"match": {"accounts": ["other"]}, "action": {"then": "close"}, "goes_on": True},
        {"action": {"delay": 2, "receipt": {"state": "EXPIRED", "message_id": {"width": 4}}}},
        {"action": {"response": "never"}},
    )
    action = tried.decide(subject(), 0.0)
    assert (action.delay, action.then, action.response) == (1, "stay", Response.NORMAL)
    assert action.receipt.state is MessageState.EXPIRED
    assert action.receipt.message_id == IdForm(form=Form.HEX, width=4)
    assert tried.decide(subject("other"), 0.0).then == "close"


def test_a_default_that_is_said_stays_said() -> None:
    tried = rules({"action": {"delay": 0}, "goes_on": True}, {"action": {"delay": 2}})
    assert tried.decide(subject(), 0.0).delay == 0


@pytest.mark.parametrize(
    ("count", "fitting"),
    [
        ({"nth": [2, 5]}, [2, 5]),
        ({"every": 3}, [3, 6]),
        ({"first": 2}, [1, 2]),
        ({"after": 4}, [5, 6]),
        ({"every": 2, "after": 2}, [4, 6]),
        ({"first": 0}, []),
    ],
)
def test_rules_count(count: dict[str, Any], fitting: list[int]) -> None:
    tried = rules({"match": count, "action": BUSY})
    found = statuses(tried, *[subject()] * 6)
    assert [number for number, status in enumerate(found, 1) if status] == fitting


@pytest.mark.parametrize(
    ("per", "others"),
    [
        ("account", subject("other")),
        ("destination", subject(to="45")),
        ("source", subject(source="2")),
        ("session", subject(session=2)),
    ],
)
def test_each_of_what_it_counts_per_has_its_own_count(per: str, others: Subject) -> None:
    tried = rules({"match": {"first": 1, "per": per}, "action": {"status": 8}})
    assert statuses(tried, subject(), others, subject(), others) == [8, 8, 0, 0]
    together = rules({"match": {"first": 1, "per": "all"}, "action": {"status": 8}})
    assert statuses(together, subject(), others) == [8, 0]


def test_only_what_fits_otherwise_is_counted() -> None:
    tried = rules({"match": {"nth": [2], "source": {"equals": "2"}}, "action": {"status": 8}})
    sources = ("1", "2", "1", "2", "2")
    assert statuses(tried, *(subject(source=each) for each in sources)) == [0, 0, 0, 8, 0]


def test_what_is_counted_is_bounded() -> None:
    tried = rules({"match": {"first": 1, "per": "destination"}, "action": {"status": 8}})
    for number in range(MOST_REMEMBERED + 1):
        tried.decide(subject(to=str(number)), 0.0)
    assert statuses(tried, subject(to="2"), subject(to="0")) == [0, 8]


def test_more_than_a_rate_is_too_much() -> None:
    tried = rules({"match": {"rate_above": 2}, "action": {"status": 0x58}})
    at = [0.0, 0.0, 0.0, 0.5, 0.5, 10.0, 10.0, 10.0]
    assert [tried.decide(subject(), now).status for now in at] == [0, 0, 0x58, 0, 0x58, 0, 0, 0x58]
    assert tried.decide(subject("other"), 10.0).status == 0


def draws(tried: Rules, *accounts: str) -> list[int]:
    return [int(tried.decide(subject(account), 0.0).status) for account in accounts]


def test_the_same_seed_and_traffic_have_the_same_outcome() -> None:
    half = {"match": {"probability": 0.5}, "action": {"status": 8}}
    first = draws(rules(half, seed=7), *["demo"] * 50)
    assert first == draws(rules(half, seed=7), *["demo"] * 50)
    assert first != draws(rules(half, seed=8), *["demo"] * 50)
    assert 10 < first.count(8) < 40


def test_what_others_do_meanwhile_changes_nothing() -> None:
    half = {"match": {"probability": 0.5}, "action": {"status": 8}}
    alone = draws(rules(half), *["demo"] * 20)
    among_others = draws(rules(half), *["demo", "other", "third"] * 20)
    assert among_others[::3] == alone
    assert among_others[1::3] != alone


def test_setting_the_rules_again_begins_anew_and_changing_one_does_not() -> None:
    half = {"name": "half", "match": {"probability": 0.5}, "action": {"status": 8}}
    first = {"name": "first", "match": {"first": 1}, "action": {"status": 1}}
    tried = rules(first, half)
    before = draws(tried, *["demo"] * 20)
    assert before[0] == 1
    tried.replace(tried.rows, seed=0)
    assert draws(tried, *["demo"] * 20) == before
    tried.set([tried.rows[0], Rule.model_validate({"action": {"status": 2}})])
    assert draws(tried, "demo", "demo") == [2, 2]


def test_rules_without_a_name_are_named_for_their_place_and_none_has_two() -> None:
    assert [rule.name for rule in rules({}, {"name": "a"}, {}).rows] == ["rule-1", "a", "rule-3"]
    with pytest.raises(ValueError, match="two called 'a'"):
        rules({"name": "a"}, {"name": "a"})


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ({}, "1000000001"),
        ({"width": 14}, "00001000000001"),
        ({"form": "hex"}, "003b9aca01"),
        ({"form": "upper_hex", "width": 0}, "3B9ACA01"),
        ({"prefix": "smsc-", "width": 0}, "smsc-1000000001"),
        ({"prefix": "x" * 32, "width": 64}, "0" * 54 + "1000000001"),
    ],
)
def test_message_ids_have_many_forms(form: dict[str, Any], written: str) -> None:
    assert IdForm.model_validate(form).written(1_000_000_001) == written


def test_times_are_fixed_or_drawn() -> None:
    untouched = Random(1).getstate()
    random = Random(1)
    assert drawn(2.5, random) == 2.5
    assert random.getstate() == untouched
    uniform = [drawn(Uniform(at_least=1, at_most=3), random) for _ in range(200)]
    assert min(uniform) >= 1
    assert max(uniform) <= 3
    assert max(uniform) - min(uniform) > 1.5
    exponential = [drawn(Exponential(mean=2), random) for _ in range(2000)]
    assert 1.7 < sum(exponential) / 2000 < 2.3
    log_normal = sorted(drawn(LogNormal(median=0.5), random) for _ in range(2001))
    assert 0.45 < log_normal[1000] < 0.55
    assert max(drawn(LogNormal(median=80_000, sigma=10), random) for _ in range(20)) == 86_400


@pytest.mark.parametrize(
    "action",
    [
        {"status": "ESME_NO"},
        {"status": -1},
        {"delay": -1},
        {"delay": {"at_least": 3, "at_most": 1}},
        {"delay": {"mean": 1, "median": 1}},
        {"response": "late"},
        {"then": "explode"},
        {"octets": "abc"},
        {"tlvs": {"no_such_parameter": "00"}},
        {"receipt": {"state": "GONE"}},
        {"receipt": {"times": -1}},
        {"receipt": {"pdu": "submit_sm"}},
        {"message_id": {"form": "octal"}},
        {"colour": 1},
    ],
)
def test_an_action_that_means_nothing_is_refused(action: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Action.model_validate(action)


def test_statuses_states_and_parameters_are_said_by_name_or_number() -> None:
    said = {"status": "ESME_RTHROTTLED", "receipt": {"state": "EXPIRED"}, "tlvs": {"0x0428": "32"}}
    with pytest.raises(ValidationError):
        Action.model_validate(said)
    said["tlvs"] = {"congestion_state": "32", "5121": "00"}
    action = Action.model_validate(said)
    assert action.tlvs == {0x0428: "32", 5121: "00"}
    shown = action.model_dump(mode="json", exclude_unset=True)
    assert (shown["status"], shown["receipt"]) == ("ESME_RTHROTTLED", {"state": "EXPIRED"})
    assert Action.model_validate(shown) == action
    vendor = Action.model_validate({"status": 0x401, "receipt": {"state": "none"}})
    shown = vendor.model_dump(mode="json", exclude_unset=True)
    assert (shown["status"], shown["receipt"]) == (0x401, {"state": None})
    assert Action.model_validate(shown) == vendor


def test_names_that_are_wrong_change_nothing() -> None:
    tried = rules({"match": {"first": 1}, "action": {"status": 8}}, seed=1)
    assert draws(tried, "demo") == [8]
    again = [Rule(name="a"), Rule(name="a")]
    with pytest.raises(ValueError, match="two called"):
        tried.replace(again, seed=2)
    with pytest.raises(ValueError, match="two called"):
        tried.set(again)
    assert (draws(tried, "demo", "other"), tried.seed) == ([0, 8], 1)
