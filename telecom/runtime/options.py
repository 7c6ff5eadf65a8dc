"""Options that the commands of several programs share, so that they mean the same everywhere."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Transport(StrEnum):
    """What may carry M3UA."""

    TCP = "tcp"
    UDP = "udp"
    SCTP = "sctp"


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
Config = Annotated[Path, typer.Option("--config", help="The TOML file.", dir_okay=False)]
PortOffset = Annotated[
    int, typer.Option(help="Move every port by this much.", min=-65535, max=65535)
]
OtherTransport = Annotated[
    Transport | None, typer.Option(help="What carries M3UA, in place of the file's.")
]
