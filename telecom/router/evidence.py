"""The evidence of the GT rule: its format, and a verifier that needs nothing else.

An export has one line for each MT dialogue, a JSON object. What it says of the dialogue is hashed
with the hash of the line before it in its partition (SHA-256), so that no line can be changed,
added or left out unseen. This file imports the standard library alone: whoever got an export may
run it as it is, ``python evidence.py EXPORT``.
"""

import hashlib
import hmac
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

GENESIS: Final = "0" * 64
"""The previous hash of the first line of a partition."""

_OUTSIDE_THE_HASH: Final = ("previous_hash", "hash", "disclosed")
_SHOWN_DIGITS: Final = 5
"""MCC and the first two digits of the MNC: the network, not the subscriber (TS 23.003 2.2)."""


@dataclass(frozen=True)
class Verification:
    """What a verifier found: how many lines, what is wrong with them, where lines are missing.

    `gaps` counts the places where lines of a chain were left out, as in an export for one number.
    `heads` is the last (sequence, hash) of each partition.
    """

    pairs: int
    gaps: int
    faults: tuple[str, ...]
    heads: Mapping[int, tuple[int, str]]


def canonical(content: Mapping[str, Any]) -> str:
    """Return the one text of an object that is hashed: keys in order, no spaces, ASCII."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def chain_hash(previous_hash: str, text: str) -> str:
    """Return the hash of a line by its canonical content and the hash before it."""
    return hashlib.sha256((previous_hash + text).encode()).hexdigest()


def imsi_digest(salt: str, imsi: str) -> str:
    """Return what stands for an IMSI in the hashed content.

    The salt, one for each line, is disclosed with the IMSI or not at all: without it nobody finds
    the IMSI by trying them all, and with both erased the chain still holds.
    """
    return hashlib.sha256(f"{salt}:{imsi}".encode()).hexdigest()


def masked(imsi: str) -> str:
    """Return an IMSI with nothing but its network left to read."""
    return imsi[:_SHOWN_DIGITS].ljust(len(imsi), "*")


def verify_lines(lines: Iterable[str]) -> Verification:
    """Check an export: each line's hash, its link to the line before, and the GT rule.

    Whatever the lines are, nothing is raised: what is wrong is among the faults.
    """
    chains = _Chains()
    pairs = 0
    for number, line in enumerate(lines, start=1):
        if line.strip():
            pairs += 1
            chains.faults.extend(f"line {number}: {fault}" for fault in _faults(line, chains))
    return Verification(pairs, chains.gaps, tuple(chains.faults), chains.heads)


@dataclass
class _Chains:
    heads: dict[int, tuple[int, str]] = field(default_factory=dict)
    gaps: int = 0
    faults: list[str] = field(default_factory=list)

    def link(self, partition: int, *, sequence: int, previous: str, own: str) -> Iterator[str]:
        """Put a line at the end of its chain."""
        last, head = self.heads.get(partition, (0, GENESIS))
        if sequence <= last:
            yield f"number {sequence} of partition {partition} comes after number {last}"
        elif sequence > last + 1:
            self.gaps += 1
        elif previous != head:
            yield "not linked to the line before it"
        self.heads[partition] = (sequence, own)


def _faults(line: str, chains: _Chains) -> list[str]:
    try:
        pair = json.loads(line)
        return [*_chain_faults(pair, chains), *_disclosure_faults(pair), *_rule_faults(pair)]
    except (AttributeError, LookupError, OverflowError, RecursionError, TypeError, ValueError):
        return ["not a line of evidence"]


def _chain_faults(pair: dict[str, Any], chains: _Chains) -> Iterator[str]:
    content = {key: value for key, value in pair.items() if key not in _OUTSIDE_THE_HASH}
    previous, own = pair["previous_hash"], pair["hash"]
    if chain_hash(previous, canonical(content)) != own:
        yield "changed: its hash is another"
    yield from chains.link(
        int(pair["partition"]), sequence=int(pair["sequence"]), previous=previous, own=own
    )


def _disclosure_faults(pair: dict[str, Any]) -> Iterator[str]:
    disclosed = pair.get("disclosed")
    if not disclosed:
        return
    for side in ("answer", "fsm"):
        imsi = disclosed.get(side)
        if imsi is not None and not hmac.compare_digest(
            imsi_digest(disclosed["salt"], imsi), pair[side]["imsi_digest"]
        ):
            yield f"the IMSI of the {side} is another"


def _rule_faults(pair: dict[str, Any]) -> Iterator[str]:
    """Check what a complaint is about: the request came before, from the same global title."""
    if pair["verdict"] != "match":
        return
    sri, answer, fsm = pair["sri"], pair["answer"], pair["fsm"]
    if sri is None or answer is None:
        yield "passed without a request"
        return
    if not sri["at"] <= answer["at"] <= fsm["at"]:
        yield "passed before its request was answered"
    titles = {side[key] for side in (sri, fsm) for key in ("calling_gt", "service_centre_address")}
    if len(titles) != 1:
        yield f"passed with different global titles: {', '.join(sorted(map(str, titles)))}"
    if (answer["imsi_digest"], answer["node"]) != (fsm["imsi_digest"], fsm["node"]):
        yield "passed to another subscriber or node than the answer names"


def main() -> int:
    """Verify the files named on the command line, or standard input; 1 when there is a fault."""
    texts = [Path(name).read_text(encoding="utf-8") for name in sys.argv[1:]] or [sys.stdin.read()]
    result = verify_lines(line for text in texts for line in text.splitlines())
    for fault in result.faults:
        sys.stdout.write(fault + "\n")
    sys.stdout.write(f"{result.pairs} pairs, {result.gaps} gaps, {len(result.faults)} faults\n")
    return 1 if result.faults else 0


if __name__ == "__main__":
    sys.exit(main())
