"""Child processes: started, known to be ready, ended by their id, never orphaned."""

import asyncio
import contextlib
import ctypes
import json
import signal
import sys
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from telecom.net.tasks import spawn
from telecom.runtime.errors import CommandError, ExitStatus

_PR_SET_PDEATHSIG: Final = 1
_LINES_KEPT: Final = 100


class Child:
    """A program of this project run as a child; it prints one JSON line on stdout when ready.

    What it writes to stderr before that is its reason when it does not start; afterwards it goes
    to our own stderr as it comes.
    """

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.ready: dict[str, Any] = {}
        self._process = process
        self._said: deque[str] = deque(maxlen=_LINES_KEPT)
        self._listening = spawn(self._listen(), name=f"stderr of {name}")

    @classmethod
    async def start(cls, name: str, arguments: Sequence[str], *, timeout: float = 20) -> "Child":
        """Start ``python -m arguments...`` and wait for its ready line.

        Raises `CommandError` when it ends or stays silent instead: with the last line that it
        wrote to stderr and its own exit status.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # the terminal's Ctrl-C is the parent's to handle, in order
            preexec_fn=die_with_parent if sys.platform == "linux" else None,
        )
        child = cls(name, process)
        try:
            async with asyncio.timeout(timeout):
                await child._read_ready_line()
        except TimeoutError:
            await child.stop(grace=0)
            raise CommandError(f"{name} was not ready after {timeout:g} s") from None
        except asyncio.CancelledError:
            await child.stop(grace=0)
            raise
        return child

    async def _read_ready_line(self) -> None:
        if self._process.stdout is None:
            raise CommandError(f"{self.name} has no output to read")
        line = await self._process.stdout.readline()
        if not line:
            status = await self._process.wait()
            await self._listening
            reason = self._said[-1] if self._said else f"{self.name} ended with status {status}"
            raise CommandError(reason, status=status if status > 0 else ExitStatus.FAILED)
        self.ready = json.loads(line)
        for said in self._said:
            print(said, file=sys.stderr)  # noqa: T201
        self._said.clear()

    async def _listen(self) -> None:
        if self._process.stderr is None:
            return
        async for line in self._process.stderr:
            said = line.decode(errors="replace").rstrip()
            if self.ready:
                print(said, file=sys.stderr, flush=True)  # noqa: T201
            elif said:
                self._said.append(said)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def wait(self) -> int:
        """Wait for the child's end and return its exit status."""
        return await self._process.wait()

    async def stop(self, *, grace: float = 3) -> int:
        """Ask the child to stop, kill it after `grace` seconds, return its exit status."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(grace):
                return await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            return await self._process.wait()


def die_with_parent() -> None:
    """Have the kernel end this process when its parent ends, however that happens (Linux)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
