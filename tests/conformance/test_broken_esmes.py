"""Each ESME with one thing wrong is found out by the cases that are about it, and by no others."""

import pytest

from telecom.conformance.results import Verdict
from telecom.conformance.smpp.settings import Role
from telecom.conformance.smpp.suite import CATALOGUES
from tests.conformance import broken_esmes as esmes
from tests.conformance.raw_esme import RawEsme
from tests.conformance.runs import HURRIED, names, not_passed, run_against_esme, skipped_for

NOT_PASSED = (Verdict.FAIL, Verdict.WARN, Verdict.ERROR)

BROKEN: list[tuple[type[RawEsme], tuple[str, ...], set[str]]] = [
    (esmes.HasAVersionOfItsOwn, ("bind.version", "bind.fields"), {"bind.version"}),
    (esmes.BindsAsSomebodyElse, ("bind.credentials", "bind.system_id"), {"bind.credentials"}),
    (
        esmes.DoesNotWaitForTheResponse,
        ("bind.waits", "bind.unanswered", "bind.first"),
        {"bind.waits", "bind.unanswered"},
    ),
    (
        esmes.TakesAnyResponseForAYes,
        ("bind.refused.password", "bind.refused.with_body", "bind.first"),
        {"bind.refused.password", "bind.refused.with_body"},
    ),
    (
        esmes.NeedsAVersion,
        ("bind.response.no_parameters", "bind.response.version"),
        {"bind.response.no_parameters"},
    ),
    (
        esmes.ReadsOnePduASegment,
        ("bind.response.coalesced", "enquire_link.ok", "framing.coalesced"),
        {"bind.response.coalesced", "framing.coalesced"},
    ),
    (
        esmes.IgnoresEnquireLink,
        ("enquire_link.ok", "deliver_sm.default"),
        {"enquire_link.ok"},
    ),
    (
        esmes.AnswersEnquireLinkByOne,
        ("enquire_link.ok", "deliver_sm.default"),
        {"enquire_link.ok"},
    ),
    (
        esmes.IgnoresUnknownCommands,
        ("unknown_command.0x0000000A", "framing.body"),
        {"unknown_command.0x0000000A"},
    ),
    (
        esmes.AcceptsBrokenBodies,
        ("framing.body", "framing.length.0x4"),
        {"framing.body.empty", "framing.body.short", "framing.body.long"},
    ),
    (
        esmes.AnswersResponses,
        ("unsolicited", "generic_nack"),
        {
            "unsolicited.submit_sm_resp",
            "unsolicited.enquire_link_resp",
            "unsolicited.unknown",
            "unsolicited.generic_nack",
            "generic_nack.sequence_0",
        },
    ),
    (
        esmes.TakesWhatIsNotForIt,
        ("wrong_way", "outbind"),
        {"wrong_way.submit_sm", "wrong_way.query_sm", "wrong_way.bind_transceiver"},
    ),
    (esmes.AnswersNotifications, ("alert_notification", "outbind"), {"alert_notification"}),
    (
        esmes.ToleratesBadLengths,
        ("framing.length.0x4", "framing.length.0xF", "framing.body"),
        {"framing.length.0x4", "framing.length.0xF"},
    ),
    (
        esmes.UnbindsInSilence,
        ("unbind", "lost.connects_again"),
        {"unbind.answered", "unbind.then_binds"},
    ),
    (esmes.NeverComesBack, ("deliver_sm.default", "lost"), {"lost.connects_again"}),
    (
        esmes.KnowsLatinOnly,
        ("deliver_sm",),
        {"deliver_sm.ucs2", "deliver_sm.ucs2.surrogates"},
    ),
    (
        esmes.ReadsReceiptsByTheLetter,
        ("deliver_sm",),
        {
            "deliver_sm.receipt.unknown",
            "deliver_sm.receipt.unknown_state",
            "deliver_sm.receipt.free_text",
        },
    ),
    (
        esmes.RefusesVendorsParameters,
        ("deliver_sm", "data_sm"),
        {
            "deliver_sm.parameter.unknown",
            "deliver_sm.parameter.vendor",
            "deliver_sm.parameter.vendor.empty",
            "deliver_sm.parameter.twice",
        },
    ),
    (esmes.GivesIdsToDeliveries, ("deliver_sm",), {"deliver_sm.response.message_id"}),
    (
        esmes.AnswersEachMessageOnce,
        ("deliver_sm.ucs2", "deliver_sm.same_twice"),
        {"deliver_sm.same_twice"},
    ),
    (esmes.AnswersDataByNack, ("data_sm", "deliver_sm.default"), {"data_sm.accepted"}),
    (
        esmes.SubmitsToNobody,
        ("submit_sm.destination", "submit_sm.fields", "submit_sm.priority"),
        {"submit_sm.destination"},
    ),
    (
        esmes.SubmitsWrongFields,
        (
            "submit_sm.fields",
            "submit_sm.ton_npi",
            "submit_sm.priority",
            "submit_sm.registered_delivery",
            "submit_sm.replace_if_present",
            "submit_sm.data_coding",
            "submit_sm.message_type",
            "submit_sm.content",
        ),
        {
            "submit_sm.ton_npi",
            "submit_sm.priority",
            "submit_sm.registered_delivery",
            "submit_sm.replace_if_present",
            "submit_sm.data_coding",
            "submit_sm.message_type",
            "submit_sm.content",
        },
    ),
    (
        esmes.SendsParametersToAll,
        ("submit_sm.to_v33", "submit_sm.to_v34", "submit_sm.fields"),
        {"submit_sm.to_v33", "submit_sm.to_v34"},
    ),
    (esmes.HasOneNumber, ("submit_sm.numbers", "submit_sm.fields"), {"submit_sm.numbers"}),
    (
        esmes.GivesUpAtAnError,
        ("submit_sm.response.throttled", "submit_sm.response.id.longest"),
        {"submit_sm.response.throttled"},
    ),
]
"""What is wrong, in which cases it is looked for, and those that find it."""

