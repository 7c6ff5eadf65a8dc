"""How it is found out whether an SMSC has what cases need; each probe is run once a run."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from telecom.conformance.case import CannotRun, CaseFailed
from telecom.conformance.smpp import needs
from telecom.conformance.smpp.connection import acceptance, is_nack
from telecom.conformance.smpp.wire import command_name
from telecom.smpp.pdus import (
    Bind,
    BindReceiver,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    BroadcastSm,
    CancelSm,
    DataSmResp,
    Pdu,
    QuerySm,
    ReplaceSm,
)
from telecom.smpp.status import CommandStatus, status_name
from telecom.smpp.tlvs import SC_INTERFACE_VERSION
from telecom.smpp.versions import InterfaceVersion

if TYPE_CHECKING:
    from telecom.conformance.smpp.smsc_under_test import SmscUnderTest

Probe = Callable[["SmscUnderTest"], Awaitable[None]]
"""Raises `CaseFailed` or `CannotRun` where the SMSC, or an option, is not so."""

_UNSUPPORTED: Final = (
    CommandStatus.ESME_RINVCMDID,
    CommandStatus.ESME_RPROHIBITED,
    CommandStatus.ESME_RSYSERR,
)


def _binds(kind: type[Bind]) -> Probe:
    async def probe(smsc: "SmscUnderTest") -> None:
        connection = await smsc.bound(kind)
        await connection.fence()

    return probe


async def _binds_twice(smsc: "SmscUnderTest") -> None:
    await smsc.require(needs.TRANSCEIVER)
    await smsc.bound()
    await smsc.bound()


async def _submits(smsc: "SmscUnderTest") -> None:
    if not smsc.settings.destination:
        raise CannotRun("it needs --destination")
    await smsc.require(needs.TRANSCEIVER)
    connection = await smsc.bound()
    await smsc.accepted(connection, smsc.submit())


async def _delivers(smsc: "SmscUnderTest") -> None:
    await smsc.require(needs.SUBMISSION)
    connection = await smsc.bound()
    message_id = await smsc.accepted(connection, smsc.submit(registered_delivery=1))
    await smsc.receipt(connection, message_id)


async def _schedules(smsc: "SmscUnderTest") -> None:
    await smsc.require(needs.SUBMISSION)
    await smsc.stored(await smsc.bound())


def _supports(make: Callable[["SmscUnderTest"], Pdu], version: int | None = None) -> Probe:
    """See that a request is known at all: refused for its content it is."""

    async def probe(smsc: "SmscUnderTest") -> None:
        await smsc.require(needs.TRANSCEIVER)
        pdu = make(smsc)
        connection = await smsc.bound(interface_version=version or smsc.settings.version)
        response = await connection.ask(pdu)
        if is_nack(response) or response.command_status in _UNSUPPORTED:
            raise CannotRun(
                f"the SMSC does not do {command_name(pdu.command_id)}:"
                f" {status_name(response.command_status)}"
            )

    return probe


async def _takes_data(smsc: "SmscUnderTest") -> None:
    await smsc.require(needs.SUBMISSION)
    connection = await smsc.bound()
    acceptance(await connection.ask(smsc.data()), DataSmResp)


def _query(_: "SmscUnderTest") -> Pdu:
    return QuerySm(message_id=b"0")


def _cancel(_: "SmscUnderTest") -> Pdu:
    return CancelSm(message_id=b"0")


def _replace(_: "SmscUnderTest") -> Pdu:
    return ReplaceSm(message_id=b"0", short_message=b"other")


def _broadcast(_: "SmscUnderTest") -> Pdu:
    return BroadcastSm()


def _submit_multi(smsc: "SmscUnderTest") -> Pdu:
    return smsc.multi(smsc.settings.destination)


def _speaks(version: InterfaceVersion) -> Probe:
    async def probe(smsc: "SmscUnderTest") -> None:
        if smsc.settings.version < InterfaceVersion.V34:
            raise CannotRun("it needs a run as SMPP 3.4 or 5.0 (--version)")
        await smsc.require(needs.TRANSCEIVER)
        connection = await smsc.connect()
        response = await connection.ask(smsc.bind(interface_version=version))
        acceptance(response, BindTransceiverResp)
        told = SC_INTERFACE_VERSION.of(response.pdu)  # type: ignore[arg-type]
        if told is None or told < version:
            got = "none" if told is None else f"0x{told:02X}"
            raise CaseFailed(f"sc_interface_version 0x{version:02X}", got)

    return probe


def _run_as(version: InterfaceVersion, need: str) -> Probe:
    async def probe(smsc: "SmscUnderTest") -> None:
        if smsc.settings.version is not version:
            raise CannotRun(f"it needs {need}")

    return probe


def _option(name: str, need: str) -> Probe:
    async def probe(smsc: "SmscUnderTest") -> None:
        if not getattr(smsc.settings, name):
            raise CannotRun(f"it needs {need}")

    return probe


PROBES: Final[dict[str, Probe]] = {
    needs.TRANSCEIVER: _binds(BindTransceiver),
    needs.TRANSMITTER: _binds(BindTransmitter),
    needs.RECEIVER: _binds(BindReceiver),
    needs.SEVERAL_BINDS: _binds_twice,
    needs.SUBMISSION: _submits,
    needs.RECEIPT: _delivers,
    needs.SCHEDULING: _schedules,
    needs.DATA_SM: _takes_data,
    needs.SUBMIT_MULTI: _supports(_submit_multi),
    needs.QUERY_SM: _supports(_query),
    needs.CANCEL_SM: _supports(_cancel),
    needs.REPLACE_SM: _supports(_replace),
    needs.BROADCAST_SM: _supports(_broadcast, InterfaceVersion.V50),
    needs.VERSION_34: _speaks(InterfaceVersion.V34),
    needs.VERSION_50: _speaks(InterfaceVersion.V50),
    needs.ONLY_34: _run_as(InterfaceVersion.V34, needs.ONLY_34),
    needs.ONLY_50: _run_as(InterfaceVersion.V50, needs.ONLY_50),
    needs.FAILING: _option("failing", needs.FAILING),
    needs.REPLYING: _option("replying", needs.REPLYING),
    needs.TLS: _option("tls", needs.TLS),
    needs.OUTBIND: _option("outbind_port", needs.OUTBIND),
    needs.SLOW: _option("slow", needs.SLOW),
}
