"""Kannel end to end: texts of every kind out over its HTTP, delivery reports and a reply back."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.lab_process import PEERS, Lab, eventually, number_of
from tests.interop.kannel import PROGRAMS, Kannel, started_kannel

PREFIX = f"62819{PEERS.index('kannel') + 70:05d}"
ACCEPTED_BY_THE_SMSC, DELIVERED, REFUSED, UNDELIVERED = 8, 1, 16, 2
HTTP_ACCEPTED = 202


@pytest.fixture(scope="module")
def kannel(running_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kannel]:
    """Run Kannel once for these tests; in CI it has to be installed."""
    if not all(map(shutil.which, PROGRAMS)):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("Kannel is not installed")
    folder: Path = tmp_path_factory.mktemp("kannel")
    with started_kannel(running_lab, folder) as kannel:
        yield kannel


@pytest.mark.parametrize(
    ("ending", "text", "fields"),
    [
        ("001", "plain GSM: @£$¥ ÄÖÜ [x] {y} €5", {"coding": "0"}),
        ("002", "добрый день", {"coding": "2"}),
        ("003", "a long text, which Kannel cuts by itself, " * 12, {"coding": "0"}),
        ("004", "длинный текст, разрезанный на части; " * 6, {"coding": "2"}),
    ],
    ids=["gsm", "ucs2", "long-gsm", "long-ucs2"],
)
def test_a_text_arrives_unchanged_and_is_reported(
    running_lab: Lab, kannel: Kannel, ending: str, text: str, fields: dict[str, str]
) -> None:
    number = PREFIX + ending
    assert kannel.send(number, text, **fields) == HTTP_ACCEPTED
    eventually(lambda: kannel.fates(number), fits=lambda fates: DELIVERED in fates)
    assert set(kannel.fates(number)) == {ACCEPTED_BY_THE_SMSC, DELIVERED}
    (message,) = running_lab.hlr.received(number)
    assert (message["originator"], message["text"]) == (number_of("kannel"), text)


def test_what_is_not_delivered_is_reported(kannel: Kannel) -> None:
    number = PREFIX + "902"
    assert kannel.send(number, "to nobody") == HTTP_ACCEPTED
    eventually(lambda: kannel.fates(number), fits=lambda fates: len(fates) == 2)
    assert set(kannel.fates(number)) == {ACCEPTED_BY_THE_SMSC, UNDELIVERED}


def test_what_has_no_route_is_refused(kannel: Kannel) -> None:
    number = "79161234567"
    assert kannel.send(number, "nowhere") == HTTP_ACCEPTED
    eventually(lambda: kannel.fates(number))
    assert kannel.fates(number) == [REFUSED]


def test_a_reply_comes_back(kannel: Kannel) -> None:
    number = PREFIX + "912"
    assert kannel.send(number, "answer me") == HTTP_ACCEPTED
    eventually(kannel.texts)
    (reply,) = kannel.texts()
    source, destination = f"+{number}", f"+{number_of('kannel')}"  # it takes TON 1 for a plus
    assert reply == {"from": source, "to": destination, "text": "re: answer me"}
