import asyncio
import json
import os
import resource
import signal
import socket
import sys
from pathlib import Path

import pytest

from telecom.runtime.children import Child
from telecom.runtime.errors import CommandError, ConfigError, ConnectionFailed, ExitStatus
from telecom.runtime.service import OPEN_FILES, allow_many_connections, run, taking_port


def test_a_stop_signal_lets_the_program_come_to_its_end() -> None:
    async def program(stop: asyncio.Event) -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        await stop.wait()
        return ExitStatus.DONE

    assert run(program) == 0


def test_a_command_error_is_one_line_and_its_status(capsys: pytest.CaptureFixture[str]) -> None:
    async def program(stop: asyncio.Event) -> int:
        raise ConfigError("x.toml: port: expected an integer, found 'a'")

    assert run(program) == 2
    assert capsys.readouterr().err == "x.toml: port: expected an integer, found 'a'\n"


async def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        with pytest.raises(ConnectionFailed, match=f"SMPP cannot listen on 127.0.0.1:{port}"):
            async with taking_port("SMPP", "127.0.0.1", port):
                await asyncio.start_server(lambda r, w: None, "127.0.0.1", port)


@pytest.mark.parametrize("host", ["\0", "é" * 300])
async def test_a_host_that_can_be_none_is_named(host: str) -> None:
    with pytest.raises(ConnectionFailed, match="SMPP cannot listen on .*:2775"):
        async with taking_port("SMPP", host, 2775):
            await asyncio.start_server(lambda r, w: None, host, 2775)


async def test_a_daemon_may_open_as_many_files_as_the_kernel_lets_it() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        allow_many_connections()
        expected = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (expected, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def program_file(tmp_path: Path, text: str) -> list[str]:
    name = "child_program"
    (tmp_path / f"{name}.py").write_text(text)
    return [name]


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


READY = "import json, time\nprint(json.dumps({'port': 7}), flush=True)\ntime.sleep(60)\n"


@pytest.mark.usefixtures("on_path")
async def test_a_child_says_it_is_ready_and_stops_when_asked(tmp_path: Path) -> None:
    child = await Child.start("echo", program_file(tmp_path, READY))
    assert child.ready == {"port": 7}
    assert await child.stop() == -signal.SIGTERM


@pytest.mark.usefixtures("on_path")
async def test_a_child_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    deaf = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + READY
    child = await Child.start("deaf", program_file(tmp_path, deaf))
    assert await child.stop(grace=0.1) == -signal.SIGKILL


@pytest.mark.usefixtures("on_path")
@pytest.mark.parametrize(
    ("program", "line", "status"),
    [
        ("raise SystemExit(3)", "broken ended with status 3", 3),
        ("import sys; sys.stderr.write('first\\nno port\\n'); sys.exit(3)", "no port", 3),
        ("import os; os.kill(os.getpid(), 9)", "broken ended with status -9", 1),
    ],
)
async def test_a_child_that_does_not_start_is_reported_in_its_own_words(
    tmp_path: Path, program: str, line: str, status: int
) -> None:
    with pytest.raises(CommandError) as caught:
        await Child.start("broken", program_file(tmp_path, program))
    assert (str(caught.value), caught.value.status) == (line, status)


@pytest.mark.usefixtures("on_path")
async def test_what_a_child_says_is_seen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    says = "import sys\nsys.stderr.write('before\\n')\n" + READY.replace(
        "time.sleep", "sys.stderr.write('after\\n'); sys.stderr.flush(); time.sleep"
    )
    child = await Child.start("talker", program_file(tmp_path, says))
    said = ""
    while "after" not in said:  # it says so when it has been asked whether it is ready
        await asyncio.sleep(0.01)
        said += capsys.readouterr().err
    await child.stop()
    await child._listening
    assert said + capsys.readouterr().err == "before\nafter\n"


@pytest.mark.usefixtures("on_path")
async def test_a_child_that_never_gets_ready_is_ended(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="mute was not ready after 0.5 s"):
        await Child.start(
            "mute", program_file(tmp_path, "import time; time.sleep(60)"), timeout=0.5
        )


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
@pytest.mark.usefixtures("on_path")
async def test_no_orphan_stays_when_the_parent_is_killed(tmp_path: Path) -> None:
    (tmp_path / "child_program.py").write_text(READY)
    parent = (
        "import asyncio, json, os, signal\n"
        "from telecom.runtime.children import Child\n"
        "async def main():\n"
        "    child = await Child.start('grandchild', ['child_program'])\n"
        "    print(json.dumps(child.pid), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", parent, stdout=asyncio.subprocess.PIPE
    )
    # the pipe ends only when the grandchild, which inherited nothing else, is gone with it
    output, _ = await asyncio.wait_for(process.communicate(), 20)
    pid = json.loads(output)
    async with asyncio.timeout(5):
        while Path(f"/proc/{pid}").exists():
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state == "Z":
                break
            await asyncio.sleep(0.01)
