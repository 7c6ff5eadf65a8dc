"""Each SMSC with one thing wrong that is easily overlooked is found out by the case about it."""

import pytest

from telecom.conformance.results import Verdict
from tests.conformance import subtly_broken_smscs as smscs
from tests.conformance.raw_smsc import RawSmsc
from tests.conformance.runs import HURRIED, names, run_against_smsc

RESPONSES = {f"bind.refused.response.{kind}" for kind in ("transmitter", "receiver", "transceiver")}

BROKEN: list[tuple[type[RawSmsc], tuple[str, ...], set[str]]] = [
    (smscs.RefusesBindsByNack, ("bind.refused", "bind.password"), RESPONSES),
    (
        smscs.RefusesAllAsTransmitters,
        ("bind.refused", "bind.password"),
        RESPONSES - {"bind.refused.response.transmitter"},
    ),
    (smscs.RefusesMessagesByNack, ("submit_sm.error",), {"submit_sm.error.response"}),
    (smscs.ReadsTheBeginningOfPasswords, ("bind.password",), {"bind.password.longer"}),
    (
        smscs.ReadsTheBeginningOfNames,
        ("bind.system_id", "bind.password"),
        {"bind.system_id.longer"},
    ),
    (smscs.KnowsNoCapitals, ("bind.system_id", "bind.password"), {"bind.system_id.other_case"}),
    (smscs.UnbindsWhoBindsAgain, ("bind.again",), {"bind.again.transmitter.goes_on"}),
    (
        smscs.BecomesWhatItRefuses,
        ("bind.again",),
        {"bind.again.transmitter.goes_on", "bind.again.receiver.goes_on"},
    ),
    (smscs.AnswersInGarbage, ("submit_sm", "window"), {"submit_sm.answered"}),
    (smscs.SaysNothingToMessages, ("submit_sm", "window"), {"submit_sm.answered"}),
    (smscs.NeverReadsSubmitSm, ("submit_sm", "window"), {"submit_sm.answered"}),
    (
        smscs.DeliversBeforeTheBind,
        ("receipts.after_bind", "receipts.id"),
        {"receipts.after_bind"},
    ),
    (
        smscs.DeliversWithAStatus,
        ("receipts.command_status", "receipts.id"),
        {"receipts.command_status"},
    ),
    (smscs.DeliversAtOnce, ("receipts.scheduled", "receipts.none"), {"receipts.scheduled"}),
    (smscs.ReplacesAndDelivers, ("replace_sm",), {"replace_sm.schedule"}),
    (smscs.DeliversForEver, ("receipts.rejected",), {"receipts.rejected.for_good"}),
    (smscs.CancelsAllOfASource, ("cancel_sm",), {"cancel_sm.by_addresses.others"}),
    (smscs.ReceiptsWithoutDates, ("receipts.text", "receipts.id"), {"receipts.text.values"}),
    (smscs.CountsNothingAsDelivered, ("receipts.text", "receipts.id"), {"receipts.text.values"}),
    (smscs.ForgetsTypesOfNumber, ("receipts.addresses", "receipts.id"), {"receipts.addresses"}),
    (smscs.BlamesWhatWaits, ("query_sm.own", "query_sm.response"), {"query_sm.response"}),
    (smscs.EndsAtNoTime, ("query_sm",), {"query_sm.delivered"}),
    (smscs.NamesNoMessageInPart, ("submit_multi",), {"submit_multi.partly"}),
    (smscs.TellsAnotherBroadcast, ("query_broadcast_sm",), {"query_broadcast_sm.own"}),
]
"""What is wrong, where it is looked for, and the cases that find it."""


@pytest.mark.parametrize(
    ("broken", "only", "found"), BROKEN, ids=[broken.__name__ for broken, _, _ in BROKEN]
)
async def test_it_is_found_out(
    broken: type[RawSmsc], only: tuple[str, ...], found: set[str]
) -> None:
    async with broken() as smsc:
        report = await run_against_smsc(smsc.port, *only, timeout=HURRIED, patience=HURRIED)
    assert names(report, Verdict.FAIL, Verdict.WARN, Verdict.ERROR) == found
    assert names(report, Verdict.ERROR) == set()
