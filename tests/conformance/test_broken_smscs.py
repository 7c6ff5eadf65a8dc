"""Each SMSC with one thing wrong is found out by the cases that are about it, and by no others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from ssl import CERT_NONE, SSLContext, create_default_context

import pytest

from telecom.conformance.results import Verdict
from telecom.conformance.smpp.settings import Role
from telecom.conformance.smpp.suite import CATALOGUES
from telecom.net.smpp.tls import self_signed, server_context
from tests.conformance import broken_smscs as smscs
from tests.conformance.raw_smsc import RawSmsc, ended, free_port
from tests.conformance.runs import HURRIED, names, not_passed, run_against_smsc

NOT_PASSED = (Verdict.FAIL, Verdict.WARN, Verdict.ERROR)

BROKEN: list[tuple[type[RawSmsc], tuple[str, ...], set[str]]] = [
    (
        smscs.LetsAnybodyIn,
        ("bind",),
        {
            "bind.system_id.empty",
            "bind.password.wrong",
            "bind.refused.again",
            "bind.refused.stays_unbound",
            "bind.system_id.longest",
            "bind.password.empty",
            "bind.refused.bounded",
            "bind.password.other_case",
            "bind.system_id.unknown",
            "bind.password.longest",
            "bind.refused.response.transmitter",
            "bind.refused.response.receiver",
            "bind.refused.response.transceiver",
            "bind.password.longer",
            "bind.password.shorter",
            "bind.system_id.longer",
            "bind.system_id.other_case",
        },
    ),
    (
        smscs.LetsIgnoreThePassword,
        ("bind",),
        {
            "bind.password.wrong",
            "bind.refused.again",
            "bind.refused.stays_unbound",
            "bind.password.empty",
            "bind.password.other_case",
            "bind.password.longest",
            "bind.refused.response.transmitter",
            "bind.refused.response.receiver",
            "bind.refused.response.transceiver",
            "bind.password.longer",
            "bind.password.shorter",
        },
    ),
    (
        smscs.BindsTwice,
        ("bind.again",),
        {
            "bind.again.transmitter.receiver",
            "bind.again.transmitter.transceiver",
            "bind.again.transceiver.receiver",
            "bind.again.receiver.receiver",
            "bind.again.transceiver.transceiver",
            "bind.again.transmitter.transmitter",
            "bind.again.receiver.transmitter",
            "bind.again.receiver.transceiver",
            "bind.again.transceiver.transmitter",
            "bind.again.transmitter.goes_on",
            "bind.again.receiver.goes_on",
        },
    ),
    (smscs.KnowsNoReceivers, ("bind.receiver", "bind.transmitter", "unbind"), {"bind.receiver.ok"}),
    (
        smscs.ForgetsItsVersion,
        ("bind.response", "bind.version"),
        {"bind.response.sc_interface_version"},
    ),
    (
        smscs.TellsItsVersionToAll,
        ("bind.response", "bind.version"),
        {"bind.version.0x00.no_parameters", "bind.version.0x33.no_parameters"},
    ),
    (
        smscs.NumbersItsResponses,
        ("bind.transmitter", "bind.receiver", "bind.transceiver"),
        {"bind.receiver.ok", "bind.transmitter.ok", "bind.transceiver.ok"},
    ),
    (
        smscs.SubmitsWithoutABind,
        ("states.open",),
        {
            "states.open.cancel_sm",
            "states.open.broadcast_sm",
            "states.open.cancel_broadcast_sm",
            "states.open.unbind",
            "states.open.query_broadcast_sm",
            "states.open.query_sm",
            "states.open.submit_multi",
            "states.open.replace_sm",
            "states.open.submit_sm",
            "states.open.data_sm",
        },
    ),
    (
        smscs.ReceiversSubmit,
        ("states.receiver",),
        {
            "states.receiver.cancel_broadcast_sm",
            "states.receiver.submit_multi",
            "states.receiver.query_sm",
            "states.receiver.broadcast_sm",
            "states.receiver.cancel_sm",
            "states.receiver.query_broadcast_sm",
            "states.receiver.replace_sm",
            "states.receiver.submit_sm",
        },
    ),
    (
        smscs.SaysNothingInTheWrongState,
        ("states.receiver.submit_sm", "states.receiver.query_sm"),
        {"states.receiver.query_sm", "states.receiver.submit_sm"},
    ),
    (
        smscs.UnbindsInSilence,
        ("unbind",),
        {
            "unbind.closes",
            "unbind.then_bind",
            "unbind.transceiver",
            "unbind.receiver",
            "unbind.transmitter",
            "unbind.after_answers",
        },
    ),
    (
        smscs.StaysAfterUnbind,
        ("unbind", "states.unbound"),
        {"unbind.closes", "states.unbound.submit_sm"},
    ),
    (
        smscs.KeepsWhoIsGone,
        ("unbind.transceiver", "unbind.closes", "unbind.then_bind", "unbind.lost_connection"),
        {"unbind.lost_connection"},
    ),
    (
        smscs.IgnoresEnquireLink,
        ("enquire_link.transceiver", "enquire_link.many", "unbind"),
        {"enquire_link.transceiver", "enquire_link.many"},
    ),
    (smscs.AnswersEnquireLinkTwice, ("enquire_link",), {"enquire_link.many"}),
    (
        smscs.ToleratesBadLengths,
        ("framing.length.0x4", "framing.length.0xF", "framing.length.open"),
        {"framing.length.0xF", "framing.length.0x4"},
    ),
    (
        smscs.ReadsOnePduASegment,
        ("framing.split.10", "framing.split.octets", "framing.coalesced"),
        {
            "framing.coalesced.with_part",
            "framing.split.10",
            "framing.split.octets",
            "framing.coalesced",
        },
    ),
    (
        smscs.IgnoresUnknownCommands,
        ("framing.unknown_command.0x0000000A", "framing.unsolicited"),
        {"framing.unknown_command.0x0000000A"},
    ),
    (
        smscs.AnswersResponses,
        ("framing.unsolicited", "framing.generic_nack"),
        {
            "framing.generic_nack.unsolicited",
            "framing.unsolicited.enquire_link_resp",
            "framing.unsolicited.unknown",
            "framing.unsolicited.bind_transceiver_resp",
            "framing.unsolicited.deliver_sm_resp",
            "framing.unsolicited.unbind_resp",
            "framing.unsolicited.submit_sm_resp",
        },
    ),
    (
        smscs.ReadsBodiesInPart,
        ("framing.short_body", "framing.long_body", "parameters.cut"),
        {
            "framing.long_body.1",
            "parameters.cut.length",
            "framing.short_body.text",
            "framing.long_body.3",
            "framing.short_body.empty",
            "parameters.cut.value",
            "parameters.cut.header.2",
            "parameters.cut.header.1",
            "framing.short_body.flags",
            "parameters.cut.header.3",
            "framing.short_body.sm_length",
        },
    ),
    (
        smscs.AcceptsAnyDestination,
        ("submit_sm.destination", "data_sm.destination", "submit_sm.error"),
        {
            "submit_sm.destination.empty",
            "data_sm.destination.empty",
            "submit_sm.destination.letters",
            "submit_sm.error.no_body",
            "submit_sm.error.response",
        },
    ),
    (
        smscs.ChecksNothing,
        ("submit_sm.priority", "submit_sm.payload", "submit_sm.esm_class"),
        {
            "submit_sm.esm_class.udh.too_long",
            "submit_sm.payload.and_text",
            "submit_sm.priority.reserved",
            "submit_sm.esm_class.udh.empty_text",
        },
    ),
    (
        smscs.SendsBodiesWithErrors,
        ("submit_sm.error", "submit_sm.destination"),
        {"submit_sm.error.no_body"},
    ),
    (
        smscs.GivesOneId,
        ("submit_sm.message_id", "window.10", "window.mixed"),
        {"submit_sm.message_id", "window.10"},
    ),
    (
        smscs.IgnoresTimes,
        ("times.validity_period",),
        {
            "times.validity_period.wrong.letters",
            "times.validity_period.wrong.month",
            "times.validity_period.wrong.sign",
            "times.validity_period.wrong.offset",
            "times.validity_period.wrong.hour",
            "times.validity_period.past",
            "times.validity_period.wrong.day",
        },
    ),
    (
        smscs.RefusesUnknownParameters,
        ("parameters",),
        {
            "parameters.vendor.last",
            "parameters.unknown.first",
            "parameters.unknown.twice",
            "parameters.unknown",
            "parameters.unknown.long",
            "parameters.unknown.last",
            "parameters.many",
            "parameters.alert_on_message_delivery",
            "parameters.vendor.first",
            "parameters.unknown.empty",
            "parameters.reserved.last",
        },
    ),
    (smscs.KnowsNoDataSm, ("data_sm", "states.wrong_way"), {"data_sm.ok"}),
    (smscs.NeverReceiptsDataSm, ("data_sm", "receipts.comes"), {"data_sm.receipt"}),
    (
        smscs.HidesFailures,
        ("submit_multi",),
        {
            "submit_multi.list.unknown",
            "submit_multi.partly",
            "submit_multi.all_bad",
            "submit_multi.receipts",
            "submit_multi.none",
        },
    ),
    (
        smscs.AnswersQueriesOfAnybody,
        ("query_sm",),
        {
            "query_sm.other_source",
            "query_sm.delivered",
            "query_sm.unknown",
            "query_sm.id.empty",
            "query_sm.id.longest",
        },
    ),
    (
        smscs.CancelsAnything,
        ("cancel_sm",),
        {
            "cancel_sm.unknown",
            "cancel_sm.other_source",
            "cancel_sm.then_query",
            "cancel_sm.delivered",
            "cancel_sm.receipt",
            "cancel_sm.by_addresses",
            "cancel_sm.id.longest",
            "cancel_sm.twice",
        },
    ),
    (
        smscs.ReplacesAnything,
        ("replace_sm",),
        {
            "replace_sm.id.empty",
            "replace_sm.delivered",
            "replace_sm.other_source",
            "replace_sm.id.longest",
            "replace_sm.cancelled",
            "replace_sm.unknown",
        },
    ),
    (smscs.SendsNoReceipts, ("receipts",), {"receipts.comes"}),
    (
        smscs.SendsReceiptsUnasked,
        ("receipts.none", "receipts.failure_only", "receipts.esm_class"),
        {"receipts.none", "receipts.failure_only.delivered"},
    ),
    (
        smscs.ConfusesTheAddresses,
        ("receipts.addresses", "receipts.id", "receipts.esm_class"),
        {"receipts.addresses"},
    ),
    (
        smscs.WritesIdsInDecimal,
        ("receipts.addresses", "receipts.id", "receipts.text"),
        {"receipts.id.text", "receipts.id.parameter"},
    ),
    (
        smscs.LosesWhatIsNotAnswered,
        ("receipts.unanswered", "receipts.rejected", "receipts.once"),
        {"receipts.unanswered"},
    ),
    (
        smscs.DeliversToTransmitters,
        ("receipts.not_to_a_transmitter", "receipts.addresses"),
        {"receipts.not_to_a_transmitter"},
    ),
    (
        smscs.CountsFromZero,
        ("receipts.sequence_numbers", "receipts.addresses"),
        {"receipts.sequence_numbers"},
    ),
    (smscs.SendsParametersToAll, ("receipts.to_v33", "receipts.id"), {"receipts.to_v33"}),
    (smscs.InventsTheSender, ("deliver_sm",), {"deliver_sm.message"}),
    (
        smscs.LosesSomeResponses,
        ("window.10", "window.100", "window.two_sessions"),
        {"window.100", "window.two_sessions"},
    ),
    (smscs.GivesUpAfterAnError, ("window",), {"window.with_bad"}),
    (
        smscs.BindsOnce,
        ("sessions",),
        {"sessions.transmitter_and_receiver", "sessions.two_transceivers"},
    ),
    (
        smscs.IsCongestedBeyondMeasure,
        ("version_50",),
        {"version_50.congestion_state.not_to_3_4", "version_50.congestion_state.range"},
    ),
    (
        smscs.BroadcastsAnything,
        ("broadcast_sm",),
        {
            "broadcast_sm.missing.content_type",
            "broadcast_sm.missing.frequency_interval",
            "broadcast_sm.missing.area",
            "broadcast_sm.missing.rep_num",
            "broadcast_sm.area.reserved_format",
        },
    ),
    (
        smscs.TellsNoAreas,
        ("query_broadcast_sm",),
        {"query_broadcast_sm.own", "query_broadcast_sm.unknown"},
    ),
    (
        smscs.CancelsAnyBroadcast,
        ("cancel_broadcast_sm",),
        {"cancel_broadcast_sm.unknown", "cancel_broadcast_sm.own"},
    ),
]
"""What is wrong, in which families it is looked for, and the cases that find it."""


@pytest.mark.parametrize(
    ("broken", "only", "found"), BROKEN, ids=[broken.__name__ for broken, _, _ in BROKEN]
)
async def test_it_is_found_out(
    broken: type[RawSmsc], only: tuple[str, ...], found: set[str]
) -> None:
    async with broken() as smsc:
        report = await run_against_smsc(smsc.port, *only, timeout=HURRIED, patience=HURRIED)
    assert names(report, *NOT_PASSED) == found
    assert names(report, Verdict.ERROR) == set()


def test_every_family_has_something_that_can_fail() -> None:
    """Those that need options are in the tests below."""
    families = {name.split(".")[0] for _, _, found in BROKEN for name in found}
    families |= {"timers", "tls", "outbind"}
    assert families == {case.family for case in CATALOGUES[Role.ESME]}


TIMER_CASES = {"timers.session_init", "timers.enquire_link", "timers.response"}


async def test_an_smsc_without_timers() -> None:
    async with RawSmsc() as smsc:
        report = await run_against_smsc(smsc.port, "timers", slow=HURRIED)
    assert names(report, Verdict.WARN) == TIMER_CASES


async def test_an_smsc_with_timers() -> None:
    async with RawSmsc(timer=0.1) as smsc:
        report = await run_against_smsc(smsc.port, "timers", slow=5)
    assert names(report, Verdict.PASS) == TIMER_CASES


@pytest.mark.parametrize(
    ("kind", "found"), [(RawSmsc, set()), (smscs.OutbindsWithoutAName, {"outbind.pdu"})]
)
async def test_outbind(kind: type[RawSmsc], found: set[str]) -> None:
    for case in ("outbind.pdu", "outbind.bind", "outbind.submit_sm"):
        port = free_port()
        async with kind(outbind_port=port) as smsc:
            report = await run_against_smsc(smsc.port, case, outbind_port=port)
        assert names(report, *NOT_PASSED) == found & {case}
        assert names(report, Verdict.SKIP) == set()


async def test_an_smsc_that_knows_no_outbind() -> None:
    async with RawSmsc() as smsc:
        report = await run_against_smsc(
            smsc.port, "outbind.pdu", outbind_port=free_port(), patience=HURRIED
        )
    assert names(report, Verdict.WARN) == {"outbind.pdu"}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> SSLContext:
    return server_context(*self_signed(Path(tmp_path_factory.mktemp("tls"))))


def trusting() -> SSLContext:
    context = create_default_context()
    context.check_hostname = False
    context.verify_mode = CERT_NONE
    return context


async def test_tls(certificate: SSLContext) -> None:
    async with RawSmsc(tls=certificate) as smsc:
        report = await run_against_smsc(smsc.port, "tls", "bind.transceiver", tls=trusting())
    assert not_passed(report) == {}
    assert names(report, Verdict.SKIP) == set()


@asynccontextmanager
async def either_way(secured: int, in_clear: int) -> AsyncIterator[int]:
    """Listen, and let both TLS and octets in clear through, each to a port of its own."""
    writers: list[asyncio.StreamWriter] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(4096):
                writer.write(data)
        await ended(writer)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(4096)
        port = secured if first[:1] == b"\x16" else in_clear
        back, forth = await asyncio.open_connection("127.0.0.1", port)
        writers.extend((writer, forth))
        forth.write(first)
        await asyncio.gather(pump(reader, forth), pump(back, writer))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for writer in writers:
        await ended(writer)


async def test_an_smsc_that_also_talks_in_clear(certificate: SSLContext) -> None:
    async with (
        RawSmsc(tls=certificate) as one,
        RawSmsc() as other,
        either_way(one.port, other.port) as port,
    ):
        report = await run_against_smsc(port, "tls", tls=trusting())
    assert names(report, *NOT_PASSED) == {"tls.not_in_clear"}