SLOW_CASES = {"timers.enquire_link", "timers.response"}


async def test_an_esme_that_is_right_passes_everything() -> None:
    report = await run_against_esme(RawEsme)
    assert not_passed(report) == {}
    assert names(report, Verdict.SKIP) == SLOW_CASES
    assert len(report.results) >= 40
    assert report.passed


@pytest.mark.parametrize(
    ("broken", "only", "found"), BROKEN, ids=[broken.__name__ for broken, _, _ in BROKEN]
)
async def test_it_is_found_out(
    broken: type[RawEsme], only: tuple[str, ...], found: set[str]
) -> None:
    report = await run_against_esme(broken, *only, timeout=HURRIED, patience=1)
    assert names(report, *NOT_PASSED) == found
    assert names(report, Verdict.ERROR) == set()


def test_every_family_has_something_that_can_fail() -> None:
    """Timers are in a test of their own; that `outbind` does harm only a crash would show."""
    families = {name.split(".")[0] for _, _, found in BROKEN for name in found}
    assert families | {"timers", "outbind"} == {case.family for case in CATALOGUES[Role.SMSC]}


async def test_timers() -> None:
    report = await run_against_esme(RawEsme, "timers", slow=HURRIED)
    assert names(report, Verdict.WARN) == SLOW_CASES
    report = await run_against_esme(
        lambda port: esmes.SubmitsNothing(port, silence=0.1), "timers", slow=5
    )
    assert names(report, Verdict.PASS) == SLOW_CASES


async def test_what_an_esme_does_not_do_is_skipped() -> None:
    report = await run_against_esme(esmes.OnlySubmits, "deliver_sm.default", "enquire_link.ok")
    assert names(report, Verdict.SKIP) == {"deliver_sm.default"}
    report = await run_against_esme(
        esmes.SubmitsNothing, "submit_sm.fields", "enquire_link.ok", patience=0.2
    )
    assert names(report, Verdict.SKIP) == {"submit_sm.fields"}
    assert skipped_for(report) == {"the ESME submitted nothing within 0.2 s"}
