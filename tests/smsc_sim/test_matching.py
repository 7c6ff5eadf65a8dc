"""The match part of a rule, one condition at a time."""

from typing import Any

import pytest
from pydantic import ValidationError

from smsc_sim.matching import Match, Subject
from smsc_sim.rules import Rule, Rules
from telecom.smpp import tlvs
from telecom.smpp.pdus import (
    BindReceiver,
    BindTransceiver,
    BroadcastSm,
    DataSm,
    EnquireLink,
    Pdu,
    QuerySm,
    SmeAddress,
    SubmitMulti,
    SubmitSm,
)
from telecom.smpp.tlvs import Tlv

NUMBER = b"447700900901"
SUBMIT = SubmitSm(
    source_addr=b"Bank",
    destination_addr=NUMBER,
    esm_class=0x43,
    data_coding=0,
    short_message=b"\x00Your code is 42",
    tlvs=(tlvs.USER_MESSAGE_REFERENCE(7), tlvs.RECEIPTED_MESSAGE_ID(b"abc")),
)


def subject(pdu: Pdu = SUBMIT, **more: Any) -> Subject:
    return Subject(pdu, type(pdu), **{"account": "demo", **more})


def fits(match: dict[str, Any], pdu: Pdu = SUBMIT, **more: Any) -> bool:
    rule = Rule.model_validate({"match": match, "action": {"status": 1}})
    return Rules([rule]).decide(subject(pdu, **more), 0.0).status == 1


@pytest.mark.parametrize(
    "pattern",
    [
        {"equals": "447700900901"},
        {"prefix": "4477"},
        {"ending": "901"},
        {"contains": "7009"},
        {"regex": "^44.*1$"},
        {"low": "447700900900", "high": "447700900999"},
        {"prefix": "44", "ending": "1"},
    ],
)
def test_a_destination_fits_a_pattern(pattern: dict[str, str]) -> None:
    assert fits({"destination": pattern})


@pytest.mark.parametrize(
    "pattern",
    [
        {"equals": "44770090090"},
        {"prefix": "49"},
        {"ending": "902"},
        {"contains": "x"},
        {"regex": "^9"},
        {"low": "447700900902", "high": "447700900999"},
        {"low": "4477009009", "high": "4477009010"},
        {"prefix": "44", "ending": "2"},
    ],
)
def test_a_destination_does_not_fit_a_pattern(pattern: dict[str, str]) -> None:
    assert not fits({"destination": pattern})


@pytest.mark.parametrize(
    ("match", "fit"),
    [
        ({"accounts": ["demo", "other"]}, True),
        ({"accounts": ["other"]}, False),
        ({"source": {"equals": "Bank"}}, True),
        ({"source": {"equals": "bank"}}, False),
        ({"text": {"contains": "code"}}, True),
        ({"text": {"regex": r"is \d\d$"}}, True),
        ({"text": {"contains": "STOP"}}, False),
        ({"fields": {"data_coding": 0}}, True),
        ({"fields": {"data_coding": 8}}, False),
        ({"fields": {"source_addr": "Bank"}}, True),
        ({"fields": {"esm_class": {"mask": 0x40, "value": 0x40}}}, True),
        ({"fields": {"esm_class": {"mask": 0x3C, "value": 0x04}}}, False),
        ({"fields": {"user_message_reference": 7}}, True),
        ({"fields": {"user_message_reference": 8}}, False),
        ({"fields": {"receipted_message_id": {"prefix": "ab"}}}, True),
        ({"fields": {"callback_num": {"prefix": ""}}}, False),
        ({"fields": {"data_coding": 0, "esm_class": 0}}, False),
        ({"in_hand_above": 4}, True),
        ({"in_hand_above": 5}, False),
    ],
)
def test_what_else_must_fit(match: dict[str, Any], fit: bool) -> None:
    pdu = SubmitSm(
        source_addr=b"Bank",
        esm_class=0x43,
        short_message=b"\x02\x70\x00Your code is 42",
        tlvs=SUBMIT.tlvs,
    )
    assert fits(match, pdu, in_hand=5) is fit


def test_a_parameter_that_is_neither_number_nor_text_is_hexadecimal() -> None:
    pdu = DataSm(tlvs=(Tlv(0x0423, bytes.fromhex("03000b")),))
    assert fits({"fields": {"network_error_code": "03000b"}}, pdu)
    assert not fits({"fields": {"network_error_code": "03000c"}}, pdu)


def test_a_broken_parameter_and_an_unreadable_text_fit_nothing() -> None:
    broken = SubmitSm(data_coding=0, short_message=b"\xff", tlvs=(Tlv(0x0204, b"\x00"),))
    assert not fits({"fields": {"user_message_reference": {"prefix": ""}}}, broken)
    assert not fits({"text": {"prefix": ""}}, broken)


@pytest.mark.parametrize(
    ("operations", "pdu", "fit"),
    [
        (["message"], SubmitSm(), True),
        (["message"], DataSm(), True),
        (["message"], BroadcastSm(), True),
        (["message"], SubmitMulti(), True),
        (["message"], QuerySm(), False),
        (["bind"], BindReceiver(), True),
        (["bind_transceiver"], BindReceiver(), False),
        (["bind_transceiver"], BindTransceiver(), True),
        (["enquire_link", "query_sm"], EnquireLink(), True),
        (["query_sm"], QuerySm(), True),
    ],
)
def test_a_rule_is_for_some_operations(operations: list[str], pdu: Pdu, fit: bool) -> None:
    assert fits({"operations": operations}, pdu) is fit


def test_of_a_submit_multi_a_rule_takes_all_or_each_destination() -> None:
    whole = SubmitMulti(dest_addresses=(SmeAddress(1, 1, NUMBER),))
    part = Subject(SUBMIT, SubmitMulti)
    to_one = {"destination": {"ending": "901"}}
    for match, is_part in (({}, False), (to_one, True)):
        rules = Rules([Rule.model_validate({"match": match, "action": {"status": 1}})])
        assert (rules.decide(part, 0.0).status == 1) is is_part
        assert (rules.decide(subject(whole), 0.0).status == 1) is not is_part


@pytest.mark.parametrize(
    "match",
    [
        {"operations": ["submit"]},
        {"operations": []},
        {"operations": ["unbind"]},
        {"operations": ["outbind"]},
        {"fields": {"colour": 1}},
        {"fields": {"password": "x"}},
        {"destination": {"regex": "("}},
        {"destination": {"low": "1"}},
        {"destination": {"low": "1", "high": "20"}},
        {"per": "day"},
        {"every": 0},
        {"probability": 2},
        {"rate_above": 0},
    ],
)
def test_a_match_that_means_nothing_is_refused(match: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Match.model_validate(match)
