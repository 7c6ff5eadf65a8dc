"""Everything that is measured can be: the messages are right, and peers write the same octets."""

import pytest

from benchmarks import map_codecs, smpp_codecs, timing
from telecom.smpp.pdus import PDUS


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "_BATCH_SECONDS", 1e-6)
    monkeypatch.setattr(timing, "_RUNS", 1)
    monkeypatch.setattr(map_codecs, "_DIALOGUES", 2)
    monkeypatch.setattr(map_codecs, "_RUNS", 1)


def test_every_pdu_is_measured() -> None:
    pytest.importorskip("smpplib")
    table = smpp_codecs.measure()
    cells = {row.name: row.cells for row in table.rows}
    assert len(cells) == len(PDUS) + 2
    assert all(cell is not None for row in cells.values() for cell in row[:2])
    assert all(cell is not None for cell in cells["submit_sm"][:4])


def test_pycrate_writes_every_message_alike() -> None:
    pytest.importorskip("pycrate_asn1dir.TCAP_MAPv2v3")
    for table in (map_codecs.parameters(), map_codecs.layers()):
        assert [row.name for row in table.rows if None in row.cells] == []
