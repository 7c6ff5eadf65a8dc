"""`telecom listen`: what an account is delivered, as it comes."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telecom.cli.options import (
    Host,
    Password,
    SmppPort,
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
    from telecom.net.smpp.client.esme import Esme
    from telecom.net.smpp.client.message import Delivery


def listen(
    host: Host = "127.0.0.1",
    port: SmppPort = 2775,
    system_id: SystemId = "demo",
    password: Password = "demo",  # noqa: S107  the lab's, as its page of the manual says
    count: Annotated[
        int | None, typer.Option(help="Stop after so many; by default, at Ctrl-C.", min=1)
    ] = None,
    transceiver: Annotated[
        bool, typer.Option("--transceiver", help="Bind as a transceiver, not as a receiver.")
    ] = False,
    parts: Annotated[
        bool, typer.Option("--parts", help="Print the parts of a long message, not the whole.")
    ] = False,
    interface_version: Version = None,
    tls: Tls = False,
    tls_ca: TlsCa = None,
    tls_certificate: TlsCertificate = None,
    tls_key: TlsKey = None,
    tls_insecure: TlsInsecure = False,
    as_json: AsJson = False,
) -> int:
    """Bind as a receiver; print messages from handsets and receipts, accepting each."""
    from telecom.cli.smpp_client import Smsc, bound, tls_options
    from telecom.runtime.service import run
    from telecom.smpp.pdus import BindReceiver, BindTransceiver

    how = tls_options(tls_ca, tls_certificate, tls_key, tls=tls, insecure=tls_insecure)
    smsc = Smsc(host, port, system_id, password, how, interface_version)
    bind = BindTransceiver if transceiver else BindReceiver

    async def program(stop: asyncio.Event) -> int:
        async with bound(bind, smsc, join=not parts) as esme:
            loop = asyncio.get_running_loop()
            printing = loop.create_task(_print_all(esme, count, as_json=as_json))
            stopped = loop.create_task(stop.wait())
            await asyncio.wait({printing, stopped}, return_when=asyncio.FIRST_COMPLETED)
            printing.cancel()
            stopped.cancel()
        if printing.done() and not printing.cancelled():
            printing.result()
        return ExitStatus.DONE

    return run(program)


async def _print_all(esme: "Esme", count: int | None, *, as_json: bool) -> None:
    left = count
    async for delivery in esme.deliveries():
        _print(delivery, as_json=as_json)
        await delivery.accept()
        left = None if left is None else left - 1
        if left == 0:
            return
    raise CommandError("the SMSC ended the session")


def _print(delivery: "Delivery", *, as_json: bool) -> None:
    told = _told(delivery)
    if as_json:
        typer.echo(json.dumps(told))
    elif told["kind"] == "receipt":
        err = told["err"]
        typer.echo(
            f"{told['message_id']}  {told['state']}" + (f"  err {err}" if err.strip("0") else "")
        )
    else:
        typer.echo(f"{told['from']} > {told['to']}  {told['text']}")


def _told(delivery: "Delivery") -> dict[str, Any]:
    from telecom.smpp.errors import PduError
    from telecom.smpp.short_message import octets_of
    from telecom.sms.errors import SmsError

    receipt = delivery.receipt
    if receipt is not None:
        return {
            "kind": "receipt",
            "message_id": receipt.id,
            "state": receipt.stat.name,
            "err": receipt.err,
            "to": delivery.source,
        }
    told = {"kind": "message", "from": delivery.source, "to": delivery.destination}
    try:
        return {**told, "text": delivery.text}
    except (PduError, SmsError):
        octets = getattr(delivery.request, "short_message", b"") or octets_of(delivery.request)
        return {**told, "text": octets.hex()}
