import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import structlog

import telecom
from telecom.net.back_off import BackOff
from telecom.net.smpp.client.esme import Esme
from telecom.net.smpp.client.message import Delivery
from telecom.net.smpp.server import ServerSession, SmppServer
from telecom.smpp import tlvs
from telecom.smpp.errors import LinkClosedError, LocalError, PduError, RefusedError
from telecom.smpp.limits import SessionLimits
from telecom.smpp.pdus import (
    AlertNotification,
    Bind,
    BindReceiver,
    BindTransmitter,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    GenericNack,
    QuerySm,
    QuerySmResp,
    SubmitSm,
    SubmitSmResp,
)
from telecom.smpp.short_message import content, user_data_of
from telecom.smpp.status import CommandStatus as Status
from telecom.sms.address import Address
from telecom.sms.alphabets import Alphabet
from telecom.sms.receipt import MessageState
from telecom.sms.segmentation import Reassembler
from telecom.sms.user_data import UserData
from tests.net.smpp_peer import Peer, until
from tests.oracles import tshark

QUICK = BackOff(first=0.01, longest=0.02)


async def authenticate(bind: Bind, session: ServerSession) -> int:
    return Status.ESME_ROK if bind.password == b"demo" else Status.ESME_RINVPASWD


class Smsc:
    """An SMSC that remembers what it gets; `answer` says what it does about it."""

    def __init__(self) -> None:
        self.submits: list[SubmitSm | DataSm] = []
        self.answer: Callable[[ServerSession, SubmitSm | DataSm], Awaitable[str | int]] = (
            self.number
        )
        self.server: SmppServer

    async def on_submit(self, session: ServerSession, request: SubmitSm | DataSm) -> str | int:
        self.submits.append(request)
        return await self.answer(session, request)

    async def number(self, session: ServerSession, request: SubmitSm | DataSm) -> str | int:
        return f"id{len(self.submits)}"

    @property
    def address(self) -> tuple[str, int]:
        return self.server.addresses[0]

    @property
    def session(self) -> ServerSession:
        (session,) = self.server.sessions
        return session


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    smsc = Smsc()
    smsc.server = await telecom.serve(smsc.on_submit, authenticate=authenticate, port=0)
    yield smsc
    await smsc.server.close(1)


def client(smsc: Smsc, **options: Any) -> Esme:
    return telecom.connect(*smsc.address, system_id="demo", password="demo", **options)


def receipt(message_id: str, state: MessageState = MessageState.DELIVRD) -> DeliverSm:
    return DeliverSm(
        esm_class=0x04,
        short_message=b"id:%s stat:%s" % (message_id.encode(), state.name.encode()),
    )


async def test_submit_and_its_receipt(smsc: Smsc) -> None:
    async with client(smsc) as esme:
        assert esme.is_bound
        sent = await esme.submit("+447700900123", "hello", source="Bank", receipt=True)
        assert sent.message_id == "id1"
        (submit,) = smsc.submits
        assert submit == SubmitSm(
            source_addr_ton=5,
            source_addr_npi=0,
            source_addr=b"Bank",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr=b"447700900123",
            registered_delivery=1,
            short_message=b"hello",
            sequence_number=submit.sequence_number,
        )
        response = await smsc.session.request(receipt("id1"))
        assert response == DeliverSmResp(sequence_number=1)
        assert (await sent.receipt()).stat is MessageState.DELIVRD
    await until(lambda: not smsc.server.sessions)
    assert not esme.is_bound


async def test_fields_and_addresses(smsc: Smsc) -> None:
    async with client(smsc, bind=BindTransmitter) as esme:
        await esme.submit(
            Address("447700900123"), "", source="12345", validity_period=b"000001000000000R"
        )
        octets = UserData(Alphabet.OCTETS, b"\0\1")
        sent = await esme.submit("447700900123", octets)
        with pytest.raises(LocalError):
            await sent.receipt()
        with pytest.raises(LocalError):
            await esme.submit("447700900123", "hello", service_type=b"too long")
    first, second = smsc.submits
    assert isinstance(first, SubmitSm)
    assert (first.source_addr_ton, first.source_addr) == (0, b"12345")
    assert first.validity_period == b"000001000000000R"
    assert user_data_of(second) == octets


@pytest.mark.parametrize("text", ["{long} €" * 60, "длинный 😀" * 50])
async def test_a_long_message_in_parts(smsc: Smsc, text: str) -> None:
    async with client(smsc, limits=SessionLimits(window=2)) as esme:
        sent = await esme.submit("447700900123", text, receipt=True)
        assert len(smsc.submits) > 2
        assert sent.message_ids == [f"id{number + 1}" for number in range(len(smsc.submits))]
        joined = Reassembler()
        parts = [joined.add("", user_data_of(submit), 0.0) for submit in smsc.submits]
        assert parts[-1] is not None
        assert parts[-1].text == text
        for message_id in sent.message_ids:
            failed = message_id == "id2"
            state = MessageState.UNDELIV if failed else MessageState.DELIVRD
            await smsc.session.request(receipt(message_id, state))
        told = await sent.receipt()
        assert (told.id, told.stat) == ("id2", MessageState.UNDELIV)


