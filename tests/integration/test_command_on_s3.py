"""The command on S3: interrupted, stopped for safety, and with a server that fails half-way."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kill.hubs import FOLDER, Ended, Hub, Launcher, Seen, launcher
from tests.kill.places import METADATA, Bucket, files
from tests.kill.proxy import Proxy, Request, proxy_to
from tests.servers import Server


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    with launcher(tmp_path_factory.mktemp("launcher")) as running:
        yield running


class Linked:
    """A hub on a bucket behind a proxy, another tool's access to the same, and a second hub."""

    def __init__(self, tmp_path: Path, server: Server, proxy: Proxy, starter: Launcher) -> None:
        self.proxy = proxy
        self.bucket = Bucket(server, tmp_path.name, proxy.port)
        self.hub = Hub(tmp_path / "hub", starter, self.bucket.environ)
        self.other = Hub(tmp_path / "other", starter, self.bucket.environ)
        self.hub.directory.mkdir()
        self.hub.ok("init", self.bucket.url, *self.bucket.options)

    @property
    def clone(self) -> tuple[str, ...]:
        return ("clone", self.bucket.url, str(self.other.directory), *self.bucket.options)

    def fill(self, count: int) -> None:
        for number in range(count):
            self.hub.write(f"d{number % 4}/f{number:04}", f"content {number}")

    def delete(self, *keys: str) -> None:
        for key in keys:
            client = self.bucket.client()
            client.delete_object(Bucket=self.bucket.bucket, Key=f"{self.bucket.prefix}/{key}")

    def put(self, key: str, data: bytes) -> None:
        client = self.bucket.client()
        client.put_object(Bucket=self.bucket.bucket, Key=f"{self.bucket.prefix}/{key}", Body=data)

    def both(self) -> tuple[Seen, dict[str, bytes]]:
        return self.hub.seen(), self.bucket.objects()

    def refused(self, code: str, *arguments: str, status: int = 4) -> Ended:
        """A command that changes nothing at all on either side, and says what to do."""
        before = self.both()
        ended = self.hub.run(*arguments, "--json")
        assert ended.status == status, ended
        error = ended.json()["error"]
        assert error["code"] == code
        assert error["message"]
        assert error["hint"]
        assert self.both() == before
        return ended

    def interrupted(
        self, number: signal.Signals, hub: Hub, method: str, at: int, *args: str
    ) -> Ended:
        """A command that gets a signal when so many files have passed."""
        self.proxy.clear()
        pid = hub.start(*args)

        def watch(request: Request) -> None:
            if len(self.proxy.users(method)) == at and request.of_user:
                os.kill(pid, number)

        self.proxy.watch = watch
        ended = hub.by.end()
        self.proxy.watch = lambda _: None
        return ended


@pytest.fixture
def linked(tmp_path: Path, s3_with_conditions: Server, starter: Launcher) -> Iterator[Linked]:
    server = s3_with_conditions
    bucket = server.url.partition("://")[2]
    with proxy_to(server.port, f"{bucket}/{tmp_path.name}/") as proxy:
        yield Linked(tmp_path, server, proxy, starter)


