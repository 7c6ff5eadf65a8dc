"""`telecom send`: one message, and what becomes of it."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telecom.cli.options import Host, Password, SmppPort, SystemId
from telecom.runtime.errors import CommandError, ExitStatus
from telecom.runtime.options import AsJson

if TYPE_CHECKING:
    from telecom.net.smpp_message import Submission
    from telecom.sms.receipt import DeliveryReceipt


def send(
    to: Annotated[str, typer.Argument(help="The number, in international format.")],
    text: Annotated[str, typer.Argument(help="The text, of any length.")],
    sender: Annotated[str, typer.Option("--from", help="The number or name it is from.")] = "",
    host: Host = "127.0.0.1",
    port: SmppPort = 2775,
    system_id: SystemId = "demo",
    password: Password = "demo",  # noqa: S107  the lab's, as its page of the manual says
    tls: Annotated[bool, typer.Option("--tls", help="Use TLS.")] = False,
    receipt: Annotated[bool, typer.Option(help="Wait for the delivery receipt.")] = True,
    wait: Annotated[float, typer.Option(help="For so many seconds.", min=0.1)] = 90,
    as_json: AsJson = False,
) -> int:
    """Submit a message, print its id, wait for its receipt.

    Exit status 1 when it was not delivered.
    """
    from telecom.cli.smpp_client import bound
    from telecom.runtime.service import run
    from telecom.smpp.pdus import BindTransceiver, BindTransmitter

    if not sender.isascii():
        raise typer.BadParameter("a sender is of ASCII characters", param_hint="--from")

    async def program(stop: asyncio.Event) -> int:
        bind = BindTransceiver if receipt else BindTransmitter
        async with bound(
            bind, host=host, port=port, system_id=system_id, password=password, tls=tls
        ) as esme:
            submission = await esme.submit(to, text, source=sender, receipt=receipt)
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
