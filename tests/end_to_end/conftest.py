"""What end-to-end tests share beside the lab: an ESME that stays bound."""

from collections.abc import Iterator

import pytest

from tests.end_to_end.esme import Esme
from tests.end_to_end.lab_process import Lab


@pytest.fixture(scope="session")
def esme(running_lab: Lab) -> Iterator[Esme]:
    """Bind as the account whose messages and receipts are these tests' own."""
    bound = Esme(running_lab.smpp_port)
    yield bound
    bound.close()
