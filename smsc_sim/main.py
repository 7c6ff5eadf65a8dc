"""The `smsc-sim` command."""

import asyncio
import sys
from typing import TYPE_CHECKING

import typer

from telecom.runtime.command_line import run_command_line
from telecom.runtime.options import AsJson, Config, PortOffset

if TYPE_CHECKING:
    from smsc_sim.config import SmscSimConfig

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def smsc_sim(
    config: Config,
    port_offset: PortOffset = 0,
    as_json: AsJson = False,
) -> int:
    """Run a simulated SMSC until Ctrl-C: it accepts messages and sends receipts by its rules."""
    from smsc_sim.config import SmscSimConfig
    from telecom.runtime import logs
    from telecom.runtime.config import load
    from telecom.runtime.service import run

    logs.configure(level="warning")
    settings = load(SmscSimConfig, config).moved(port_offset=port_offset)
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