@pytest.fixture
def fast(tmp_path: Path, s3_for_throughput: Server, starter: Launcher) -> Iterator[Linked]:
    """On a server that takes thousands of files in a second or two."""
    server = s3_for_throughput
    bucket = server.url.partition("://")[2]
    with proxy_to(server.port, f"{bucket}/{tmp_path.name}/") as proxy:
        yield Linked(tmp_path, server, proxy, starter)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_upload_keeps_what_is_done(linked: Linked, number: signal.Signals) -> None:
    linked.fill(600)
    ended = linked.interrupted(number, linked.hub, "PUT", 200, "sync")
    assert ended.status == 130, ended
    assert "Stopping after the files under way" in ended.err
    assert ended.out == ""
    there = files(linked.bucket)
    assert 200 <= len(there) < 600

    # What was finished is known to everybody already.
    linked.other.ok(*linked.clone)
    assert {path: data for path, (_, data) in linked.other.seen().items()} == there
    linked.proxy.clear()
    linked.hub.ok("sync")
    assert {one.key for one in linked.proxy.users("PUT")}.isdisjoint(there)
    assert len(linked.proxy.users("PUT")) == 600 - len(there)
    assert linked.proxy.users("GET") == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_clone_keeps_what_is_done(linked: Linked, number: signal.Signals) -> None:
    linked.fill(600)
    linked.hub.ok("push")
    ended = linked.interrupted(number, linked.other, "GET", 200, *linked.clone)
    assert ended.status == 130, ended
    first = len(linked.proxy.users("GET"))
    assert 200 <= first < 600

    linked.proxy.clear()
    linked.other.ok(*linked.clone)
    assert len(linked.proxy.users("GET")) == 600 - first
    assert linked.other.seen() == linked.hub.seen()


def test_an_emptied_workspace_empties_nothing(linked: Linked) -> None:
    linked.fill(3)
    linked.hub.ok("sync")
    for folder in linked.hub.directory.glob("d*"):
        shutil.rmtree(folder)
    for command in ("sync", "push", "pull"):
        linked.refused("local-empty", command)
    ended = linked.hub.ok("sync", "--confirm-deletes", "--json")
    assert len(ended.json()["deleted_remotely"]) == 3
    assert files(linked.bucket) == {}


def test_an_emptied_remote_empties_nothing(linked: Linked) -> None:
    """Another tool deleted every file, and left hubsync's own."""
    linked.fill(3)
    linked.hub.ok("sync")
    linked.delete(*files(linked.bucket))
    linked.refused("remote-empty", "sync")
    linked.refused("remote-empty", "pull")
    ended = linked.hub.ok("sync", "--confirm-deletes", "--json")
    assert len(ended.json()["deleted_locally"]) == 3


def test_a_remote_that_is_gone_empties_nothing(linked: Linked) -> None:
    linked.fill(3)
    linked.hub.ok("sync")
    linked.delete(*linked.bucket.objects())
    for command in ("sync", "push", "pull"):
        linked.refused("remote-gone", command)


def test_a_remote_that_lost_its_metadata_changes_nothing(linked: Linked) -> None:
    """Another tool deleted hubsync's own folder, and left every file."""
    linked.fill(3)
    linked.hub.ok("sync")
    linked.delete(*(key for key in linked.bucket.objects() if key.startswith(METADATA)))
    for command in ("sync", "push", "pull"):
        told = linked.refused("remote-gone", command).json()["error"]["message"]
        assert "nothing of one is in '.hubsync/'" in told
        assert "3 paths" in told


def test_a_lost_index_deletes_nothing(linked: Linked) -> None:
    linked.fill(3)
    linked.hub.ok("sync")
    linked.delete(*(key for key in linked.bucket.objects() if key.startswith(f"{METADATA}index/")))
    before = linked.both()
    linked.hub.run("sync")
    assert linked.hub.seen() == before[0]
    assert (
        files(linked.bucket).items()
        >= {key: data for key, data in before[1].items() if not key.startswith(METADATA)}.items()
    )


def test_another_remote_at_the_same_place_is_refused(linked: Linked) -> None:
    linked.fill(3)
    linked.hub.ok("sync")
    away = Bucket(linked.bucket.server, f"{linked.bucket.prefix}-of-others")
    linked.other.directory.mkdir()
    linked.other.write("theirs", "of another remote")
    linked.other.ok("init", away.url, *away.options)
    linked.other.ok("sync")
    linked.delete(*linked.bucket.objects())
    for key, data in away.objects().items():
        linked.put(key, data)
    for command in ("sync", "push", "pull"):
        linked.refused("remote-replaced", command)


