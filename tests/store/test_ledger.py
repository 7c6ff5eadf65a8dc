import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql

from telecom.charging.events import BillableEvent, number_lookup, sms_mo, sms_mt
from telecom.charging.statements import Usage, month_of
from telecom.router.evidence import imsi_digest, verify_lines
from telecom.store import ledger as ledger_module
from telecom.store.embedded import StoreError
from telecom.store.ledger import Ledger
from telecom.store.records import Evidence, FsmRequest, SriAnswered, SriSent

NOW = 1_800_000_000.0
GT, IMSI = "38591000001", "234900000000123"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(file: Path) -> Iterator[Ledger]:
    with closing(Ledger(f"sqlite:///{file}")) as ledger:
        yield ledger


def mt(message: str, segment: int = 1, **fields: Any) -> BillableEvent:
    about = {"account": "demo", "operator": "Alba", "number": "447700900123", "at": NOW}
    return sms_mt(message, segment, **{**about, **fields})


def pair(
    msisdn: str = "447700900123",
    *,
    operator: str = "Alba",
    at: float = NOW,
    gt: str = GT,
    verdict: str = "match",
    with_sri: bool = True,
) -> Evidence:
    fsm = FsmRequest(
        authorisation="a1",
        msisdn=msisdn,
        imsi=IMSI,
        node="4477009000",
        sccp_gt=gt,
        map_gt=gt,
        called="4477009000",
        dialogue="d2",
        at=at,
        message_id="m1",
        operator=operator,
    )
    if not with_sri:
        return Evidence(verdict, fsm)
    return Evidence(
        verdict,
        fsm,
        SriSent("a1", msisdn, operator, GT, GT, msisdn, "d1", at - 0.2),
        SriAnswered("a1", msisdn, IMSI, "4477009000", at - 0.1),
    )


