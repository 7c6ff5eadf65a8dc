import io
import json
import sys

import pytest
import structlog

from telecom.runtime import logs


def test_what_peers_repeat_is_left_out_and_counted() -> None:
    seconds = iter([0.1, 0.2, 0.3, 0.4, 0.5, 1.1, 1.2])
    fewer = logs.FewerLines(2, clock=lambda: next(seconds))

    def written(event: str) -> dict[str, object] | None:
        try:
            return dict(fewer(None, "warning", {"event": event}))
        except structlog.DropEvent:
            return None

    assert written("refused") == {"event": "refused"}
    assert written("refused") == {"event": "refused"}
    assert written("refused") is None
    assert written("refused") is None
    assert written("lost") == {"event": "lost"}
    assert written("refused") == {"event": "refused", "left_out": 2}
    assert written("refused") == {"event": "refused"}


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_traceback_shows_no_variables(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(form=form)  # type: ignore[arg-type]
    password = "s3cret"
    try:
        int(password)
    except ValueError:
        structlog.get_logger("test").exception("failed")
    said = capsys.readouterr().err
    assert "int(password)" in said
    assert f"password = {password!r}" not in said


def test_what_a_peer_sends_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(form="json")
    structlog.get_logger("test").warning("refused", system_id="a\nb\x1b[31m", octets=b"\xff")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["system_id"] == "a\nb\x1b[31m"


def test_a_line_that_cannot_be_written_harms_nobody(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(form="json")
    logger = structlog.get_logger("test")
    closed = io.StringIO()
    closed.close()
    with monkeypatch.context() as closing:
        closing.setattr(sys, "stderr", closed)
        logger.error("lost")
    logger.error("written")
    assert "written" in capsys.readouterr().err