def test_an_id_that_is_not_the_index_s_changes_nothing(linked: Linked) -> None:
    linked.fill(3)
    linked.hub.ok("sync")
    key = f"{METADATA}format.json"
    document = json.loads(linked.bucket.objects()[key])
    linked.put(key, json.dumps({**document, "id": "0" * 32}).encode())
    for command in ("sync", "push", "pull"):
        linked.refused("remote-damaged", command, status=1)


@pytest.mark.parametrize("side", ["local", "remote"])
def test_more_than_half_deleted_on_one_side_is_refused(linked: Linked, side: str) -> None:
    linked.fill(30)
    linked.hub.ok("sync")
    gone = sorted(files(linked.bucket))[:16]
    if side == "remote":
        linked.delete(*gone)
    else:
        for name in gone:
            (linked.hub.directory / name).unlink()
    linked.refused("mass-deletion", "sync")
    linked.refused("mass-deletion", "pull" if side == "remote" else "push")
    linked.hub.ok("sync", "--confirm-deletes")
    seen = linked.hub.seen()
    left = {path: data for path, (_, data) in seen.items() if seen[path] != FOLDER}
    assert left == files(linked.bucket)
    assert len(left) == 14


def test_a_listing_that_fails_at_its_second_page_deletes_nothing(fast: Linked) -> None:
    for number in range(2200):
        fast.hub.write(f"many/f{number:04}", f"content {number}")
    fast.hub.ok("sync")
    pages: list[Request] = []

    def fail(request: Request) -> int | None:
        if request.method != "GET" or "list-type" not in request.query:
            return None
        if not any("token" in name or name == "start-after" for name in request.query):
            return None
        pages.append(request)
        return 500

    for command in ("sync", "pull", "status"):
        fast.proxy.clear()
        fast.proxy.judge = fail
        before = fast.hub.seen()
        ended = fast.hub.run(command, "--json")
        assert ended.status == (3 if command == "status" else 4), ended
        assert "listing-incomplete" in ended.out
        assert fast.hub.seen() == before
        assert [one for one in fast.proxy.seen("DELETE") if one.of_user] == []
    assert pages
    fast.proxy.clear()
    assert fast.hub.run("sync", "--json").json()["deleted_locally"] == []
    assert len(list(fast.bucket.listed())) >= 2200


@pytest.mark.parametrize("status", [500, 503, 403])
def test_a_server_that_refuses_everything_changes_nothing(linked: Linked, status: int) -> None:
    linked.fill(3)
    linked.hub.ok("sync")
    linked.hub.write("new", "content")
    before = linked.both()
    linked.proxy.judge = lambda _: status
    for command in ("sync", "push", "pull"):
        ended = linked.hub.run(command, "--json")
        assert ended.status in ((5,) if status == 403 else (1, 5)), ended
        assert ended.json()["error"]["hint"]
    linked.proxy.clear()
    assert linked.both() == before
    linked.hub.ok("sync")
    assert files(linked.bucket)["new"] == b"content"


def test_wrong_credentials_are_said_and_not_shown(fast: Linked) -> None:
    fast.fill(3)
    fast.hub.ok("sync")
    fast.hub.environ["AWS_SECRET_ACCESS_KEY"] = "wrong-secret-of-somebody"
    ended = fast.hub.run("sync", "-v")
    assert ended.status == 5, ended
    assert "hint: " in ended.err
    assert "wrong-secret-of-somebody" not in ended.out + ended.err


def test_uploads_that_fail_half_way_are_named_and_come_later(linked: Linked) -> None:
    linked.fill(20)
    linked.proxy.judge = lambda one: (
        500 if one.method == "PUT" and one.of_user and one.key.startswith("d1/") else None
    )
    ended = linked.hub.run("sync", "--json")
    assert ended.status in (3, 5), ended
    linked.proxy.clear()
    assert all(not key.startswith("d1/") for key in files(linked.bucket))
    linked.hub.ok("sync")
    assert len(files(linked.bucket)) == 20
