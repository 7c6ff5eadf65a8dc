"""Child processes: started, known to be ready, ended by their id, never orphaned."""

import asyncio
import contextlib
import ctypes
import json
import signal
import sys
from collections.abc import Sequence
from typing import Any

from telecom.runtime.errors import CommandError, ConnectionFailed, ExitStatus

_PR_SET_PDEATHSIG = 1


class Child:
    """A program of this project run as a child; it prints one JSON line on stdout when ready."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.ready: dict[str, Any] = {}
        self._process = process

    @classmethod
    async def start(cls, name: str, arguments: Sequence[str], *, timeout: float = 20) -> "Child":
        """Start ``python -m arguments...`` and wait for its ready line.

        Raises `CommandError` (or `ConnectionFailed`, by its exit status) when it ends or stays
        silent instead; what it wrote to stderr has been seen by the user.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # the terminal's Ctrl-C is the parent's to handle, in order
            preexec_fn=die_with_parent if sys.platform == "linux" else None,
        )
        child = cls(name, process)
        try:
            async with asyncio.timeout(timeout):
                await child._read_ready_line()
        except TimeoutError:
            await child.stop()
            raise CommandError(f"{name} was not ready after {timeout:g} s") from None
        return child

    async def _read_ready_line(self) -> None:
        if self._process.stdout is None:
            raise CommandError(f"{self.name} has no output to read")
        line = await self._process.stdout.readline()
        if line:
            self.ready = json.loads(line)
            return
        status = await self._process.wait()
        failure = ConnectionFailed if status == ExitStatus.NO_CONNECTION else CommandError
        raise failure(f"{self.name} did not start (exit status {status})")

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
