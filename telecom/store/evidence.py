"""What the GT gate saw, as the lines of `telecom.router.evidence`."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from telecom.router.evidence import canonical, chain_hash, imsi_digest, masked
from telecom.store.records import Evidence, FsmRequest, SriAnswered, SriSent


class Sealed(msgspec.Struct, frozen=True, gc=False):
    """A pair at its place in the chain of its partition.

    `content` is the canonical text that is hashed; `disclosed` (JSON) has the IMSIs and the salt
    of their digests, and may be erased without breaking the chain. `at`, `msisdn` and `operator`
    are those of the content, to find it by.
    """

    partition: int
    sequence: int
    id: str
    at: float
    msisdn: str
    operator: str
    content: str
    disclosed: str
    previous_hash: str
    hash: str


def seal(
    evidence: Evidence, name: str, *, partition: int, sequence: int, previous_hash: str
) -> Sealed:
    """Put a pair at the end of a chain; no other pair has its `name`."""
    salt = secrets.token_hex(16)
    sri, answer, fsm = evidence.sri, evidence.answer, evidence.fsm
    operator = sri.operator if sri else fsm.operator
    content = canonical(
        {
            "id": name,
            "partition": partition,
            "sequence": sequence,
            "msisdn": fsm.msisdn,
            "operator": operator,
            "message": fsm.message_id,
            "verdict": evidence.verdict,
            "sri": sri and {"msisdn": sri.msisdn, **_dialogue(sri)},
            "answer": answer and {"at": instant(answer.at), **_subscriber(answer, salt)},
            "fsm": {**_dialogue(fsm), **_subscriber(fsm, salt)},
        }
    )
    disclosed = canonical({"salt": salt, "answer": answer and answer.imsi, "fsm": fsm.imsi})
    return Sealed(
        partition=partition,
        sequence=sequence,
        id=name,
        at=fsm.at,
        msisdn=fsm.msisdn,
        operator=operator,
        content=content,
        disclosed=disclosed,
        previous_hash=previous_hash,
        hash=chain_hash(previous_hash, content),
    )


def instant(at: float) -> str:
    """Write seconds since 1970 as ISO 8601 in UTC, microseconds always: in order as text."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _dialogue(dialogue: SriSent | FsmRequest) -> Mapping[str, Any]:
    return {
        "at": instant(dialogue.at),
        "dialogue": dialogue.dialogue,
        "calling_gt": dialogue.sccp_gt,
        "service_centre_address": dialogue.map_gt,
        "called_gt": dialogue.called,
    }


def _subscriber(side: SriAnswered | FsmRequest, salt: str) -> Mapping[str, Any]:
    return {
        "imsi": masked(side.imsi),
        "imsi_digest": imsi_digest(salt, side.imsi),
        "node": side.node,
    }
