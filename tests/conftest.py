"""The lab that end-to-end tests, interoperability tests and the README's examples share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.lab_process import Lab, hurried_configs, started_lab


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all that shares the lab in one worker, so that one is started."""
    for item in items:
        if "running_lab" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("lab"))


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
