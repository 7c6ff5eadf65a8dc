"""Rules of the house that no other tool looks after, and import-linter's contracts."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from hlr_sim.config import HlrSimConfig
from smsc_sim.config import SmscSimConfig
from telecom.gateway.config import GatewayConfig
from telecom.runtime.config import load
from telecom.runtime.operators import read_operators

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / "configs"
PACKAGES = ("telecom", "hlr_sim", "smsc_sim")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
LONGEST_FUNCTION = 40
LONGEST_FILE = 420


def test_imports_only_point_down() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint_imports, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


MODELS: dict[str, type[BaseModel]] = {
    "gateway.toml": GatewayConfig,
    "lab.toml": GatewayConfig,
    "hlr_sim.toml": HlrSimConfig,
    "smsc_sim.toml": SmscSimConfig,
}


def test_every_configuration_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIENT_1_PASSWORD", "secret")
    for name, model in MODELS.items():
        load(model, CONFIGS / name)
    assert len(read_operators(CONFIGS / "operators.toml")) == 3
    assert {path.name for path in CONFIGS.iterdir()} == {*MODELS, "operators.toml"}


def names_in(path: Path) -> Iterator[str]:
    """Go through every name that a module says, imported, read or called."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name


def called_in(path: Path) -> Iterator[str]:
    """Go through the names of what a module calls."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id
            elif isinstance(node.func, ast.Attribute):
                yield node.func.attr


def test_only_the_gt_gate_gives_leave_and_only_forwarding_sends() -> None:
    """No caller can go round the gate: whoever wants an MT-ForwardSM out needs its permit."""
    modules = [path for path in SOURCES if path.is_relative_to(ROOT / "telecom" / "gateway")]
    modules += [path for path in SOURCES if path.is_relative_to(ROOT / "telecom" / "cli")]
    assert [path.name for path in modules if "Permit" in called_in(path)] == ["gt_gate.py"]
    for sent_with in ("MtForwardSmArg", "SHORT_MSG_MT_RELAY_V3"):
        assert [path.name for path in modules if sent_with in names_in(path)] == ["forwarding.py"]


def functions() -> Iterator[tuple[str, int]]:
    """Go through every function that decides something, with its lines below the docstring.

    A constructor without a branch only says what there is, and may be as long as that list.
    """
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _decides(node):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                last = body[-1].end_lineno if body else None
                yield f"{path.relative_to(ROOT)}:{node.name}", last - body[0].lineno if last else 0


def _decides(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    branches = (ast.If, ast.For, ast.While, ast.Try, ast.With, ast.Match)
    return function.name != "__init__" or any(
        isinstance(node, branches) for node in ast.walk(function)
    )


def test_pieces_are_small() -> None:
    assert {name: length for name, length in functions() if length >= LONGEST_FUNCTION} == {}
    lengths = {str(path.relative_to(ROOT)): path.read_text().count("\n") for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}