async def test_a_receipt_overtakes_the_response(smsc: Smsc) -> None:
    async def receipt_first(session: ServerSession, request: SubmitSm | DataSm) -> str:
        session.request(receipt("77", MessageState.ENROUTE))
        session.request(receipt("77"))
        await asyncio.sleep(0)
        return "77"

    smsc.answer = receipt_first
    async with client(smsc) as esme:
        sent = await esme.submit("447700900123", "hello", receipt=True)
        assert (await sent.receipt()).stat is MessageState.DELIVRD
        assert smsc.session.unanswered == 0


async def test_an_smsc_may_want_a_receipt_answered_before_it_answers_the_submit(smsc: Smsc) -> None:
    async def receipt_answered_first(session: ServerSession, request: SubmitSm | DataSm) -> str:
        await session.request(receipt("77"))
        return "77"

    smsc.answer = receipt_answered_first
    async with client(smsc) as esme:
        sent = await esme.submit("447700900123", "hello", receipt=True)
        assert (await sent.receipt()).stat is MessageState.DELIVRD


async def test_messages_and_receipts_of_others(smsc: Smsc) -> None:
    message = DeliverSm(
        source_addr=b"447700900912",
        destination_addr=b"12345",
        **content(UserData.of_text("re: hëllo €")),
    )
    async with client(smsc, bind=BindReceiver) as esme:
        answers = [smsc.session.request(pdu) for pdu in (message, receipt("other"), DataSm())]
        smsc.session.request(AlertNotification()).cancel()
        deliveries = esme.deliveries()
        first: Delivery = await anext(deliveries)
        assert (first.source, first.destination, first.text) == (
            "447700900912",
            "12345",
            "re: hëllo €",
        )
        assert first.receipt is None
        await first.accept()
        with pytest.raises(LocalError):
            await first.reject()
        second = await anext(deliveries)
        assert second.receipt is not None
        assert second.receipt.id == "other"
        await second.reject()
        await (await anext(deliveries)).accept()
        assert await asyncio.gather(*answers) == [
            DeliverSmResp(sequence_number=1),
            DeliverSmResp(command_status=Status.ESME_RX_T_APPN, sequence_number=2),
            DataSmResp(sequence_number=3),
        ]
    assert [delivery async for delivery in deliveries] == []
    assert [delivery async for delivery in esme.deliveries()] == []


async def test_a_receipt_that_cannot_be_read(smsc: Smsc) -> None:
    bad = DeliverSm(esm_class=0x04, tlvs=(tlvs.Tlv(0x0427, b""),))
    async with client(smsc):
        assert (await smsc.session.request(bad)).command_status == Status.ESME_RINVPARLEN


async def test_deliveries_that_nobody_takes(smsc: Smsc) -> None:
    async with client(smsc, bind=BindReceiver, max_deliveries=1):
        kept = smsc.session.request(DeliverSm())
        refused = await smsc.session.request(DeliverSm())
        assert refused.command_status == Status.ESME_RX_T_APPN
        assert not kept.done()
    with pytest.raises(LinkClosedError):
        await kept


async def test_the_window_holds_back(smsc: Smsc) -> None:
    release = asyncio.Event()

    async def later(session: ServerSession, request: SubmitSm | DataSm) -> str:
        await release.wait()
        return "1"

    smsc.answer = later
    async with client(smsc, limits=SessionLimits(window=2)) as esme:
        answers = [await esme.send(SubmitSm()), await esme.send(SubmitSm())]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(esme.send(SubmitSm()), 0.05)
        assert len(smsc.submits) == 2
        release.set()
        responses = await asyncio.gather(*answers)
        assert [type(response) for response in responses] == [SubmitSmResp] * 2
        assert isinstance(await esme.request(SubmitSm()), SubmitSmResp)


async def test_refusals(smsc: Smsc) -> None:
    async def refuse(session: ServerSession, request: SubmitSm | DataSm) -> int:
        if request.destination_addr == b"1":
            raise PduError(Status.ESME_RINVDSTADR, request.sequence_number, "none of ours")
        if request.destination_addr == b"2":
            raise RuntimeError("a bug")
        return Status.ESME_RTHROTTLED

    smsc.answer = refuse
    expected = {"1": Status.ESME_RINVDSTADR, "2": Status.ESME_RSYSERR, "3": Status.ESME_RTHROTTLED}
    async with client(smsc) as esme:
        for destination, status in expected.items():
            with pytest.raises(RefusedError, match="submit_sm was refused") as refused:
                await esme.submit(destination, "hello", receipt=True)
            assert refused.value.status == status
        assert await esme.request(QuerySm()) == QuerySmResp(
            command_status=Status.ESME_RINVCMDID, sequence_number=5
        )
        assert isinstance(await esme.request(DataSm()), DataSmResp)


