"""The oracle itself: it reads what is right, and complains of what is not."""

import json
from pathlib import Path

import pytest

from tests.oracles import tshark

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "ss7.json").read_text())


def test_reads_fields_and_complains_of_what_is_cut() -> None:
    message = bytes.fromhex(VECTORS[0]["sccp"])
    whole, cut = tshark.dissect([message, message[:20]], "sccp")
    assert whole.protocols[0] == "sccp"
    assert whole.one("sccp.called.digits") == "46701234567"
    assert whole.complaints == ()
    assert cut.complaints != ()


def test_a_missing_tool_skips_but_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-tool is not installed"):
        tshark.required("no-such-tool")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-tool is not installed"):
        tshark.required("no-such-tool")
