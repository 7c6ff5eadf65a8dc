"""What all tests share: logging as it was, and the lab that some of them run against."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.end_to_end.lab_process import Lab, hurried_configs, started_lab


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all that shares the lab in one worker, so that one is started."""
    for item in items:
        if "running_lab" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("lab"))


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Undo what a command that ran inside a test has configured."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def configs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the lab's configuration with timers that keep no test waiting."""
    return hurried_configs(tmp_path_factory.mktemp("lab") / "configs")


@pytest.fixture(scope="session")
def running_lab(configs: Path) -> Iterator[Lab]:
    """Start the lab once, as its users do; it must also end as they expect."""
    with started_lab(configs=configs) as lab:
        yield lab
        assert lab.stop() == 0
