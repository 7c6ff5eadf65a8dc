"""The `smsc-sim` command."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telecom.runtime.command_line import run_command_line
from telecom.runtime.options import AsJson, PortOffset

if TYPE_CHECKING:
    from smsc_sim.config import SmscSimConfig

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def smsc_sim(
    config: Annotated[
        Path | None,
        typer.Option(help="The TOML file; without it, the lab's.", dir_okay=False),
    ] = None,
    port: Annotated[int | None, typer.Option(help="Where ESMEs bind.", min=0, max=65535)] = None,
    seed: Annotated[int | None, typer.Option(help="The seed of all that is drawn.")] = None,
    port_offset: PortOffset = 0,
    as_json: AsJson = False,
) -> int:
    """Run a simulated SMSC until Ctrl-C: it does with messages what its rules say."""
    from smsc_sim.config import SmscSimConfig
    from telecom.runtime import logs
    from telecom.runtime.config import load, shipped_configs
    from telecom.runtime.service import run

    logs.configure(level="warning")
    settings = load(SmscSimConfig, config or shipped_configs() / "smsc_sim.toml")
    settings = settings.moved(port_offset=port_offset, port=port, seed=seed)
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
