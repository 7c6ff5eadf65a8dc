"""The `smsc-sim` command."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telecom.runtime.command_line import run_command_line

if TYPE_CHECKING:
    from smsc_sim.config import SmscSimConfig

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def smsc_sim(
    config: Annotated[Path, typer.Option(help="The TOML file.")],
    port_offset: Annotated[int, typer.Option(help="Move every port by this much.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Say it is ready in JSON.")] = False,
) -> int:
    """Run a simulated SMSC until Ctrl-C: it accepts messages and sends receipts by its rules."""
    from smsc_sim.config import SmscSimConfig
    from telecom.runtime import logs
    from telecom.runtime.config import load
    from telecom.runtime.service import run

    logs.configure(level="warning")
    settings = load(SmscSimConfig, config)
    smpp = settings.smpp.model_copy(update={"port": settings.smpp.port + port_offset})
    settings = settings.model_copy(update={"smpp": smpp})
    return run(lambda stop: _serve(stop, settings, as_json=as_json))


async def _serve(stop: asyncio.Event, settings: "SmscSimConfig", *, as_json: bool) -> int:
    from smsc_sim.node import SmscSim
    from telecom.runtime.daemon import serve

    return await serve(SmscSim(settings), stop, what="smsc-sim", as_json=as_json)


def main() -> None:
    """Run the command line and exit with its status."""
    sys.exit(run_command_line(app))


if __name__ == "__main__":
    main()
