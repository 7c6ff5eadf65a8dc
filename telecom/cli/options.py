"""Options that several of the `telecom` commands share."""

from pathlib import Path
from typing import Annotated

import typer


def in_a_folder(path: Path | None) -> Path | None:
    """See that a file can be made where it is wanted."""
    if path is not None and not path.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.absolute().parent}")
    return path


Host = Annotated[str, typer.Option(help="The SMSC's host.")]
SmppPort = Annotated[int, typer.Option(help="The SMSC's SMPP port.", min=1, max=65535)]
SystemId = Annotated[str, typer.Option(help="The account's system_id; the default is the lab's.")]
Password = Annotated[str, typer.Option(help="Its password.", envvar="TELECOM_PASSWORD")]
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
