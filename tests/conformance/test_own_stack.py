"""Our own stack under test: the client and server of the library, the gateway in the lab."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from ssl import CERT_NONE, create_default_context

import pytest

import telecom
from telecom.conformance.pics import as_pics
from telecom.conformance.results import Report, Verdict
from telecom.conformance.smpp.clauses import CLAUSES
from telecom.net.back_off import BackOff
from telecom.net.smpp.client.esme import Esme
from telecom.net.smpp.link import Address
from telecom.net.smpp.server import ServerSession
from telecom.smpp.errors import SmppError
from telecom.smpp.pdus import Bind, DataSm, SubmitSm
from telecom.smpp.short_message import user_data_of
from telecom.smpp.status import CommandStatus
from telecom.smpp.versions import InterfaceVersion
from tests.conformance.runs import names, not_passed, run_against_esme, run_against_smsc
from tests.end_to_end.lab_process import Lab

PICS = Path(__file__).parents[2] / "telecom/conformance/PICS.md"


async def authenticate(bind: Bind, _: Address) -> int:
    known = (bind.system_id, bind.password) == (b"demo", b"demo")
    return CommandStatus.ESME_ROK if known else CommandStatus.ESME_RINVPASWD


async def test_a_server_of_the_library_keeps_all_that_it_must() -> None:
    """What its user does not do, such as to look for a message, is not known: that is skipped."""
    ids = count(1)

    async def on_submit(_: ServerSession, request: SubmitSm | DataSm) -> str | int:
        user_data_of(request)
        good = request.destination_addr.isdigit()
        return f"{next(ids):08x}" if good else CommandStatus.ESME_RINVDSTADR

    server = await telecom.serve(on_submit, authenticate=authenticate, port=0)
    ((_, port),) = server.addresses
    report = await run_against_smsc(port, failing="", replying="", patience=0.5)
    await server.close(drain=1)
    assert names(report, Verdict.FAIL, Verdict.ERROR) == set(), not_passed(report)
    assert report.counts[Verdict.PASS] > 200


@asynccontextmanager
async def our_client(port: int) -> AsyncIterator[None]:
    """Bind our client for as long as the block runs: it submits, and accepts all it is sent."""

    async def accept(esme: Esme) -> None:
        async for delivery in esme.deliveries():
            await delivery.accept()

    async def submit(esme: Esme) -> None:
        while True:
            with suppress(SmppError, TimeoutError):
                async with asyncio.timeout(0.5):
                    await esme.submit("447700900123", "hello", source="38591000100")
            await asyncio.sleep(0.01)

    async def stay() -> None:
        back_off = BackOff(0.01, 0.05)
        while True:
            with suppress(SmppError, OSError):
                client = telecom.connect(
                    "127.0.0.1", port, system_id="demo", password="demo", back_off=back_off,
                    closing=0.1, join=False,
                )  # fmt: skip
                async with client as esme, asyncio.TaskGroup() as tasks:
                    tasks.create_task(accept(esme))
                    tasks.create_task(submit(esme))
            await asyncio.sleep(0.01)

    task = asyncio.get_running_loop().create_task(stay())
    yield
    task.cancel()
    await asyncio.wait([task])


@pytest.fixture(scope="module")
def our_client_s() -> Report:
    """Run all cases against our client."""
    return asyncio.run(run_against_esme(our_client))


def test_our_client_keeps_all_that_it_must(our_client_s: Report) -> None:
    assert names(our_client_s, Verdict.FAIL, Verdict.ERROR) == set(), not_passed(our_client_s)
    assert names(our_client_s, Verdict.SKIP) == {"timers.enquire_link", "timers.response"}


GATEWAY = {
    "system_id": "suite",
    "password": "suite",
    "source": "38591000800",
    "destination": "447700986123",
    "failing": "447700986902",
    "replying": "447700986912",
    "patience": 15,
}


@pytest.fixture(scope="module")
def gateway_s(running_lab: Lab) -> list[Report]:
    """Run all cases against the gateway, in clear, and those about TLS where it speaks that."""
    return asyncio.run(_gateway_s(running_lab))


async def _gateway_s(lab: Lab) -> list[Report]:
    tls = create_default_context()
    tls.check_hostname = False
    tls.verify_mode = CERT_NONE
    secured = 3550 + lab.offset
    return [
        await run_against_smsc(lab.smpp_port, **GATEWAY),
        await run_against_smsc(secured, "tls", "bind", tls=tls, quiet=1, **GATEWAY),
    ]


def test_the_gateway_keeps_all_that_it_must(gateway_s: list[Report]) -> None:
    for report in gateway_s:
        assert names(report, Verdict.FAIL, Verdict.ERROR) == set(), not_passed(report)


async def test_the_gateway_keeps_what_5_0_has(running_lab: Lab) -> None:
    report = await run_against_smsc(
        running_lab.smpp_port, "version_50", "submit_sm", "broadcast_sm", "bind",
        version=InterfaceVersion.V50, **GATEWAY,
    )  # fmt: skip
    assert names(report, Verdict.FAIL, Verdict.ERROR) == set(), not_passed(report)
    assert "version_50.negotiated" in names(report, Verdict.PASS)


SIMULATOR = {"destination": "88210123", "failing": "88210902", "replying": "", "patience": 15}


@pytest.fixture(scope="module")
def simulator_s(running_lab: Lab) -> Report:
    """Run all cases against the SMSC simulator."""
    return asyncio.run(run_against_smsc(2776 + running_lab.offset, **SIMULATOR))


def test_the_smsc_simulator_keeps_all_that_it_must(simulator_s: Report) -> None:
    assert names(simulator_s, Verdict.FAIL, Verdict.ERROR) == set(), not_passed(simulator_s)


HEADING = """# Which clauses of SMPP are kept

Made by `telecom conformance smpp --pics` from the cases, each of which names its clauses; a test
sees that it is up to date. "3.4" is SMPP 3.4 issue 1.2, "5.0" is SMPP 5.0.
"""


def test_the_statement_is_up_to_date(
    gateway_s: list[Report], simulator_s: Report, our_client_s: Report
) -> None:
    """With WRITE_PICS in the environment it is made anew."""
    parts = (
        ("The gateway, as an SMSC", gateway_s),
        ("The SMSC simulator, as an SMSC", [simulator_s]),
        ("The client, as an ESME", [our_client_s]),
    )
    text = HEADING + "".join(
        f"\n## {title}\n\n{as_pics(reports, CLAUSES)}" for title, reports in parts
    )
    if "WRITE_PICS" in os.environ:
        PICS.write_text(text)
    assert PICS.read_text() == text