async def test_no_bind(smsc: Smsc) -> None:
    with pytest.raises(RefusedError, match="ESME_RINVPASWD"):
        async with telecom.connect(*smsc.address, system_id="demo", password="wrong"):
            pass
    nobody = client(smsc)
    await smsc.server.close(1)
    with pytest.raises(OSError, match="Connect"):
        async with nobody:
            pass


async def test_it_binds_again_and_receipts_still_find_their_message(smsc: Smsc) -> None:
    async with client(smsc, back_off=QUICK) as esme:
        sent = await esme.submit("447700900123", "hello", receipt=True)
        lost = smsc.session
        smsc.answer = never
        unknown = await esme.send(SubmitSm())
        waiting = asyncio.gather(esme.submit("1", "one", receipt=True), return_exceptions=True)
        await until(lambda: len(smsc.submits) == 3)
        lost.abort()
        with pytest.raises(LinkClosedError):
            await unknown
        assert isinstance((await waiting)[0], LinkClosedError)
        smsc.answer = smsc.number
        again = await esme.submit("447700900123", "hello")
        assert again.message_id == "id4"
        assert smsc.session is not lost
        await smsc.session.request(receipt("id1"))
        assert (await sent.receipt()).stat is MessageState.DELIVRD


async def never(session: ServerSession, request: SubmitSm | DataSm) -> str:
    await asyncio.Event().wait()
    return ""


async def test_without_back_off_it_is_over_when_the_link_is(smsc: Smsc) -> None:
    async with client(smsc, back_off=None) as esme:
        sent = await esme.submit("447700900123", "hello", receipt=True)
        smsc.session.abort()
        with pytest.raises(LinkClosedError):
            await sent.receipt()
        assert [delivery async for delivery in esme.deliveries()] == []
        with pytest.raises(LinkClosedError):
            await esme.submit("447700900123", "hello", receipt=True)


async def test_an_smsc_that_comes_late(smsc: Smsc) -> None:
    address = smsc.address
    async with client(smsc, back_off=QUICK) as esme:
        await smsc.server.close(1)
        await until(lambda: not esme.is_bound)
        await asyncio.sleep(0.03)
        smsc.server = await telecom.serve(
            smsc.on_submit, authenticate=authenticate, host=address[0], port=address[1]
        )
        assert (await esme.submit("447700900123", "hello")).message_id == "id1"


async def test_a_peer_that_nacks_the_bind() -> None:
    done = asyncio.Event()

    async def nack(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        bind = await peer.receive()
        peer.send(GenericNack(command_status=Status.ESME_RINVCMDID), bind.sequence_number)
        assert await peer.at_end()
        await peer.close()
        done.set()

    async with await asyncio.start_server(nack, "127.0.0.1", 0) as server:
        address = server.sockets[0].getsockname()
        with pytest.raises(RefusedError, match="ESME_RINVCMDID"):
            async with telecom.connect(*address, system_id="demo"):
                pass
        await done.wait()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tshark.required("openssl")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(path), "-out", f"{path}.crt"]
    subprocess.run([*command.split(), *subject, *files], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    return path


async def test_tls(smsc: Smsc, certificate: Path) -> None:
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(certificate)
    await smsc.server.start("127.0.0.1", 0, ours)
    theirs = ssl.create_default_context(cafile=str(certificate))
    address = smsc.server.addresses[1]
    options = {"system_id": "demo", "password": "demo", "ssl": theirs}
    async with telecom.connect(*address, **options) as esme:
        assert (await esme.submit("447700900123", "hello")).message_id == "id1"


async def test_tls_as_browsers_check_it(smsc: Smsc, certificate: Path) -> None:
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(certificate)
    await smsc.server.start("127.0.0.1", 0, ours)
    with pytest.raises(ssl.SSLCertVerificationError):
        async with telecom.connect(*smsc.server.addresses[1], system_id="demo", ssl=True):
            pass


def test_the_front_door_knows_only_what_it_offers() -> None:
    assert [getattr(telecom, name).__name__ for name in telecom.__all__] == [
        "await_outbind",
        "connect",
        "serve",
        "telecom.sync",
    ]
    with pytest.raises(AttributeError, match="nothing"):
        telecom.nothing  # noqa: B018 - that it raises is the test


def test_a_script_that_says_nothing_about_logs_sees_warnings(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert telecom.connect
    log = structlog.get_logger("telecom.smpp")
    log.info("smpp_session_closed")
    log.warning("smpp_connection_failed")
    said = capfd.readouterr()
    assert said.out == ""
    assert "smpp_connection_failed" in said.err
    assert "smpp_session_closed" not in said.err
