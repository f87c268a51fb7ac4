"""A command that was killed while repositories travelled: the next one goes on, nothing is lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.git_hubs import git, no_ones_settings
from tests.kill.hubs import KILLED, Hub, Launcher, launcher
from tests.nested_hubs import Repository, Site

STEPS = 6
"""So many points of each command are tried, spread over all of them."""


@dataclass
class World:
    """``one`` has gone on with a repository, and hub ``two`` has not heard of it. At its start it
    is as `snapshot` found it."""

    base: Path
    by: Launcher
    kind: str

    def __post_init__(self) -> None:
        self.folder = self.base / "site"
        self.site = Site(self.folder, f"{self.kind}://{self.folder}/remote")
        with_git = self.kind == "git+file"
        self.one = Hub(self.folder / "one", self.by, git=with_git)
        self.two = Hub(self.folder / "two", self.by, git=with_git)

    def repository(self, hub: Hub) -> Repository:
        return Repository(hub.directory / "p")

    def build(self) -> None:
        one = self.site.hub("one")
        here = one.clone_of(self.site.upstream("p", {"a": "1\n", "d/b": "1\n", "c": "1\n"}), "p")
        here.commit("unpushed", {"a": "2\n", "gone": "g\n"})
        here.write({"open": "o\n"})
        one.sync()
        self.site.clone("two")
        here.git("switch", "-qc", "topic")
        here.git("rm", "-q", "gone")
        here.git("commit", "-qm", "removed")
        here.commit("topic", {"d/b": "3\n", "e/f/g": "new\n"})
        here.write({"staged": "s\n", "open": "o2\n", "c": "edited\n"})
        here.git("add", "staged")
        shutil.copytree(self.folder, self.base / "snapshot", symlinks=True)

    def again(self) -> None:
        shutil.rmtree(self.folder)
        shutil.copytree(self.base / "snapshot", self.folder, symlinks=True)


@pytest.fixture(scope="module", params=["file", "git+file"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """On a plain folder, and in a workspace that is itself a clone."""
    base = tmp_path_factory.mktemp("killed")
    with no_ones_settings(base), launcher(base / "launcher") as running:
        made = World(base, running, request.param)
        made.build()
        yield made


def killed_everywhere(world: World, prepare: Callable[[], tuple[Hub, str]]) -> None:
    """Kill the command at points all over it; each time everything comes to rest and is there."""
    world.again()
    hub, command = prepare()
    points = len(hub.run(command).points)
    assert points > STEPS
    expected = world.repository(world.one).seen()
    for step in range(STEPS):
        world.again()
        hub, command = prepare()
        number = 1 + step * points // STEPS
        ended = hub.run(command, number=number, after=step % 2 == 1)
        assert ended.status == KILLED
        assert world.repository(world.one).seen() == expected
        for other in (hub, world.one, world.two):
            ended = other.ok("sync", "--json")
            assert ended.json()["problems"] == [], (number, ended.json()["problems"])
        for other in (world.one, world.two):
            other.until_quiet("sync")
            assert world.repository(other).seen() == expected, number
            assert world.repository(other).is_sound()
            if other.git:
                git(other.directory, "fsck", "--full", "--strict")
                assert git(other.directory, "status", "--porcelain") == ""


def test_while_it_is_captured(world: World) -> None:
    killed_everywhere(world, lambda: (world.one, "sync"))


def test_while_it_is_brought_forward(world: World) -> None:
    def prepare() -> tuple[Hub, str]:
        world.one.ok("sync")
        return world.two, "sync"

    killed_everywhere(world, prepare)


def test_while_it_is_made(world: World) -> None:
    def prepare() -> tuple[Hub, str]:
        world.one.ok("sync")
        shutil.rmtree(world.two.directory)
        world.two.directory.mkdir()
        world.two.ok("init", world.site.url)
        return world.two, "sync"

    killed_everywhere(world, prepare)
