import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.router import evidence
from telecom.router.evidence import (
    GENESIS,
    canonical,
    chain_hash,
    imsi_digest,
    masked,
    verify_lines,
)

GT = {"calling_gt": "38591000001", "service_centre_address": "38591000001"}
IMSI, SALT = "234900000000123", "5a17"
SUBSCRIBER = {"imsi": masked(IMSI), "imsi_digest": imsi_digest(SALT, IMSI), "node": "4477009000"}
PAIR: dict[str, Any] = {
    "id": "00:1-0",
    "partition": 0,
    "sequence": 1,
    "msisdn": "447700900123",
    "operator": "Alba",
    "message": "m",
    "verdict": "match",
    "sri": {"at": "2026-11-22T13:04:00.000000Z", "called_gt": "447700900123", **GT},
    "answer": {"at": "2026-11-22T13:04:00.100000Z", **SUBSCRIBER},
    "fsm": {"at": "2026-11-22T13:04:00.200000Z", "called_gt": "4477009000", **GT, **SUBSCRIBER},
}


def chain(*pairs: dict[str, Any]) -> list[dict[str, Any]]:
    """Link pairs as the ledger does; a pair says only what is unlike `PAIR`."""
    heads: dict[int, tuple[int, str]] = {}
    lines = []
    for pair in pairs:
        partition = pair.get("partition", 0)
        sequence, previous = heads.get(partition, (0, GENESIS))
        content = {**PAIR, "partition": partition, "sequence": sequence + 1, **pair}
        own = chain_hash(previous, canonical(content))
        heads[partition] = (sequence + 1, own)
        lines.append({**content, "previous_hash": previous, "hash": own})
    return lines


def faults(lines: list[dict[str, Any]]) -> list[str]:
    return list(verify_lines(json.dumps(line) for line in lines).faults)


def test_an_untouched_export() -> None:
    lines = chain({}, {"partition": 1}, {}, {"partition": 1})
    result = verify_lines(json.dumps(line) + "\n" for line in lines)
    assert (result.pairs, result.gaps, result.faults) == (4, 0, ())
    assert result.heads == {0: (2, lines[2]["hash"]), 1: (2, lines[3]["hash"])}


def test_empty_lines_are_none() -> None:
    assert verify_lines(["", "\n"]).pairs == 0


def test_an_export_of_some_lines_has_gaps_and_no_faults() -> None:
    lines = chain({}, {}, {}, {})
    result = verify_lines(json.dumps(line) for line in (lines[1], lines[3]))
    assert (result.pairs, result.gaps, result.faults) == (2, 2, ())


def test_a_changed_line() -> None:
    lines = chain({}, {}, {})
    lines[1]["msisdn"] = "447700900124"
    assert faults(lines) == ["line 2: changed: its hash is another"]


def test_a_changed_line_with_a_hash_of_its_own_has_no_link() -> None:
    lines = chain({}, {}, {})
    lines[1:2] = chain({}, {"msisdn": "447700900124"})[1:]
    assert faults(lines) == ["line 3: not linked to the line before it"]


def test_lines_in_another_order() -> None:
    lines = chain({}, {}, {})
    assert faults([lines[0], lines[2], lines[1]]) == [
        "line 3: number 2 of partition 0 comes after number 3"
    ]


def test_a_first_line_that_is_not_the_first() -> None:
    content = {**PAIR, "previous_hash": "f" * 64}
    content["hash"] = chain_hash("f" * 64, canonical(PAIR))
    assert faults([content]) == ["line 1: not linked to the line before it"]


def test_a_disclosed_imsi_is_the_one_that_was_hashed() -> None:
    (line,) = chain({})
    line["disclosed"] = {"salt": SALT, "answer": IMSI, "fsm": IMSI}
    assert faults([line]) == []
    line["disclosed"]["answer"] = "234900000000124"
    assert faults([line]) == ["line 1: the IMSI of the answer is another"]


OTHER = {"calling_gt": "38599000009"}


@pytest.mark.parametrize(
    ("pair", "fault"),
    [
        ({"sri": None}, "passed without a request"),
        ({"answer": None}, "passed without a request"),
        (
            {"fsm": {**PAIR["fsm"], **OTHER}},
            "passed with different global titles: 38591000001, 38599000009",
        ),
        (
            {"sri": {**PAIR["sri"], "service_centre_address": "38599000009"}},
            "passed with different global titles: 38591000001, 38599000009",
        ),
        (
            {"sri": {**PAIR["sri"], "at": "2026-11-22T13:05:00.000000Z"}},
            "passed before its request was answered",
        ),
        (
            {"fsm": {**PAIR["fsm"], "node": "4915559000"}},
            "passed to another subscriber or node than the answer names",
        ),
    ],
)
def test_a_match_that_is_none(pair: dict[str, Any], fault: str) -> None:
    assert faults(chain(pair)) == [f"line 1: {fault}"]


def test_what_was_held_back_need_not_match() -> None:
    assert faults(chain({"sri": None, "answer": None, "verdict": "unsolicited"})) == []


def test_the_mask_leaves_the_network() -> None:
    assert masked(IMSI) == "23490**********"
    assert masked("234") == "234"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(line=st.text(max_size=40) | JSON.map(json.dumps))
def test_any_line_is_judged(line: str) -> None:
    result = verify_lines([line])
    assert result.pairs == len(result.faults)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(key=st.sampled_from(sorted(chain({})[0])), value=JSON)
def test_any_change_of_a_line_is_seen(key: str, value: object) -> None:
    lines = chain({}, {})
    was = lines[0][key]
    lines[0][key] = value
    same = json.dumps(was) == json.dumps(value)
    assert (faults(lines) == []) == same


@pytest.mark.parametrize("line", ["[" * 100_000, '{"partition": 1e999}', "9" * 5000])
def test_lines_that_hurt(line: str) -> None:
    assert verify_lines([line]).faults == ("line 1: not a line of evidence",)


def test_the_verifier_runs_alone(tmp_path: Path) -> None:
    script = tmp_path / "verifier.py"
    script.write_bytes(Path(evidence.__file__).read_bytes())
    export = tmp_path / "export.jsonl"
    lines = chain({}, {})
    export.write_text("".join(json.dumps(line) + "\n" for line in lines))
    command = [sys.executable, "-I", "-S", str(script), str(export)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "2 pairs, 0 gaps, 0 faults\n"
    export.write_text(json.dumps({**lines[0], "msisdn": "1"}))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == "line 1: changed: its hash is another\n1 pairs, 0 gaps, 1 faults\n"


def test_the_command_reads_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    export = tmp_path / "export.jsonl"
    export.write_text(json.dumps(chain({})[0]) + "\n")
    with export.open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        monkeypatch.setattr(sys, "argv", ["evidence.py"])
        assert evidence.main() == 0
    assert capsys.readouterr().out == "1 pairs, 0 gaps, 0 faults\n"
