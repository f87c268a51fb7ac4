"""Rule 13 on Git: killed at any point, also in the middle of libgit2, every repository is sound,
nothing is lost, no lock waits for a person, and the next run goes on."""

from __future__ import annotations

import itertools
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kill.git_scene import build_git, check_at_rest, check_sound, lost, without_folders
from tests.kill.hubs import KILLED, Hub, Launcher, Seen, launcher
from tests.kill.points import chosen, same_point
from tests.kill.scene import Scene, differing, old_or_new
from tests.servers import git_http

COMMANDS = ("sync", "push", "pull", "clone")
QUICK = 2
"""Points at which each command is killed on each kind of server, one before and one after what it
does there; `test_killed_at_every_point` takes all of them."""
AT_ONCE = 20.0
"""Seconds within which a run after a kill has to be done, whatever locks it finds."""

Scenes = Callable[[str], Scene]


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    with launcher(tmp_path_factory.mktemp("launcher")) as running:
        yield running


@pytest.fixture(params=["folder", "http"])
def scenes(request: pytest.FixtureRequest, tmp_path: Path, starter: Launcher) -> Iterator[Scenes]:
    """Builds one fresh scene after the other: on a bare repository in a folder, which libgit2
    itself writes to, or behind a server."""
    numbers = itertools.count()
    with git_http(tmp_path / "served") as server:

        def make(command: str) -> Scene:
            base = tmp_path / f"scene-{next(numbers)}"
            return build_git(base, starter, command, server if request.param == "http" else None)

        yield make


class Uninterrupted:
    """The command run to its end: what it passes, and what comes of it."""

    def __init__(self, scene: Scene, command: str) -> None:
        hub = scene.hub(command)
        self.before = (_seen(hub), scene.remote())
        run = hub.ok(*scene.arguments(command))
        self.points, self.status, self.seconds = run.points, run.status, run.seconds
        self.after = (_seen(hub), scene.remote())
        self.settled = settle(scene, command)


def _seen(hub: Hub) -> Seen:
    return without_folders(hub.seen()) if hub.directory.is_dir() else {}


def settle(scene: Scene, command: str) -> Seen:
    """Sync until the hubs and the remote are equal and at rest; what they hold then."""
    hub = scene.hub(command)
    for one in (hub, scene.b, scene.a, scene.b):
        for run in one.until_quiet("sync"):
            assert run.seconds < AT_ONCE
    trees = [_seen(one) for one in (hub, scene.a, scene.b)]
    assert trees[1:] == trees[:-1]
    assert scene.remote() == {path: content for path, (_, content) in trees[0].items()}
    check_at_rest(scene, hub, scene.a, scene.b)
    check_sound(scene)
    assert lost(scene) == set()
    return trees[0]


def check_killed(scene: Scene, command: str, whole: Uninterrupted) -> None:
    """After the kill: nothing partial, nothing lost, and the same end as without it."""
    hub = scene.hub(command)
    check_sound(scene)
    assert old_or_new(_seen(hub), whole.before[0], whole.after[0]) == []
    now, before, after = scene.remote(), whole.before[1], whole.after[1]
    for path in now.keys() | before.keys() | after.keys():
        assert now.get(path) in (before.get(path), after.get(path)), path
    assert lost(scene) == set()

    again = hub.run(*scene.arguments(command))
    if command == "clone" and again.status == 2:
        # It was killed when all was done: there is nothing left to clone.
        assert "exists and is not empty" in again.err
        assert differing(_seen(hub), whole.after[0]) == {}
    else:
        assert again.status in (0, whole.status), again
    assert again.seconds < AT_ONCE
    assert differing(settle(scene, command), whole.settled) == {}


def _kill_at(
    scenes: Scenes, command: str, number: int | str, after: bool, whole: Uninterrupted
) -> bool:
    scene = scenes(command)
    killed = scene.hub(command).run(*scene.arguments(command), number=number, after=after)
    if killed.status != KILLED:
        assert killed.status == whole.status, killed
    check_killed(scene, command, whole)
    return killed.status == KILLED


@pytest.mark.parametrize("command", COMMANDS)
def test_killed_at_some_points(scenes: Scenes, command: str) -> None:
    whole = Uninterrupted(scenes(command), command)
    points = [number for number, name in enumerate(whole.points, 1) if name.startswith("libgit2.")]
    for step, number in enumerate(chosen(len(points) - 1, QUICK)):
        point = same_point(whole.points, points[number - 1])
        assert _kill_at(scenes, command, point, step % 2 == 1, whole)


@pytest.mark.nightly
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("command", COMMANDS)
def test_killed_at_every_point(scenes: Scenes, command: str, after: bool) -> None:
    whole = Uninterrupted(scenes(command), command)
    count = len(whole.points)
    killed = [_kill_at(scenes, command, number, after, whole) for number in range(1, count + 1)]
    # What is received at once differs from run to run.
    assert sum(killed) >= count - 6


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
    whole = Uninterrupted(scenes(command), command)
    for _ in range(rounds):
        scene = scenes(command)
        hub = scene.hub(command)
        pid = hub.start(*scene.arguments(command))
        time.sleep(dice.uniform(0, whole.seconds))
        os.kill(pid, signal.SIGKILL)
        hub.by.end()
        check_killed(scene, command, whole)