def sql(file: Path, statement: str) -> None:
    """Do what somebody with the database in hand can do."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement)


class TestEvents:
    def test_an_event_is_recorded_once(self, ledger: Ledger) -> None:
        assert ledger.insert([mt("m1"), mt("m1", 2), mt("m1")]) == (2, 0)
        assert ledger.insert([mt("m1", at=NOW + 9), mt("m2")]) == (1, 0)
        assert ledger.usages() == [Usage("demo", "2027-01", "sms-mt", "Alba", 3, 3)]

    def test_nothing_is_nothing(self, ledger: Ledger) -> None:
        assert ledger.insert([]) == (0, 0)
        assert ledger.usages() == []

    def test_usage_by_account_and_month(self, ledger: Ledger) -> None:
        about = {"account": "demo", "operator": "Alba", "number": "447700900123"}
        ledger.insert(
            [
                mt("m1"),
                mt("m2", operator="Borea"),
                mt("m3", account="slow"),
                mt("m4", at=0.0),
                sms_mo("m5", at=NOW, **about),
                number_lookup("l1", at=NOW, **about),
            ]
        )
        assert ledger.usages(account="demo", month="2027-01") == [
            Usage("demo", "2027-01", "number-lookup", "Alba", 1, 1),
            Usage("demo", "2027-01", "sms-mo", "Alba", 1, 1),
            Usage("demo", "2027-01", "sms-mt", "Alba", 1, 1),
            Usage("demo", "2027-01", "sms-mt", "Borea", 1, 1),
        ]
        assert ledger.usages(month="1970-01") == [Usage("demo", "1970-01", "sms-mt", "Alba", 1, 1)]
        assert [usage.account for usage in ledger.usages()] == ["demo"] * 5 + ["slow"]

    def test_what_was_recorded_outlives_the_process(self, file: Path) -> None:
        for new in (1, 0):
            with closing(Ledger(f"sqlite:///{file}")) as ledger:
                assert ledger.insert([mt("m1")]) == (new, 0)

    @settings(
        derandomize=True,
        max_examples=25,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        batches=st.lists(
            st.lists(
                st.builds(
                    BillableEvent,
                    id=st.sampled_from([f"e{n}" for n in range(12)]),
                    service=st.sampled_from(["sms-mt", "number-lookup"]),
                    account=st.sampled_from(["demo", "slow"]),
                    operator=st.sampled_from(["Alba", "Borea"]),
                    number=st.just("447700900123"),
                    at=st.sampled_from([0.0, NOW]),
                    reference=st.just("m"),
                    quantity=st.integers(1, 1000),
                )
            ),
            max_size=4,
        )
    )
    def test_usage_is_the_sum_of_the_first_of_each_id(
        self, tmp_path_factory: pytest.TempPathFactory, batches: list[list[BillableEvent]]
    ) -> None:
        file = tmp_path_factory.mktemp("ledger") / "l.sqlite"
        first: dict[str, BillableEvent] = {}
        with closing(Ledger(f"sqlite:///{file}")) as ledger:
            for batch in batches:
                known = len(first)
                for event in batch:
                    first.setdefault(event.id, event)
                assert ledger.insert(batch) == (len(first) - known, 0)
            used = ledger.usages()
        assert sum(usage.events for usage in used) == len(first)
        for usage in used:
            key = (usage.account, usage.month, usage.service, usage.operator)
            assert usage.quantity == sum(
                event.quantity
                for event in first.values()
                if (event.account, month_of(event.at), event.service, event.operator) == key
            )


class TestEvidence:
    def test_a_pair_has_all_that_a_complaint_needs(self, ledger: Ledger) -> None:
        ledger.insert(evidence={3: {"03:1-0": pair()}})
        (line,) = ledger.export_evidence(with_imsi=True)
        found = json.loads(line)
        digest = imsi_digest(found["disclosed"]["salt"], IMSI)
        subscriber = {"imsi": "23490**********", "imsi_digest": digest, "node": "4477009000"}
        title = {"calling_gt": GT, "service_centre_address": GT}
        hashes = {key: found.pop(key) for key in ("previous_hash", "hash")}
        assert hashes["previous_hash"] == "0" * 64
        assert found == {
            "id": "03:1-0",
            "partition": 3,
            "sequence": 1,
            "msisdn": "447700900123",
            "operator": "Alba",
            "message": "m1",
            "verdict": "match",
            "sri": {
                "at": "2027-01-15T07:59:59.800000Z",
                "dialogue": "d1",
                "msisdn": "447700900123",
                "called_gt": "447700900123",
                **title,
            },
            "answer": {"at": "2027-01-15T07:59:59.900000Z", **subscriber},
            "fsm": {
                "at": "2027-01-15T08:00:00.000000Z",
                "dialogue": "d2",
                "called_gt": "4477009000",
                **title,
                **subscriber,
            },
            "disclosed": {
                "salt": found["disclosed"]["salt"],
                "answer": IMSI,
                "fsm": IMSI,
            },
        }

    def test_an_export_without_the_imsi_can_be_verified(self, ledger: Ledger) -> None:
        ledger.insert(evidence={0: {"a": pair(), "b": pair()}})
        lines = list(ledger.export_evidence())
        assert not any(IMSI in line or "disclosed" in line for line in lines)
        assert verify_lines(lines).faults == ()
        digests = {json.loads(line)["fsm"]["imsi_digest"] for line in lines}
        assert len(digests) == 2  # salted: nobody sees that it is one subscriber

    def test_what_was_held_back_is_there_too(self, ledger: Ledger) -> None:
        ledger.insert(evidence={0: {"a": pair(with_sri=False, verdict="unsolicited")}})
        (line,) = ledger.export_evidence()
        found = json.loads(line)
        assert (found["sri"], found["answer"]) == (None, None)
        assert (found["verdict"], found["operator"]) == ("unsolicited", "Alba")
        assert verify_lines([line]).faults == ()

    def test_a_pair_is_recorded_once(self, ledger: Ledger) -> None:
        assert ledger.insert(evidence={0: {}}) == (0, 0)
        assert ledger.insert(evidence={0: {"a": pair(), "b": pair()}}) == (0, 2)
        assert ledger.insert(evidence={0: {"b": pair(), "c": pair()}}) == (0, 1)
        names = [json.loads(line)["id"] for line in ledger.export_evidence()]
        assert names == ["a", "b", "c"]
        result = ledger.verify_evidence()
        assert (result.pairs, result.gaps, result.faults) == (3, 0, ())

    def test_exports_by_number_operator_and_period(self, ledger: Ledger) -> None:
        other = "4915559000123"
        ledger.insert(evidence={0: {"a": pair(), "b": pair(at=NOW + 60)}})
        ledger.insert(evidence={1: {"c": pair(other, operator="Borea"), "d": pair(at=NOW + 120)}})

        def names(**query: Any) -> list[str]:
            return [json.loads(line)["id"] for line in ledger.export_evidence(**query)]

        assert names() == ["a", "b", "c", "d"]
        assert names(msisdn="447700900123") == ["a", "b", "d"]
        assert names(operator="Borea") == ["c"]
        assert names(since=NOW + 60) == ["b", "d"]
        assert names(until=NOW + 60) == ["a", "c"]
        assert names(msisdn="447700900123", since=NOW + 1, until=NOW + 61) == ["b"]
        assert names(msisdn="1") == []

    def test_what_comes_together_is_recorded_together_or_not_at_all(self, ledger: Ledger) -> None:
        unusable = mt("m2")
        unusable = msgspec.structs.replace(unusable, account=None)
        with pytest.raises(sa.exc.IntegrityError):
            ledger.insert([mt("m1"), unusable], {0: {"a": pair()}, 1: {"b": pair()}})
        assert ledger.usages() == []
        assert list(ledger.export_evidence()) == []
        assert ledger.insert([mt("m1")], {0: {"a": pair()}, 1: {"b": pair()}}) == (1, 2)

    def test_several_writers_make_one_chain(self, file: Path) -> None:
        ledgers = [Ledger(f"sqlite:///{file}") for _ in range(3)]
        batches = [{f"{n % 10}": pair()} for n in range(30)]
        with ThreadPoolExecutor(max_workers=6) as pool:
            insert = [ledgers[n % 3].insert for n in range(30)]
            new = list(pool.map(lambda n: insert[n]((), {0: batches[n]}), range(30)))
        assert sum(pairs for _, pairs in new) == 10
        result = ledgers[0].verify_evidence()
        assert (result.pairs, result.faults) == (10, ())
        for ledger in ledgers:
            ledger.close()

    @pytest.mark.parametrize(
        ("tampering", "fault"),
        [
            (
                "UPDATE evidence SET content = replace(content, '0001', '0002') WHERE sequence = 2",
                "line 2: changed: its hash is another",
            ),
            ("DELETE FROM evidence WHERE sequence = 2", "1 gaps in the chains"),
            (
                "DELETE FROM evidence WHERE sequence = 3",
                "partition 0 does not end with number 3",
            ),
            ("DELETE FROM evidence", "partition 0 does not end with number 3"),
            (
                "UPDATE evidence SET msisdn = '447700900999' WHERE sequence = 2",
                "number 2 of partition 0: misfiled",
            ),
            (
                "UPDATE evidence SET content = 'gone' WHERE sequence = 1",
                "line 1: not a line of evidence",
            ),
            (
                "UPDATE evidence SET disclosed = replace(disclosed, '23', '24') WHERE sequence = 3",
                "line 3: the IMSI of the answer is another",
            ),
        ],
    )
    def test_tampering_is_seen(
        self, ledger: Ledger, file: Path, tampering: str, fault: str
    ) -> None:
        ledger.insert(evidence={0: {"a": pair(), "b": pair(), "c": pair()}})
        sql(file, tampering)
        assert fault in ledger.verify_evidence().faults

    def test_imsis_can_be_erased(self, ledger: Ledger, file: Path) -> None:
        ledger.insert(evidence={0: {"a": pair(), "b": pair()}})
        sql(file, "UPDATE evidence SET disclosed = NULL")
        assert ledger.verify_evidence().faults == ()
        assert not any(IMSI in line for line in ledger.export_evidence(with_imsi=True))

    def test_reading_does_not_keep_others_from_writing(self, ledger: Ledger) -> None:
        ledger.insert(evidence={0: {"a": pair(), "b": pair()}})
        reading = ledger.export_evidence()
        next(reading)
        ledger.insert(evidence={0: {"c": pair()}})
        assert len(list(reading)) == 1


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("ledger", "the ledger's URL is none: expected sqlite:///FILE"),
        (
            "mysql://user:secret@host/db",
            "ledger mysql://user:***@host/db: expected sqlite:// or postgresql://",
        ),
        ("sqlite:////nowhere/at/all", "ledger sqlite:////nowhere/at/all: unable to open"),
        ("sqlite+nodriver:///x", "ledger sqlite+nodriver:///x: its driver is not installed"),
    ],
)
def test_a_ledger_that_cannot_be_used_is_one_line(url: str, line: str) -> None:
    with pytest.raises(StoreError) as raised:
        Ledger(url)
    assert str(raised.value).startswith(line)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_no_database(file: Path) -> None:
    file.write_bytes(b"no database" * 100)
    with pytest.raises(StoreError, match=r"ledger sqlite:///.*: file is not a database"):
        Ledger(f"sqlite:///{file}")


def test_several_processes_begin_one_ledger(file: Path) -> None:
    begin = f"from telecom.store.ledger import Ledger; Ledger('sqlite:///{file}').close()"
    started = [subprocess.Popen([sys.executable, "-c", begin]) for _ in range(3)]
    assert [process.wait(timeout=30) for process in started] == [0, 0, 0]


def test_postgresql_says_the_same_in_its_dialect() -> None:
    statement = ledger_module._DIALECTS["postgresql"].insert_new(ledger_module._EVENTS)
    text = str(statement.compile(dialect=postgresql.dialect()))
    assert text.endswith("ON CONFLICT DO NOTHING")
