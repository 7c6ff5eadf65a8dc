"""Options that several of the `telecom` commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


def in_a_folder(path: Path | None) -> Path | None:
    """See that a file can be made where it is wanted."""
    if path is not None and not path.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.absolute().parent}")
    if path is not None and path.is_dir():
        raise typer.BadParameter(f"{path} is a folder")
    return path


Host = Annotated[str, typer.Option(help="The SMSC's host.")]
SmppPort = Annotated[int, typer.Option(help="The SMSC's SMPP port.", min=1, max=65535)]
SystemId = Annotated[str, typer.Option(help="The account's system_id; the default is the lab's.")]
Password = Annotated[str, typer.Option(help="Its password.", envvar="TELECOM_PASSWORD")]


class SmppVersion(StrEnum):
    """The versions of SMPP, by what people call them."""

    V33 = "3.3"
    V34 = "3.4"
    V50 = "5.0"


Version = Annotated[
    SmppVersion | None,
    typer.Option(
        "--interface-version",
        help="Speak this version, with an SMSC that does not tell its own, too; by default 3.4.",
    ),
]
Tls = Annotated[bool, typer.Option("--tls", help="Use TLS.")]
TlsCa = Annotated[
    Path | None,
    typer.Option(
        help="Who has to have signed the SMSC's certificate (PEM file); by default whom this"
        " system trusts, on loopback anybody.",
        exists=True,
        dir_okay=False,
    ),
]
TlsCertificate = Annotated[
    Path | None,
    typer.Option(help="The certificate to show (PEM file).", exists=True, dir_okay=False),
]
TlsKey = Annotated[
    Path | None,
    typer.Option(help="Its key, if in a file of its own.", exists=True, dir_okay=False),
]
TlsInsecure = Annotated[
    bool, typer.Option("--tls-insecure", help="Do not check the SMSC's certificate.")
]
Url = Annotated[str, typer.Option(help="The gateway's HTTP API.")]
Capture = Annotated[
    Path | None,
    typer.Option(
        help="Record every SMPP and SS7 message in this pcap file.",
        dir_okay=False,
        callback=in_a_folder,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(help="Write to this file, not to stdout.", dir_okay=False, callback=in_a_folder),
]
Data = Annotated[
    Path | None,
    typer.Option(help="Keep the state here; without it, in a folder that goes at the end."),
]
