"""Rule 13 in shadow mode: killed at any point, a person's branch, index and stash are as they left
them or where the other hub's are, nothing is lost, and the next run goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.git_hubs import GitSite, git, no_ones_settings
from tests.kill.git_scene import reachable
from tests.kill.hubs import KILLED, Hub, Launcher, launcher
from tests.kill.places import everything
from tests.kill.points import is_wire, same_point
from tests.kill.test_killed_git import AT_ONCE
from tests.servers import GitHttp, git_http

QUICK = 3
"""So many points of each command are tried, spread over all of them."""
FIRST: dict[str, str | None] = {
    "a": "1\n",
    "b": "1\n",
    "gone": "g\n",
    "d/e": "1\n",
    "folder": "a file at first\n",
}


@dataclass
class World:
    """Hub ``one`` has commits, staged, changed and new files; ``two`` is a clone of before."""

    base: Path
    server: GitHttp
    by: Launcher
    http: bool

    def __post_init__(self) -> None:
        self.folder = self.server.folder
        self.written: set[bytes] = set()
        self.one = Hub(self.folder / "one", self.by, git=True)
        self.two = Hub(self.folder / "two", self.by, git=True)

    def build(self) -> None:
        site = GitSite(self.folder)
        site.begin(FIRST)
        url = self.server.url("remote.git") if self.http else site.url
        for hub in (self.one, self.two):
            git(self.folder, "clone", "-q", url.removeprefix("git+"), hub.directory.name)
            hub.ok("init", url)
            hub.ok("sync")
        there = self.one.directory
        self.write("a", "committed\n")
        self.write("new", "committed too\n")
        git(there, "rm", "-q", "gone", "folder")
        self.write("folder/inner", "in a folder now\n")
        git(there, "add", "-A")
        git(there, "commit", "-qm", "not pushed")
        self.write("b", "stashed\n")
        git(there, "stash", "-q")
        self.write("b", "staged\n")
        git(there, "add", "b")
        self.write("d/e", "changed\n")
        self.write("open/f", "new\n")
        shutil.copytree(self.folder, self.base / "snapshot", symlinks=True)

    def write(self, name: str, content: str) -> None:
        self.one.write(name, content)
        self.written.add(content.encode())

    def again(self) -> None:
        """As `build` left it."""
        for path in self.folder.iterdir():
            shutil.rmtree(path)
        shutil.copytree(self.base / "snapshot", self.folder, symlinks=True, dirs_exist_ok=True)

    def check_sound(self) -> None:
        """Every repository is, and everything that was written is somewhere."""
        kept = set[bytes]()
        for path in (self.folder / "remote.git", self.one.directory, self.two.directory):
            git(path, "fsck", "--full", "--strict")
            kept |= reachable(path) | everything(path)
        assert self.written - kept == set()


@pytest.fixture(scope="module", params=["folder", "http"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    base = tmp_path_factory.mktemp("shadow")
    (base / "site").mkdir()
    with (
        no_ones_settings(base),
        git_http(base / "site") as server,
        launcher(base / "launcher") as running,
    ):
        made = World(base, server, running, request.param == "http")
        made.build()
        yield made


def persons_own(hub: Hub) -> dict[str, Any]:
    """What hubsync has no business with where a person works; the stash and its history too."""
    there = hub.directory
    return {
        "HEAD": git(there, "symbolic-ref", "HEAD"),
        "branches": git(there, "for-each-ref", "refs/heads", "refs/stash"),
        "staged": git(there, "ls-files", "--stage"),
        "status": git(there, "status", "--porcelain"),
    }


def level(world: World) -> None:
    """Both hubs have everything of each other, and nothing is left over of any run."""
    for hub in (world.one, world.two, world.one, world.two):
        for run in hub.until_quiet("sync"):
            assert run.seconds < AT_ONCE
    assert world.one.seen() == world.two.seen()
    one, two = world.one.directory, world.two.directory
    assert git(one, "rev-parse", "HEAD") == git(two, "rev-parse", "HEAD")
    assert git(two, "diff", "--cached", "--name-only") == ""
    assert git(two, "status", "--porcelain").split() == ["M", "b", "M", "d/e", "??", "open/"]
    # What a killed push left in a folder that others use goes with the next one.
    world.two.write("later", "later\n")
    world.two.ok("push")
    for path in (one / ".git", two / ".git", world.folder / "remote.git"):
        assert [*path.glob("*.lock"), *(path / "refs").rglob("*.lock")] == []
        assert list(path.glob("hubsync/*")) == []


Prepare = Callable[[World], tuple[Hub, str]]


def push(world: World) -> tuple[Hub, str]:
    return world.one, "push"


def sync(world: World) -> tuple[Hub, str]:
    return world.one, "sync"


def pull(world: World) -> tuple[Hub, str]:
    """Which brings the commits, and moves the branch and the index of hub two."""
    world.one.ok("push")
    return world.two, "pull"


def killed_at(world: World, prepare: Prepare, number: int | str, after: bool) -> bool:
    """Whether it was killed: what goes over the wire at once differs from run to run."""
    world.again()
    hub, command = prepare(world)
    own, seen = persons_own(world.one), world.one.seen()
    killed = hub.run(command, number=number, after=after).status == KILLED
    world.check_sound()
    assert (persons_own(world.one), world.one.seen()) == (own, seen)
    again = hub.ok(command)
    assert again.seconds < AT_ONCE
    world.check_sound()
    level(world)
    assert (persons_own(world.one), world.one.seen()) == (own, seen)
    return killed


def points(world: World, prepare: Prepare) -> list[str]:
    world.again()
    hub, command = prepare(world)
    return hub.ok(command).points


@pytest.mark.parametrize("prepare", [push, pull])
def test_killed_at_some_points(world: World, prepare: Prepare) -> None:
    """The last ones are those at which index and branch move."""
    passed = points(world, prepare)
    disk = [number for number, name in enumerate(passed, 1) if not is_wire(name)]
    numbers = [disk[(step + 1) * (len(disk) - 4) // QUICK] for step in range(QUICK)]
    for step, number in enumerate(numbers):
        assert killed_at(world, prepare, same_point(passed, number), step % 2 == 1)


@pytest.mark.nightly
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("prepare", [push, pull, sync])
def test_killed_at_every_point(world: World, prepare: Prepare, after: bool) -> None:
    count = len(points(world, prepare))
    killed = [killed_at(world, prepare, number, after) for number in range(1, count + 1)]
    assert sum(killed) >= count - 6
