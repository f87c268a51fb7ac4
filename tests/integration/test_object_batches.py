"""Large batches of small objects: helper processes, one of which may die at any time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from hubsync.errors import AccessDenied, Interrupted, Unreachable
from hubsync.stores.objects import ObjectsStore, open_objects, probe_conditional
from hubsync.stores.protocol import ABSENT, Download, Upload
from tests.servers import Server
from tests.servers.objects_servers import plain_rclone_s3
from tests.servers.processes import free_port

COUNT = 3000


@pytest.fixture(scope="module")
def fast() -> Iterator[Server]:
    with plain_rclone_s3() as server:
        yield server


@pytest.fixture
def store(fast: Server) -> Iterator[ObjectsStore]:
    store = open_objects(f"{fast.url}/{uuid.uuid4().hex}", fast.options, fast.env)
    yield store
    store.close()


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "up").mkdir()
    found = {}
    for number in range(COUNT):
        path = tmp_path / "up" / str(number)
        path.write_bytes(f"content {number}".encode() * (number % 50))
        found[f"many/{number}"] = path
    return found


@pytest.fixture
def four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which there are helpers."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(4)))


def nothing(_: int) -> None:
    """A progress that nobody hears."""


def uploads(files: dict[str, Path]) -> list[Upload]:
    return [Upload(key, str(path), path.stat().st_size, ABSENT) for key, path in files.items()]


def helpers() -> set[int]:
    """The helper processes of this one."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError):  # it ended meanwhile
            for child in (task / "children").read_text().split():
                if b"objects_worker" in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.add(int(child))
    return found


@pytest.mark.usefixtures("four_cores")
def test_a_helper_that_dies_loses_no_job(
    store: ObjectsStore, files: dict[str, Path], tmp_path: Path
) -> None:
    killed: set[int] = set()
    results = {}
    for done in store.upload(uploads(files), nothing):
        results[done.key] = done
        if not killed and len(results) > 300 and (alive := helpers()):
            victim = min(alive)
            os.kill(victim, signal.SIGKILL)
            killed.add(victim)
    assert killed
    assert {key: done.error for key, done in results.items() if done.error} == {}
    assert results.keys() == files.keys()
    (tmp_path / "down").mkdir()
    jobs = [
        Download(key, str(tmp_path / "down" / files[key].name), done.size, done.digest)
        for key, done in results.items()
    ]
    again: set[int] = set()
    count = 0
    for fetched in store.download(jobs, nothing):
        assert fetched.error is None, repr(fetched.error.__cause__)
        count += 1
        if not again and count > 300 and (alive := helpers()):
            for victim in alive:
                os.kill(victim, signal.SIGKILL)
            again = alive
    assert again
    assert count == COUNT
    for path in files.values():
        assert (tmp_path / "down" / path.name).read_bytes() == path.read_bytes()
    assert helpers() == set()


@pytest.mark.usefixtures("four_cores")
def test_no_helper_outlives_a_batch_that_is_given_up(
    store: ObjectsStore, files: dict[str, Path]
) -> None:
    results = store.upload(uploads(files), nothing)
    for _ in range(500):
        next(results)
    assert helpers()
    results.close()  # type: ignore[attr-defined]
    assert helpers() == set()


def test_no_helper_outlives_a_parent_that_is_killed(
    fast: Server, files: dict[str, Path], tmp_path: Path
) -> None:
    program = """if True:
        import json, os, sys
        from pathlib import Path
        from hubsync.stores.objects import open_objects
        from hubsync.stores.protocol import Upload
        os.sched_getaffinity = lambda _: set(range(4))  # a machine on which there are helpers
        url, options, env, folder = json.loads(sys.stdin.read())
        store = open_objects(url, options, env)
        jobs = [Upload(f"k/{n}/{p.name}", str(p), p.stat().st_size, None)
                for n in range(20) for p in Path(folder).iterdir()]
        for number, done in enumerate(store.upload(jobs, lambda n: None)):
            if number == 2000:
                print("going", flush=True)
        """
    import json

    url = f"{fast.url}/{uuid.uuid4().hex}"
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent.parent,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    told = [url, dict(fast.options), dict(fast.env), str(tmp_path / "up")]
    with process.stdin as pipe:
        pipe.write(json.dumps(told))
    with process.stdout as said:
        assert said.readline() == "going\n"
        children = _children(process.pid)
        assert children
        process.kill()
        process.wait()
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{child}/cmdline").exists() for child in children):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(one) for task in tasks for one in (task / "children").read_text().split()]


@pytest.mark.usefixtures("four_cores")
def test_credentials_stand_in_no_command_line_and_no_text(
    store: ObjectsStore, files: dict[str, Path], fast: Server
) -> None:
    secret = fast.env["AWS_SECRET_ACCESS_KEY"]
    seen = []
    for _ in store.upload(uploads(files), nothing):
        for helper in () if seen else helpers():
            for name in ("cmdline", "environ"):
                seen.append(Path(f"/proc/{helper}/{name}").read_bytes())
    assert seen
    assert all(secret.encode() not in one for one in seen)
    assert secret not in f"{store!r} {store.description} {vars(store)!r}"


def test_refused_credentials_are_told_without_a_credential(fast: Server) -> None:
    options = {**fast.options, "access_key": "wrong-access-key", "secret_key": "wrong-secret"}
    store = open_objects(fast.url, options, {})
    with pytest.raises(AccessDenied) as refused:
        list(store.list())
    assert "wrong" not in f"{refused.value} {refused.value.hint}"
    store.close()


def test_a_bucket_that_does_not_exist_is_told(fast: Server) -> None:
    store = open_objects("s3://no-such-bucket", fast.options, fast.env)
    for request in (lambda: list(store.list()), lambda: store.write("a", b"x")):
        with pytest.raises(AccessDenied) as refused:
            request()
        assert refused.value.code == "no-such-bucket"
    store.close()


def test_an_endpoint_where_nobody_listens_fails_soon(fast: Server, files: dict[str, Path]) -> None:
    options = {"endpoint": f"http://127.0.0.1:{free_port()}", "region": "us-east-1"}
    store = open_objects("s3://bucket", options, fast.env)
    begun = time.monotonic()
    with pytest.raises(Unreachable):
        list(store.list())
    with pytest.raises(Unreachable):
        list(store.upload(uploads(files), nothing))
    assert time.monotonic() - begun < 10
    store.close()


def test_a_progress_that_stops_ends_the_batch(store: ObjectsStore, files: dict[str, Path]) -> None:
    def stop(_: int) -> None:
        raise Interrupted("Stopped by the test.")

    with pytest.raises(Interrupted):
        list(store.upload(uploads(files), stop))
    assert helpers() == set()


def test_two_cores_have_none_to_spare_for_a_helper(
    store: ObjectsStore, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    done = 0
    for result in store.upload(uploads(files), nothing):
        assert result.error is None
        assert done % 100 or helpers() == set()
        done += 1
    assert done == COUNT


def test_the_probe_tells_servers_that_ignore_conditions(
    store: ObjectsStore, s3_with_conditions: Server
) -> None:
    assert probe_conditional(store, ".hubsync/tmp/probe") is False
    assert store.with_conditional(False).capabilities.conditional is False
    server = s3_with_conditions
    strict = open_objects(f"{server.url}/{uuid.uuid4().hex}", server.options, server.env)
    assert probe_conditional(strict, ".hubsync/tmp/probe") is True
    assert list(strict.list()) in ([], [[]])
    strict.close()
