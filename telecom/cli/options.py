"""Options that several commands share, so that they mean the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
Host = Annotated[str, typer.Option(help="The SMSC's host.")]
SmppPort = Annotated[int, typer.Option(help="The SMSC's SMPP port.", min=1, max=65535)]
SystemId = Annotated[str, typer.Option(help="The account's system_id; the default is the lab's.")]
Password = Annotated[str, typer.Option(help="Its password.", envvar="TELECOM_PASSWORD")]
Url = Annotated[str, typer.Option(help="The gateway's HTTP API.")]
Config = Annotated[
    Path, typer.Option("--config", help="The TOML file.", exists=False, dir_okay=False)
]
PortOffset = Annotated[
    int, typer.Option(help="Move every port by this much.", min=-1024, max=60000)
]
Transport = Annotated[str, typer.Option(help="What carries M3UA: tcp, udp or sctp.")]
Capture = Annotated[
    Path | None, typer.Option(help="Record every SMPP and SS7 message in this pcap file.")
]
Data = Annotated[
    Path | None,
    typer.Option(help="Keep the state here; without it, in a folder that goes at the end."),
]
