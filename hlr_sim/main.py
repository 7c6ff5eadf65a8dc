"""The `hlr-sim` command."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from telecom.runtime.command_line import run_command_line
from telecom.runtime.options import AsJson, Config, OtherTransport, PortOffset

if TYPE_CHECKING:
    from hlr_sim.config import HlrSimConfig

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def hlr_sim(
    config: Config,
    port_offset: PortOffset = 0,
    transport: OtherTransport = None,
    as_json: AsJson = False,
) -> int:
    """Run the operators' side until Ctrl-C: HLR, MNP-SRF, SMS router and MSC/VLR over MAP."""
    from hlr_sim.config import HlrSimConfig
    from telecom.runtime import logs
    from telecom.runtime.config import load
    from telecom.runtime.service import run

    logs.configure(level="warning")
    settings = load(HlrSimConfig, config).moved(port_offset=port_offset, transport=transport)
    return run(lambda stop: _serve(stop, settings, config.parent, as_json=as_json))


async def _serve(
    stop: asyncio.Event, settings: "HlrSimConfig", base: Path, *, as_json: bool
) -> int:
    from hlr_sim.simulator import Simulator
    from telecom.runtime.daemon import serve

    return await serve(Simulator(settings, base=base), stop, what="hlr-sim", as_json=as_json)


def main() -> None:
    """Run the command line and exit with its status."""
    sys.exit(run_command_line(app))


if __name__ == "__main__":
    main()
