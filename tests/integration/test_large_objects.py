"""Large files to and from object storage: resumed, swept, never torn, in bounded memory."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubsync.errors import Interrupted, PreconditionFailed, SourceChanged
from hubsync.stores.objects import ObjectsStore, open_objects
from hubsync.stores.protocol import ABSENT, Download, Transferred, Upload
from tests.servers import Server
from tests.servers.objects_servers import azurite

PART = 8 << 20
SIZE = 5 * PART + 77


@pytest.fixture(scope="module")
def azure() -> Iterator[Server]:
    with azurite() as server:
        yield server


@pytest.fixture
def store(s3_with_conditions: Server) -> Iterator[ObjectsStore]:
    server = s3_with_conditions
    store = open_objects(f"{server.url}/{uuid.uuid4().hex}", server.options, server.env)
    yield store
    store.close()


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(os.urandom(SIZE))
    return path


def nothing(_: int) -> None:
    """A progress that nobody hears."""


def stopping_after(size: int) -> tuple[list[int], object]:
    """A progress that stops the transfer once ``size`` bytes have passed."""
    heard: list[int] = []

    def passed(count: int) -> None:
        heard.append(count)
        if sum(heard) >= size:
            raise Interrupted("Stopped by the test.")

    return heard, passed


def send(store: ObjectsStore, path: Path, passed: object = nothing) -> Transferred:
    job = Upload("large", str(path), path.stat().st_size, ABSENT)
    (done,) = store.upload([job], passed)  # type: ignore[arg-type]
    return done


def content(store: ObjectsStore, done: Transferred, target: Path) -> bytes:
    job = Download("large", str(target), done.size, done.digest, done.identity)
    (fetched,) = store.download([job], nothing)
    assert fetched.error is None
    return target.read_bytes()


def interrupt_upload(store: ObjectsStore, path: Path, size: int) -> None:
    _, passed = stopping_after(size)
    assert isinstance(send(store, path, passed).error, Interrupted)
    assert list(store.list()) in ([], [[]])


def test_an_interrupted_upload_goes_on_with_the_parts_that_are_there(
    store: ObjectsStore, large: Path, tmp_path: Path
) -> None:
    interrupt_upload(store, large, 2 * PART)
    heard: list[int] = []
    done = send(store, large, heard.append)
    assert done.error is None
    assert sum(heard) <= SIZE - 2 * PART
    assert content(store, done, tmp_path / "down") == large.read_bytes()


def test_blocks_of_an_interrupted_upload_to_azure_are_not_sent_again(
    azure: Server, large: Path, tmp_path: Path
) -> None:
    store = open_objects(f"{azure.url}/{uuid.uuid4().hex}", azure.options, azure.env)
    interrupt_upload(store, large, 2 * PART)
    heard: list[int] = []
    done = send(store, large, heard.append)
    assert done.error is None
    assert sum(heard) <= SIZE - 2 * PART
    assert content(store, done, tmp_path / "down") == large.read_bytes()
    store.close()


def test_parts_of_what_the_file_was_before_are_not_used(
    store: ObjectsStore, large: Path, tmp_path: Path
) -> None:
    interrupt_upload(store, large, 4 * PART)
    with large.open("r+b") as file:
        file.seek(PART + 5)
        file.write(b"edited")
    done = send(store, large)
    assert done.error is None
    assert content(store, done, tmp_path / "down") == large.read_bytes()


def test_sweep_aborts_unfinished_uploads_that_are_old_enough(
    store: ObjectsStore, large: Path
) -> None:
    interrupt_upload(store, large, PART)
    # moto says of every upload that it began in 2010.
    assert store.sweep(1_000_000_000 * 10**9) == 0
    assert store.sweep(time.time_ns()) == 1
    heard: list[int] = []
    assert send(store, large, heard.append).error is None
    assert sum(heard) == SIZE


def test_a_sweep_leaves_other_prefixes_alone(
    store: ObjectsStore, large: Path, s3_with_conditions: Server
) -> None:
    interrupt_upload(store, large, PART)
    server = s3_with_conditions
    other = open_objects(f"{server.url}/{uuid.uuid4().hex}", server.options, server.env)
    assert other.sweep(2**62) == 0
    other.close()
    assert store.sweep(2**62) == 1


def test_an_upload_of_a_file_that_changes_leaves_nothing_behind(
    store: ObjectsStore, large: Path
) -> None:
    with large.open("ab") as file:
        file.truncate(12 * PART)  # more than is read ahead of the first progress

    def meddle(_: int) -> None:
        with large.open("r+b") as file:
            file.write(b"changed")

    assert isinstance(send(store, large, meddle).error, SourceChanged)
    assert store.head("large") is None
    assert store.sweep(2**62) == 0


def test_of_two_creators_of_a_large_object_one_is_refused(store: ObjectsStore, large: Path) -> None:
    def other_writer(_: int) -> None:
        if store.head("large") is None:
            store.write("large", b"theirs")

    assert isinstance(send(store, large, other_writer).error, PreconditionFailed)
    found = store.read("large")
    assert found is not None
    assert found[0] == b"theirs"
    assert store.sweep(2**62) == 0


def test_a_large_object_that_is_there_is_refused_before_anything_is_sent(
    store: ObjectsStore, large: Path
) -> None:
    store.write("large", b"theirs")
    heard: list[int] = []
    assert isinstance(send(store, large, heard.append).error, PreconditionFailed)
    assert heard == []


def test_a_large_replacement_names_what_it_replaces(
    store: ObjectsStore, large: Path, tmp_path: Path
) -> None:
    first = store.write("large", b"first")
    (done,) = store.upload([Upload("large", str(large), SIZE, first.identity)], nothing)
    assert done.error is None
    assert content(store, done, tmp_path / "down") == large.read_bytes()
    (again,) = store.upload([Upload("large", str(large), SIZE, first.identity)], nothing)
    assert isinstance(again.error, PreconditionFailed)


def test_an_interrupted_download_goes_on_where_it_stopped(
    store: ObjectsStore, large: Path, tmp_path: Path
) -> None:
    done = send(store, large)
    target = tmp_path / "down"
    job = Download("large", str(target), SIZE, done.digest, done.identity)
    _, passed = stopping_after(2 * PART)
    (stopped,) = store.download([job], passed)  # type: ignore[arg-type]
    assert isinstance(stopped.error, Interrupted)
    assert not target.exists()
    heard: list[int] = []
    (fetched,) = store.download([job], heard.append)
    assert fetched.error is None
    assert sum(heard) == SIZE - 2 * PART
    assert target.read_bytes() == large.read_bytes()


def test_an_object_replaced_during_a_download_is_not_mixed(
    store: ObjectsStore, large: Path, tmp_path: Path
) -> None:
    done = send(store, large)
    target = tmp_path / "down"
    job = Download("large", str(target), SIZE, done.digest, done.identity)
    _, passed = stopping_after(PART)
    list(store.download([job], passed))  # type: ignore[arg-type]
    large.write_bytes(os.urandom(SIZE))
    (replaced,) = store.upload([Upload("large", str(large), SIZE, done.identity)], nothing)
    (refused,) = store.download([job], nothing)
    assert isinstance(refused.error, PreconditionFailed)
    assert content(store, replaced, target) == large.read_bytes()


def test_memory_stays_bounded(s3_for_throughput: Server, tmp_path: Path) -> None:
    server = s3_for_throughput
    path = tmp_path / "file"
    size = 400 << 20
    with path.open("wb") as file:
        block = os.urandom(1 << 20)
        for _ in range(size >> 20):
            file.write(block)
    program = textwrap.dedent(
        """
        import json, sys
        from hubsync.stores.objects import open_objects
        from hubsync.stores.protocol import Download, Upload
        url, options, env, path, size = json.loads(sys.stdin.read())
        store = open_objects(url, options, env)
        for begin, job in (
            (store.upload, Upload("f", path, size, None)),
            (store.download, Download("f", path + ".2", size)),
        ):
            for done in begin([job], lambda n: None):
                if done.error: raise done.error
            # ru_maxrss would begin with what the parent had.
            status = dict(line.split(":", 1) for line in open("/proc/self/status"))
            print(int(status["VmHWM"].split()[0]) // 1024)
        store.close()
        """
    )
    told = json_of(f"{server.url}/{uuid.uuid4().hex}", server, path, size)
    run = subprocess.run(
        [sys.executable, "-c", program],
        input=told,
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent.parent.parent,
    )
    up, down = map(int, run.stdout.split())
    assert up <= down < 300
    assert (tmp_path / "file.2").stat().st_size == size


def json_of(url: str, server: Server, path: Path, size: int) -> str:
    import json

    return json.dumps([url, dict(server.options), dict(server.env), str(path), size])
