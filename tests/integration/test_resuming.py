"""A killed run's work is not done again: what the next one sends and fetches is counted.

The command is killed by a proxy in front of the server, at the very request that makes 60 %.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from blake3 import blake3

from hubsync.stores.objects_lanes import helper_count
from hubsync.stores.objects_small import WIDE
from tests.kill.hubs import KILLED, Ended, Hub, Launcher, launcher
from tests.kill.places import Bucket
from tests.kill.proxy import Proxy, Request, proxy_to
from tests.servers import Server

T = TypeVar("T")

MB = 1 << 20
PART = 8 * MB
IN_FLIGHT = 8
"""Parts of a large file that are on their way at once."""

MANY = [
    pytest.param(600, id="600"),
    pytest.param(10_000, id="10000", marks=pytest.mark.nightly),
]
LARGE = [
    pytest.param(200 * MB, id="200MB"),
    pytest.param(1000 * MB, id="1GB", marks=[pytest.mark.nightly, pytest.mark.timeout(1800)]),
]


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    with launcher(tmp_path_factory.mktemp("launcher")) as running:
        yield running


class Bench:
    """A remote behind a proxy, and hubs on it."""

    def __init__(self, tmp_path: Path, server: Server, proxy: Proxy, starter: Launcher) -> None:
        self.proxy = proxy
        self.bucket = Bucket(server, tmp_path.name, proxy.port)
        self.a = Hub(tmp_path / "a", starter, self.bucket.environ)
        self.b = Hub(tmp_path / "b", starter, self.bucket.environ)
        self.a.directory.mkdir()
        self.a.ok("init", self.bucket.url, *self.bucket.options)

    @property
    def clone(self) -> tuple[str, ...]:
        return ("clone", self.bucket.url, str(self.b.directory), *self.bucket.options)

    def fill(self, count: int) -> dict[str, bytes]:
        """So many small files, no two of them alike."""
        dice = random.Random(count)
        contents = {f"d{n % 40:02}/f{n:05}": dice.randbytes(200 + n % 900) for n in range(count)}
        for name, content in contents.items():
            self.a.write(name, content)
        return contents

    def large(self, size: int) -> bytes:
        dice = random.Random(size)
        content = b"".join(dice.randbytes(MB) for _ in range(size // MB))
        self.a.write("large.bin", content)
        return content

    def killed_at(self, hub: Hub, share: Callable[[Request], int], end: int, *args: str) -> Ended:
        """Run a command that is killed once the shares of its granted requests make ``end``."""
        self.proxy.clear()
        pid = hub.start(*args)
        passed = 0

        def watch(request: Request) -> None:
            nonlocal passed
            if 200 <= request.status < 300:
                passed += share(request)
            if passed >= end:
                os.kill(pid, signal.SIGKILL)

        self.proxy.watch = watch
        ended = hub.by.end()
        self.proxy.watch = lambda _: None
        assert ended.status == KILLED, ended
        self.settled(self.proxy.seen)  # what its helper processes were just doing
        return ended

    def keys(self) -> set[str]:
        """What is there, once the server is done with what it had received."""
        return self.settled(
            lambda: {key for key in self.bucket.listed() if not key.startswith(".hubsync/")}
        )

    @staticmethod
    def settled(look: Callable[[], T]) -> T:
        """What there is to see once nothing changes any more."""
        now = look()
        while True:
            before = now
            time.sleep(0.5)
            if (now := look()) == before:
                return now


@pytest.fixture(params=["moto", "rclone"])
def bench(request: pytest.FixtureRequest, tmp_path: Path, starter: Launcher) -> Iterator[Bench]:
    """moto enforces conditions and keeps parts; rclone takes ten thousand files in no time."""
    names = {"moto": "s3_with_conditions", "rclone": "s3_for_throughput"}
    server: Server = request.getfixturevalue(names[request.param])
    bucket = server.url.partition("://")[2]
    with proxy_to(server.port, f"{bucket}/{tmp_path.name}/") as proxy:
        yield Bench(tmp_path, server, proxy, starter)


def put(request: Request) -> int:
    return int(request.method == "PUT" and request.of_user)


def get(request: Request) -> int:
    return int(request.method == "GET" and request.of_user)


def sent(request: Request) -> int:
    return request.up * put(request)


def received(request: Request) -> int:
    return request.down * get(request)


@pytest.mark.parametrize("command", ["push", "sync"])
@pytest.mark.parametrize("count", MANY)
def test_a_first_push_goes_on_with_the_rest(bench: Bench, count: int, command: str) -> None:
    contents = bench.fill(count)
    bench.killed_at(bench.a, put, count * 6 // 10, command)
    there = bench.keys()
    assert count * 6 // 10 <= len(there) < count

    bench.proxy.clear()
    again = bench.a.ok(command, "--json")
    assert {one.key for one in bench.proxy.users("PUT")} == contents.keys() - there
    assert len(bench.proxy.users("PUT")) == count - len(there)
    assert bench.proxy.users("GET") == []
    refused = sum(one.status >= 500 for one in bench.proxy.seen("PUT"))
    assert again.json()["requests"]["put"] <= count - len(there) + refused + 5
    assert bench.bucket.objects().items() >= contents.items()
    assert bench.a.until_quiet("sync")[0].status == 0


@pytest.mark.parametrize("count", MANY)
def test_a_clone_goes_on_with_the_rest(bench: Bench, count: int) -> None:
    contents = bench.fill(count)
    bench.a.ok("push")
    bench.killed_at(bench.b, get, count * 6 // 10, *bench.clone)
    first = {one.key for one in bench.proxy.users("GET")}
    stage = bench.b.directory / ".hubsync/stage"
    # One that was being written down lies there under its name, and is not whole.
    kept = sum(blake3(one.read_bytes()).hexdigest() == one.name for one in stage.iterdir())

    bench.proxy.clear()
    bench.b.ok(*bench.clone)
    second = [one.key for one in bench.proxy.users("GET")]
    # What was kept is not fetched again: only the answers that were being written down are.
    assert len(second) <= count - kept
    assert len(first) - kept <= WIDE * (1 + helper_count())
    assert {path: data for path, (_, data) in bench.b.seen().items()} == contents


def test_a_clone_that_was_killed_while_it_wrote_fetches_nothing_again(bench: Bench) -> None:
    contents = bench.fill(600)
    bench.a.ok("push")
    whole = bench.b.ok(*bench.clone)
    moves = [number for number, name in enumerate(whole.points, 1) if name == "noreplace"]
    assert len(moves) == len(contents)
    bench.b = Hub(bench.b.directory.with_name("c"), bench.b.by, bench.bucket.environ)
    killed = bench.b.run(*bench.clone, number=moves[len(moves) * 6 // 10])
    assert killed.status == KILLED
    assert 0 < len(bench.b.seen()) < len(contents)

    bench.proxy.clear()
    bench.b.ok(*bench.clone)
    assert bench.proxy.users("GET") == []
    assert {path: data for path, (_, data) in bench.b.seen().items()} == contents


@pytest.mark.parametrize("size", LARGE)
def test_a_large_upload_goes_on_with_the_parts_that_are_missing(bench: Bench, size: int) -> None:
    bench.large(size)
    bench.killed_at(bench.a, sent, size * 6 // 10, "push")
    assert bench.keys() == set(), "a partial object is visible"
    parts = _parts(bench)
    assert len(parts) * PART >= size * 6 // 10

    bench.proxy.clear()
    bench.a.ok("push")
    assert sum(sent(one) for one in bench.proxy.users("PUT")) == size - sum(parts.values())
    assert _unfinished(bench) == []
    bench.b.ok(*bench.clone)
    assert _same(bench.a.directory / "large.bin", bench.b.directory / "large.bin")


def test_a_large_download_begins_anew_where_no_ranges_are_served(bench: Bench) -> None:
    bench.large(40 * MB)
    bench.a.ok("push")
    bench.killed_at(bench.b, received, 20 * MB, *bench.clone)
    bench.b.ok(*bench.clone)
    assert _same(bench.a.directory / "large.bin", bench.b.directory / "large.bin")


@pytest.mark.parametrize("bench", ["moto"], indirect=True)
@pytest.mark.parametrize("size", LARGE)
def test_a_large_download_goes_on_where_it_stopped(bench: Bench, size: int) -> None:
    bench.large(size)
    bench.a.ok("push")
    bench.killed_at(bench.b, received, size * 6 // 10, *bench.clone)
    (partial,) = (bench.b.directory / ".hubsync/stage").glob("*.part")
    kept = partial.stat().st_size
    assert kept >= size * 6 // 10 - IN_FLIGHT * PART

    bench.proxy.clear()
    bench.b.ok(*bench.clone)
    assert sum(received(one) for one in bench.proxy.users("GET")) == size - kept
    assert _same(bench.a.directory / "large.bin", bench.b.directory / "large.bin")


def test_gc_removes_the_parts_of_an_upload_that_nobody_goes_on_with(bench: Bench) -> None:
    bench.large(40 * MB)
    bench.killed_at(bench.a, sent, 20 * MB, "push")
    (bench.a.directory / "large.bin").unlink()
    bench.a.ok("sync")
    bench.a.ok("gc", "--keep-days", "0")
    assert _unfinished(bench) == []


def _unfinished(bench: Bench) -> list[str]:
    """Ids of unfinished uploads under the remote's prefix."""
    client = bench.bucket.client()
    listed = client.list_multipart_uploads(Bucket=bench.bucket.bucket, Prefix=bench.bucket.prefix)
    return [one["UploadId"] for one in listed.get("Uploads", [])]


def _parts(bench: Bench) -> dict[int, int]:
    """Numbers and sizes of the parts that the server has."""
    (upload,) = _unfinished(bench)
    pages = (
        bench.bucket.client()
        .get_paginator("list_parts")
        .paginate(
            Bucket=bench.bucket.bucket, Key=f"{bench.bucket.prefix}/large.bin", UploadId=upload
        )
    )
    return {part["PartNumber"]: part["Size"] for page in pages for part in page["Parts"]}


def _same(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()
