"""Rule 13: killed at any point, every path is old or new, and the next run goes on without help."""

from __future__ import annotations

import itertools
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hubsync.remotes.mirror.lease import LEASE
from tests.kill.hubs import KILLED, Hub, Launcher, Seen, launcher
from tests.kill.places import Bucket, Folder, Place
from tests.kill.points import chosen
from tests.kill.scene import Scene, build, differing, old_or_new
from tests.servers import Server

COMMANDS = ("sync", "push", "pull", "clone")
QUICK = 2
"""Points at which each command is killed on each remote, one before and one after what it does
there; `test_killed_at_every_point` takes all of them."""
AT_ONCE = 20.0
"""Seconds within which a run after a kill has to be done: far less than any lease."""


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    with launcher(tmp_path_factory.mktemp("launcher")) as running:
        yield running


Scenes = Callable[[str], Scene]


@pytest.fixture(params=["folder", "bucket"])
def scenes(
    request: pytest.FixtureRequest, tmp_path: Path, starter: Launcher
) -> Callable[[str], Scene]:
    """Builds one fresh scene after the other: in a folder (under the lease lock) or in a bucket
    (with conditional writes)."""
    numbers = itertools.count()

    def make(command: str) -> Scene:
        base = tmp_path / f"scene-{next(numbers)}"
        place: Place
        if request.param == "folder":
            place = Folder(base / "remote")
        else:
            server: Server = request.getfixturevalue("s3_with_conditions")
            place = Bucket(server, f"{tmp_path.name}-{base.name}")
        return build(base, place, starter, command)

    return make


class Uninterrupted:
    """The command run to its end: what it passes, and what comes of it."""

    def __init__(self, scene: Scene, command: str) -> None:
        hub = scene.hub(command)
        self.before = (_seen(hub), scene.remote())
        run = hub.ok(*scene.arguments(command))
        self.points = run.points
        self.status = run.status
        self.after = (_seen(hub), scene.remote())
        rest = "pull" if command == "clone" else command
        hub.until_quiet(rest)
        self.quiet = (_seen(hub), scene.remote())
        self.settled, _ = scene.settle(command)
        assert scene.lost() == set()


def _seen(hub: Hub) -> Seen:
    return hub.seen() if hub.directory.is_dir() else {}


def check_killed(scene: Scene, command: str, whole: Uninterrupted) -> None:
    """After the kill: nothing partial, nothing lost, and the same end as without it."""
    hub = scene.hub(command)
    assert old_or_new(_seen(hub), whole.before[0], whole.after[0]) == []
    now, before, after = scene.remote(), whole.before[1], whole.after[1]
    for path in now.keys() | before.keys() | after.keys():
        assert now.get(path) in (before.get(path), after.get(path)), path
    assert scene.lost() == set()

    again = hub.run(*scene.arguments(command))
    if command == "clone" and again.status == 2:
        # It was killed when all was done: there is nothing left to clone.
        assert "exists and is not empty" in again.err
        assert differing(_seen(hub), whole.after[0]) == {}
    else:
        assert again.status in (0, whole.status), again
    assert again.seconds < AT_ONCE
    rest = "pull" if command == "clone" else command
    assert all(run.status in (0, whole.status) for run in hub.until_quiet(rest))
    assert differing(_seen(hub), whole.quiet[0]) == {}
    assert differing(scene.remote(), whole.quiet[1]) == {}
    settled, runs = scene.settle(command)
    assert differing(settled, whole.settled) == {}
    assert all(run.seconds < AT_ONCE for run in runs)
    assert scene.lost() == set()
    scene.let_time_pass()
    scene.b.ok("gc", "--keep-days", "0")
    hub.ok("gc", "--keep-days", "0")
    assert scene.leftovers() == []


def _kill_at(scenes: Scenes, command: str, number: int, after: bool, whole: Uninterrupted) -> bool:
    scene = scenes(command)
    killed = scene.hub(command).run(*scene.arguments(command), number=number, after=after)
    if killed.status != KILLED:
        assert killed.status == whole.status, killed
    check_killed(scene, command, whole)
    return killed.status == KILLED


@pytest.mark.parametrize("command", COMMANDS)
def test_killed_at_some_points(scenes: Scenes, command: str) -> None:
    whole = Uninterrupted(scenes(command), command)
    points = len(whole.points)
    for step, number in enumerate(chosen(points - 1, QUICK)):
        assert _kill_at(scenes, command, number, step % 2 == 1, whole)


@pytest.mark.nightly
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("command", COMMANDS)
def test_killed_at_every_point(scenes: Scenes, command: str, after: bool) -> None:
    whole = Uninterrupted(scenes(command), command)
    points = len(whole.points)
    killed = [_kill_at(scenes, command, number, after, whole) for number in range(1, points + 1)]
    # Threads do not do everything in the same order or number each time.
    assert sum(killed) >= points - 3


@pytest.mark.parametrize("seed", range(2))
def test_killed_at_random_times(scenes: Scenes, seed: int) -> None:
    _at_random_times(scenes, seed, 1)


@pytest.mark.nightly
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(100, 110))
def test_killed_at_many_random_times(scenes: Scenes, seed: int) -> None:
    _at_random_times(scenes, seed, 20)


def _at_random_times(scenes: Scenes, seed: int, rounds: int) -> None:
    dice = random.Random(seed)
    command = dice.choice(COMMANDS)
    began = time.monotonic()
    whole = Uninterrupted(scenes(command), command)
    longest = (time.monotonic() - began) / 8
    for _ in range(rounds):
        scene = scenes(command)
        hub = scene.hub(command)
        pid = hub.start(*scene.arguments(command))
        time.sleep(dice.uniform(0, longest))
        os.kill(pid, signal.SIGKILL)
        hub.by.end()
        check_killed(scene, command, whole)


def _dead_holder(tmp_path: Path, starter: Launcher) -> tuple[Scene, Path]:
    """Hub A was killed while it held the lock of a folder; the lock."""
    scene = build(tmp_path, Folder(tmp_path / "remote"), starter, "sync")
    count = Uninterrupted(
        build(tmp_path / "rehearsal", Folder(tmp_path / "rehearsed"), starter, "sync"), "sync"
    ).points.index("store.upload begins")
    assert scene.a.run("sync", number=count + 1).status == KILLED
    (lock,) = (tmp_path / "remote/.hubsync/live").iterdir()
    scene.b.write("more.txt", "from b")
    return scene, lock


def test_a_dead_hub_s_lock_ends_by_itself(tmp_path: Path, starter: Launcher) -> None:
    scene, lock = _dead_holder(tmp_path, starter)
    long_ago = time.time() - LEASE - 1
    os.utime(lock, (long_ago, long_ago))
    ended = scene.b.run("sync")
    assert ended.status == 0, ended
    assert ended.seconds < AT_ONCE
    assert not lock.exists()


@pytest.mark.nightly
def test_a_dead_hub_s_lock_keeps_others_waiting_for_a_minute_at_most(
    tmp_path: Path, starter: Launcher
) -> None:
    scene, lock = _dead_holder(tmp_path, starter)
    ended = scene.b.run("sync")
    assert ended.status == 0, ended
    assert LEASE - AT_ONCE < ended.seconds < LEASE + AT_ONCE
    assert not lock.exists()


def test_a_hub_takes_its_own_lock_over_at_once(tmp_path: Path, starter: Launcher) -> None:
    scene, lock = _dead_holder(tmp_path, starter)
    ended = scene.a.run("sync")
    assert ended.status == 3, ended
    assert ended.seconds < AT_ONCE
    assert not lock.exists()
