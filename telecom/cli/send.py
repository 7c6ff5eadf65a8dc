"""`telecom send`: one message, and what becomes of it."""

import asyncio
import json
import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from telecom.cli.options import (
    Host,
    Password,
    SmppPort,
    SmppVersion,
    SystemId,
    Tls,
    TlsCa,
    TlsCertificate,
    TlsInsecure,
    TlsKey,
    Version,
)
from telecom.runtime.errors import CommandError, ExitStatus
from telecom.runtime.options import AsJson

if TYPE_CHECKING:
    from telecom.net.smpp.client.message import Submission
    from telecom.sms.receipt import DeliveryReceipt

_UNITS: Final = {"": "seconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION: Final = re.compile(r"(\d{1,7})([smhd]?)", re.ASCII)
_TIMES: Final = "after 90 (seconds), 30m, 12h or 2d, or at a time such as 2026-11-22T18:00"


class Long(StrEnum):
    """How a long message goes; see `telecom.net.smpp.client.pdus.LongMessages`."""

    UDH = "udh"
    SAR = "sar"
    PAYLOAD = "payload"


def _time(text: str | None) -> datetime | timedelta | None:
    """Read a time from now on, or a point in time; without a zone it is this machine's."""
    if not text:
        return None
    if duration := _DURATION.fullmatch(text):
        return timedelta(**{_UNITS[duration[2]]: int(duration[1])})
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{text!r} is no time: {_TIMES}") from None


Schedule = Annotated[
    str | None, typer.Option(metavar="TIME", help=f"When to deliver it: {_TIMES}.")
]
Validity = Annotated[
    str | None, typer.Option(metavar="TIME", help=f"When to give it up: {_TIMES}.")
]


def send(
    to: Annotated[str, typer.Argument(help="The number, in international format.")],
    text: Annotated[str, typer.Argument(help="The text, of any length.")],
    sender: Annotated[str, typer.Option("--from", help="The number or name it is from.")] = "",
    host: Host = "127.0.0.1",
    port: SmppPort = 2775,
    system_id: SystemId = "demo",
    password: Password = "demo",  # noqa: S107  the lab's, as its page of the manual says
    receipt: Annotated[bool, typer.Option(help="Wait for the delivery receipt.")] = True,
    wait: Annotated[float, typer.Option(help="For so many seconds.", min=0.1)] = 90,
    long: Annotated[
        Long,
        typer.Option(help="How a long text goes: in parts, by header or parameters, or whole."),
    ] = Long.UDH,
    data_coding: Annotated[
        int | None,
        typer.Option(
            help="How the text is coded (SMPP 3.4 5.2.19), as 3 for Latin-1.", min=0, max=255
        ),
    ] = None,
    schedule: Schedule = None,
    validity: Validity = None,
    interface_version: Version = None,
    tls: Tls = False,
    tls_ca: TlsCa = None,
    tls_certificate: TlsCertificate = None,
    tls_key: TlsKey = None,
    tls_insecure: TlsInsecure = False,
    as_json: AsJson = False,
) -> int:
    """Submit a message, print its id, wait for its receipt.

    Exit status 1 when it was not delivered.
    """
    from telecom.cli.smpp_client import Smsc, bound, tls_options
    from telecom.runtime.service import run
    from telecom.smpp.pdus import BindTransceiver, BindTransmitter

    if not sender.isascii():
        raise typer.BadParameter("a sender is of ASCII characters", param_hint="--from")
    if receipt and interface_version is SmppVersion.V33:
        reason = "3.3 has no bind that both submits and gets receipts; add --no-receipt"
        raise typer.BadParameter(reason, param_hint="--interface-version")
    how = tls_options(tls_ca, tls_certificate, tls_key, tls=tls, insecure=tls_insecure)
    smsc = Smsc(host, port, system_id, password, how, interface_version)
    deliver, give_up = _time(schedule), _time(validity)

    async def program(stop: asyncio.Event) -> int:
        async with bound(BindTransceiver if receipt else BindTransmitter, smsc, long=long) as esme:
            submission = await esme.submit(
                to,
                text,
                source=sender,
                receipt=receipt,
                data_coding=data_coding,
                schedule=deliver,
                validity=give_up,
            )
            _print(submission.message_ids, "accepted", as_json=as_json)
            if not receipt:
                return ExitStatus.DONE
            return _told(await _receipt(submission, wait, stop), as_json=as_json)

    return run(program)


async def _receipt(submission: "Submission", wait: float, stop: asyncio.Event) -> "DeliveryReceipt":
    """Wait for the receipt, for Ctrl-C, or for the time to be over."""
    loop = asyncio.get_running_loop()
    receipt = loop.create_task(submission.receipt())
    stopped = loop.create_task(stop.wait())
    await asyncio.wait({receipt, stopped}, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not receipt.done():
        receipt.cancel()
        raise CommandError(f"no receipt within {wait:g} s; 'telecom listen' shows later ones")
    return receipt.result()


def _told(receipt: "DeliveryReceipt", *, as_json: bool) -> int:
    from telecom.sms.receipt import MessageState

    _print([receipt.id], receipt.stat.name, as_json=as_json, err=receipt.err)
    delivered = receipt.stat is MessageState.DELIVRD
    return ExitStatus.DONE if delivered else ExitStatus.FAILED


def _print(message_ids: list[str], state: str, *, as_json: bool, err: str = "") -> None:
    for message_id in message_ids:
        if as_json:
            told: dict[str, Any] = {"message_id": message_id, "state": state}
            typer.echo(json.dumps({**told, "err": err} if err else told))
        else:
            typer.echo(f"{message_id}  {state}" + (f"  err {err}" if err.strip("0") else ""))
